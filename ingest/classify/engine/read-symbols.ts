import { symbolOf } from './compile-rules.ts';
import { symbols } from './normal-form.ts';
import { filterIndex, GRAM_MASK, SYMBOL_BITS } from './phrase-trie.ts';

/** Longer texts are cut. A result of `errorText` with the name of an exception is shorter. */
export const MAX_LENGTH = 80 * 1024;

const LETTER_U = 117;
const PAIR_MASK = (1 << (2 * SYMBOL_BITS)) - 1;
const DOUBLE_SPACE = (symbols.space << SYMBOL_BITS) | symbols.space;
/** A reader may look this many symbols beyond the end of the text. */
const MARGIN = 16;

/**
 * The symbols of the text that `readSymbols` read last: one for each character that counts, and one for each run of
 * white space.
 */
export const read: Uint8Array = new Uint8Array(MAX_LENGTH + MARGIN);
/** The index in the text of the (last) character of each symbol. */
export const places: Int32Array = new Int32Array(MAX_LENGTH + MARGIN);

/**
 * Indexes of symbols at which a phrase, a brace or a status may start. The mark of a phrase is at the last of its first
 * GRAM_LENGTH symbols.
 */
export const marks: Int32Array = new Int32Array(MAX_LENGTH);
/** The last GRAM_LENGTH symbols up to each mark. */
export const grams: Int32Array = new Int32Array(MAX_LENGTH);

/**
 * Converts a text to symbols (`read` and `places`), and sets a mark wherever the filter knows the last symbols as the
 * start of a phrase. Returns the number of marks. Takes time linear in the length of the text.
 */
export function readSymbols(text: string, filter: Uint8Array): number {
  const table = symbolOf;
  const length = Math.min(text.length, MAX_LENGTH);
  let count = 0;
  let marked = 0;
  let gram = 0;
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
    const next = (gram << SYMBOL_BITS) | symbol;
    // One comparison tests both symbols: the processor could not predict a separate branch on each space.
    if ((next & PAIR_MASK) === DOUBLE_SPACE) continue;
    gram = next & GRAM_MASK;
    if (filter[filterIndex(gram)] !== 0 || symbol >= symbols.firstEvent) {
      marks[marked] = count;
      grams[marked++] = gram;
    }
    read[count] = symbol;
    places[count++] = i;
  }
  read.fill(symbols.foreign, count, count + MARGIN);
  return marked;
}

/** The symbol of the escape sequence at a backslash; `ignored` when the backslash only protects the next character. */
function escapedSymbol(text: string, i: number): number {
  const after = text.charCodeAt(i + 1);
  if (after === 110 || after === 114 || after === 116) return symbols.space;
  if (after !== LETTER_U) return symbols.ignored;
  const symbol = symbolOf[Number.parseInt(text.slice(i + 2, i + 6), 16)] ?? symbols.ignored;
  return symbol >= symbols.firstSpecial ? symbols.foreign : symbol;
}

/** The index of the last character of a terminal's colour sequence, or of the escape character alone. */
function endOfEscape(text: string, i: number): number {
  if (text.charCodeAt(i + 1) !== 91) return i;
  let end = i + 2;
  while (end < i + 12 && /[0-9;]/.test(text.charAt(end))) end++;
  return end;
}
