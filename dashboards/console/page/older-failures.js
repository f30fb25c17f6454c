// @ts-check

/** @typedef {import('../v1/errors.ts').ErrorsAnswer['errors'][number]} Failure */

/** With more rows than this the browser becomes slow, so older ones are loaded again when somebody asks. */
const MOST_KEPT = 2_000;

/** Removes failures that are equal in all fields. @param {readonly Failure[]} failures */
export function distinct(failures) {
  return [...new Map(failures.map((one) => [JSON.stringify(one), one])).values()];
}

/**
 * The failures below the newest page after this page was asked for again. New failures push others off it, and these
 * must stay in the list. null: the pages no longer meet, or are too many, so that only the newest page is right.
 * @param {readonly Failure[]} before the newest page as it was
 * @param {readonly Failure[]} older the pages below it
 * @param {readonly Failure[]} now the newest page as it is
 */
export function olderAfter(before, older, now) {
  const shown = new Set(before.map((one) => JSON.stringify(one)));
  const last = now.at(-1);
  if (last === undefined || !shown.has(JSON.stringify(last))) return null;
  const kept = distinct([...before, ...older]);
  return kept.length > MOST_KEPT ? null : kept;
}
