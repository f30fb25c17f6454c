// @ts-check

/** @typedef {import('../v1/errors.ts').ErrorsAnswer['errors'][number]} Failure */

/** With more rows than this the browser becomes slow. Then older rows are dropped, and a button loads them again. */
const MOST_KEPT = 2_000;

/** Removes failures that are equal in all fields. @param {readonly Failure[]} failures */
export function distinct(failures) {
  return [...new Map(failures.map((one) => [JSON.stringify(one), one])).values()];
}

/**
 * Returns the failures below the newest page after that page was asked for again. New failures push older ones off the
 * newest page; these must stay in the list. Returns null when the two answers have no failure in common, or when the
 * list is too long: then only the newest page is shown.
 * @param {readonly Failure[]} before the newest page of the previous answer
 * @param {readonly Failure[]} older the pages below that page
 * @param {readonly Failure[]} now the newest page of this answer
 */
export function olderAfter(before, older, now) {
  const shown = new Set(before.map((one) => JSON.stringify(one)));
  const last = now.at(-1);
  if (last === undefined || !shown.has(JSON.stringify(last))) return null;
  const kept = distinct([...before, ...older]);
  return kept.length > MOST_KEPT ? null : kept;
}
