/** Words that loggers write when they have no value, in lower case, and the JSON texts of empty values. */
const WORDS = new Set(',-,null,none,nil,nan,undefined,(null),<nil>,n/a,{},[],""'.split(','));
/** Values of an error that also mean that there was none. */
const NO_ERROR = new Set(['false', '0']);
const LONGEST = 11;
/** First letters of the words in `WORDS`, in upper case: N, U. */
const STARTS = new Set([78, 85]);
/** Other first characters of the words in `WORDS`: `"`, `-`, `(`, `<`, `[`, `{`. */
const SIGNS = new Set([34, 45, 40, 60, 91, 123]);

/**
 * True for a value without content: absent, null, an empty text, list or object, `-`, or a word such as `null` and
 * `none`. Paths and conditions of mappings and native records all use this one answer.
 */
export function isNothing(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value === 'string') return isNoText(value);
  if (typeof value !== 'object') return false;
  // This lists no members, because there may be many.
  for (const _ in value) return false;
  return true;
}

/**
 * True for a text without content. This function is called for nearly every value, so the first character decides most
 * cases.
 */
export function isNoText(text: string): boolean {
  if (text.length > LONGEST) return false;
  const first = text.charCodeAt(0);
  const mayBe = !(first > 32) || SIGNS.has(first) || STARTS.has(first & ~32);
  return mayBe && WORDS.has(text.trim().toLowerCase());
}

/** True if an error or exception means that there was none: it has no content, or is false or 0, also as text. */
export function isNoError(value: unknown): boolean {
  if (value === false || value === 0) return true;
  return typeof value === 'string' ? isNoErrorText(value) : isNothing(value);
}

/** True for the text of an error or exception that means that there was none. */
export function isNoErrorText(text: string): boolean {
  return isNoText(text) || (text.length <= LONGEST && NO_ERROR.has(text.trim().toLowerCase()));
}
