/** Words that loggers write when they have no value, in lower case. */
const WORDS = new Set(['', '-', 'null', 'none', 'nil', 'undefined', '(null)', '<nil>', 'n/a']);
const LONGEST = 11;
/** First letters of these words, in upper case: N, U. */
const STARTS = new Set([78, 85]);

/** True for a value without content: absent, null, an empty text, `-`, or a word such as `null` and `none`. */
export function isNothing(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === 'string' && isNoText(value);
}

/** The same for a text. It is called for nearly every value, so the first character decides most cases. */
export function isNoText(text: string): boolean {
  if (text.length > LONGEST) return false;
  const first = text.charCodeAt(0);
  const mayBe = !(first > 32) || first === 45 || first === 40 || first === 60 || STARTS.has(first & ~32);
  return mayBe && WORDS.has(text.trim().toLowerCase());
}
