import { isWordCode, symbols } from './normal-form.ts';
import { symbolOf } from './compile-rules.ts';

const MAX_GAP = 24;
const keyName = /(?:code|type|status|reason|error|kind)$/i;

/**
 * Finds the index of the first character of a phrase, given the index `end` of its last character. White space and
 * backslashes may be in between.
 */
export function startOfPhrase(
  text: string,
  end: number,
  { phrase, spaced }: { phrase: string; spaced: boolean },
): number {
  if (!spaced) return Math.max(0, end - phrase.length + 1);
  let i = end;
  for (let at = phrase.length - 1; at > 0; at--) {
    const white = phrase.charCodeAt(at) === 32;
    if (white) {
      while (i > 0 && isGap(text, i - 1)) i--;
      i--;
      while (i > 0 && text.charCodeAt(i) === 92) i--;
    } else {
      i--;
      while (i > 0 && isPassedOver(text, i)) i--;
    }
  }
  return Math.max(0, i);
}

/** Whether a character belongs to no phrase: a backslash before a quote, or a character without width. */
function isPassedOver(text: string, i: number): boolean {
  const symbol = symbolOf[text.charCodeAt(i)];
  return symbol === symbols.ignored || symbol === symbols.backslash;
}

/** Whether a character is white space, or the letter or the backslash of its escape sequence. */
function isGap(text: string, i: number): boolean {
  const symbol = symbolOf[text.charCodeAt(i)];
  if (symbol === symbols.space || symbol === symbols.backslash) return true;
  return text.charCodeAt(i - 1) === 92 && /[nrt]/.test(text.charAt(i));
}

/**
 * Whether the word that starts at `start` is the value of a key such as `code`, `type`, `status`, `reason` or `error`.
 */
export function isValueOfCode(text: string, start: number): boolean {
  let i = start - 1;
  const limit = Math.max(0, start - MAX_GAP);
  // Rust and Swift wrap values: Some("…"), Optional("…"), String("…").
  while (i > limit) {
    const code = text.charCodeAt(i);
    const symbol = symbolOf[code];
    if (code === 58 || code === 61) break;
    if (code === 62 && text.charCodeAt(i - 1) === 61) {
      i--;
      break;
    }
    if (code === 40) {
      i--;
      while (i > limit && isWordCode(text.charCodeAt(i))) i--;
      continue;
    }
    if (symbol !== symbols.space && symbol !== symbols.quote && symbol !== symbols.backslash) return false;
    i--;
  }
  if (text.charCodeAt(i) !== 58 && text.charCodeAt(i) !== 61) return false;
  i--;
  while (i > 0 && (isQuoteOrSpace(text, i) || text.charCodeAt(i) === 92) && start - i < 2 * MAX_GAP) i--;
  return keyName.test(text.slice(Math.max(0, i - MAX_GAP), i + 1));
}

/** The start of the value of the key that ends just before `from`; -1 when no `:`, `=` or `=>` follows the key. */
export function valueStart(text: string, from: number): number {
  let i = from;
  const limit = Math.min(text.length, from + MAX_GAP);
  while (i < limit && (isQuoteOrSpace(text, i) || text.charCodeAt(i) === 92)) i++;
  const sign = text.charCodeAt(i);
  if (sign !== 58 && sign !== 61) return -1;
  i++;
  if (text.charCodeAt(i) === 62) i++;
  const end = Math.min(text.length, i + 4 * MAX_GAP);
  while (i < end && (isSpace(text, i) || text.charCodeAt(i) === 92)) i++;
  return i < text.length ? i : -1;
}

function isQuoteOrSpace(text: string, i: number): boolean {
  const symbol = symbolOf[text.charCodeAt(i)];
  return symbol === symbols.quote || symbol === symbols.space;
}

function isSpace(text: string, i: number): boolean {
  return symbolOf[text.charCodeAt(i)] === symbols.space;
}
