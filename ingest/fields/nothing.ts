/** Words that loggers write where they have no value, and what is empty as text. Compared in lower case. */
const WORDS = new Set(',-,null,none,nil,nan,undefined,(null),<nil>,n/a,{},[],""'.split(','));
/** What an error holds, too, where there was none. */
const NO_ERROR = new Set(['false', '0']);
const LONGEST = 11;
/** Letters with which these words begin: N, U. */
const STARTS = new Set([78, 85]);
/** And other characters: `"`, `-`, `(`, `<`, `[`, `{`. */
const SIGNS = new Set([34, 45, 40, 60, 91, 123]);

/**
 * True for a value that says nothing: absent, null, an empty text, `-`, a word such as `null` and `none`, and an
 * empty list or object. The one answer for paths and conditions of mappings, and for native records.
 */
export function isNothing(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value === 'string') return isNoText(value);
  if (typeof value !== 'object') return false;
  // Asked without a list of its members: it may be large.
  for (const _ in value) return false;
  return true;
}

/** The same for a text. Asked of nearly every value, so most are told by their first character. */
export function isNoText(text: string): boolean {
  if (text.length > LONGEST) return false;
  const first = text.charCodeAt(0);
  const mayBe = !(first > 32) || SIGNS.has(first) || STARTS.has(first & ~32);
  return mayBe && WORDS.has(text.trim().toLowerCase());
}

/** True where an error or exception says that there was none: nothing, or false or 0, also as text. */
export function isNoError(value: unknown): boolean {
  if (value === false || value === 0) return true;
  return typeof value === 'string' ? isNoErrorText(value) : isNothing(value);
}

/** The same for a text. */
export function isNoErrorText(text: string): boolean {
  return isNoText(text) || (text.length <= LONGEST && NO_ERROR.has(text.trim().toLowerCase()));
}
