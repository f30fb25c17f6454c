import { symbols } from './normal-form.ts';
import { symbolOf } from './compile-rules.ts';
import { valueStart } from './phrase-position.ts';

/**
 * Finds the object, list or quoted text that is the value of the key that ends before `from`. Returns the index of its
 * last character; -1 when there is no such value, -2 when the value has no end.
 */
export function endOfEchoedValue(text: string, from: number): number {
  const start = valueStart(text, from);
  if (start < 0) return -1;
  const symbol = symbolOf[text.charCodeAt(start)];
  if (symbol === symbols.open) return endOfObject(text, start);
  return symbol === symbols.quote ? endOfString(text, start) : -1;
}

function endOfObject(text: string, start: number): number {
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    const symbol = symbolOf[text.charCodeAt(i)];
    if (symbol === symbols.open) depth++;
    else if (symbol === symbols.close && --depth === 0) return i;
  }
  return -2;
}

function endOfString(text: string, start: number): number {
  const quote = text.charAt(start);
  const escapes = escapesBefore(text, start);
  for (let i = text.indexOf(quote, start + 1); i >= 0; i = text.indexOf(quote, i + 1)) {
    if (escapesBefore(text, i) <= escapes) return i;
  }
  return -2;
}

/**
 * Number of backslashes before a character. At most 16 are counted, so that a long run takes no more time than a short
 * one.
 */
function escapesBefore(text: string, i: number): number {
  let count = 0;
  while (count < 16 && text.charCodeAt(i - 1 - count) === 92) count++;
  return count;
}
