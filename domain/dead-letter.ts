/** Only this many bytes of a larger record are stored, from its beginning. */
const MOST_STORED = 1024 * 1024;

/** In characters. A text of a record that is at least this long may have been cut when its secrets were removed. */
const SURELY_WHOLE = 32 * 1024;

/**
 * Whether the stored text of a dead letter is the whole record, apart from its secrets. Part of a record could hold
 * only some of its requests, and replaying it would count too few. So a text that may have been cut counts as cut.
 * `size` is the size of the original record in bytes. Pure.
 */
export function isWholeLetter({ body, size }: { body: string; size: number }): boolean {
  if (size > MOST_STORED || body === '') return false;
  if (body.length < SURELY_WHOLE) return size <= Buffer.byteLength(body) * 2;
  try {
    return !hasLongText(JSON.parse(body));
  } catch {
    return false;
  }
}

function hasLongText(value: unknown): boolean {
  if (typeof value === 'string') return value.length >= SURELY_WHOLE;
  return typeof value === 'object' && value !== null && Object.values(value).some(hasLongText);
}
