import type { Known } from './detector.ts';
import type { Given } from './given.ts';
import type { Names } from './identity.ts';
import { isInScope, scopeDimensions } from './narrow-scope.ts';
import { type Matching, matchingOf } from './view.ts';

/** So much later than the first, and after as many good answers as an incident needs bad ones, another has its own cause. */
const LATER_SECONDS = 180;
/** A part with more matching answers than this share of its requests was not well. */
const WELL_SHARE = 0.1;

/** The identity that an incident shares with those beside which it began. */
export function baseOf(identity: Names): Names {
  return Object.fromEntries(Object.entries(identity).filter(([name]) => name !== 'apart'));
}

/** The identity of an incident that began, at `startedAt` (epoch seconds), beside another of the same identity. */
export function besideIdentity(identity: Names, startedAt: number): Names {
  return { ...identity, apart: String(startedAt) };
}

/** What the scope of one incident holds of the counts of its identity. */
export function ofScope<S>(given: Given<S>, { scope }: Known): Given<S> {
  return narrowed(given, (row) => isInScope(row, scope));
}

/** What no incident holds of the counts of their identity; null where one of them holds everything. */
export function besides<S>(given: Given<S>, family: readonly Known[]): Given<S> | null {
  const isWhole = ({ scope }: Known): boolean => scopeDimensions.every((name) => scope[name] === undefined);
  if (family.some(isWhole)) return null;
  return narrowed(given, (row) => !family.some(({ scope }) => isInScope(row, scope)));
}

/**
 * Whether what began at `startedAt` (epoch seconds) in the rest of the counts has a cause of its own: the rest was well
 * for a while after the first incident had begun. Where it did not send, or failed from the first moment on, the
 * first incident is wider than it looked.
 */
export function isApart<S extends { count: number }>(
  rest: Given<S>,
  first: Pick<Known, 'started_at'>,
  startedAt: number,
  matching: Matching,
): boolean {
  if (startedAt < first.started_at + LATER_SECONDS) return false;
  let requests = 0;
  let matched = 0;
  for (const row of rest.view.between(first.started_at, startedAt).sums()) {
    requests += row.requests;
    matched += matchingOf(row, matching);
  }
  return requests - matched >= rest.settings.count && matched <= WELL_SHARE * requests;
}

function narrowed<S>(given: Given<S>, contains: Parameters<Given<S>['view']['where']>[0]): Given<S> {
  const view = given.view.where(contains);
  return { ...given, view, last: (seconds) => given.last(seconds).where(contains) };
}
