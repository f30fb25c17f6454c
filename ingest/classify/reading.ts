import { symbolOf } from './compiled.ts';
import { symbols } from './folding.ts';

/** Longer texts are cut: `errorText` keeps below this, with room for an exception's name. */
export const MAX_LENGTH = 80 * 1024;

const LETTER_U = 117;
const DOUBLE_SPACE = (symbols.space << 6) | symbols.space;
/** Beyond the text a reader may look some symbols ahead. */
const MARGIN = 16;

/** The text of the last `readSymbols` as symbols: one for each character that counts, white space once. */
export const read: Uint8Array = new Uint8Array(MAX_LENGTH + MARGIN);
/** By symbol: the index of its (last) character in the text. */
export const places: Int32Array = new Int32Array(MAX_LENGTH + MARGIN);

/** Folds a text into `read` and `places`; answers the number of symbols. Linear in the length of the text. */
export function readSymbols(text: string): number {
  const table = symbolOf;
  const length = Math.min(text.length, MAX_LENGTH);
  let count = 0;
  let last = symbols.foreign as number;
  for (let i = 0; i < length; i++) {
    let symbol = table[text.charCodeAt(i)] ?? 0;
    if (symbol >= symbols.firstSpecial) {
      if (symbol === symbols.backslash) {
        symbol = escapedSymbol(text, i);
        if (symbol === symbols.ignored) continue;
        i += text.charCodeAt(i + 1) === LETTER_U ? 5 : 1;
      } else {
        if (symbol === symbols.escape) i = endOfEscape(text, i);
        continue;
      }
    }
    // One comparison, because a branch on each space is hard to foresee.
    if (((last << 6) | symbol) === DOUBLE_SPACE) continue;
    last = symbol;
    read[count] = symbol;
    places[count++] = i;
  }
  read.fill(symbols.foreign, count, count + MARGIN);
  return count;
}

/** What the escape at a backslash stands for; `ignored` when the backslash only guards what follows. */
function escapedSymbol(text: string, i: number): number {
  const after = text.charCodeAt(i + 1);
  if (after === 110 || after === 114 || after === 116) return symbols.space;
  if (after !== LETTER_U) return symbols.ignored;
  const symbol = symbolOf[Number.parseInt(text.slice(i + 2, i + 6), 16)] ?? symbols.ignored;
  return symbol >= symbols.firstSpecial ? symbols.foreign : symbol;
}

/** The last character of a terminal's colour sequence, or of the escape alone. */
function endOfEscape(text: string, i: number): number {
  if (text.charCodeAt(i + 1) !== 91) return i;
  let end = i + 2;
  while (end < i + 12 && /[0-9;]/.test(text.charAt(end))) end++;
  return end;
}
