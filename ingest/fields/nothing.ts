/** Words that loggers write where they have no value. Compared in lower case. */
const WORDS = new Set(['', '-', 'null', 'none', 'nil', 'undefined', '(null)', '<nil>', 'n/a']);
const LONGEST = 11;
/** Letters with which these words begin: N, U. */
const STARTS = new Set([78, 85]);

/** True for a value that says nothing: absent, null, an empty text, `-`, or a word such as `null` and `none`. */
export function isNothing(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === 'string' && isNoText(value);
}

/** The same for a text. Asked of nearly every value, so most are told by their first character. */
export function isNoText(text: string): boolean {
  if (text.length > LONGEST) return false;
  const first = text.charCodeAt(0);
  const mayBe = !(first > 32) || first === 45 || first === 40 || first === 60 || STARTS.has(first & ~32);
  return mayBe && WORDS.has(text.trim().toLowerCase());
}
