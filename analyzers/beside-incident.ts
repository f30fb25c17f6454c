import type { Scope } from '../domain/incident.ts';
import type { Known } from './detector.ts';
import type { Given } from './given.ts';
import type { Names } from './identity.ts';
import { isInScope, scopeDimensions } from './narrow-scope.ts';
import { type Matching, matchingOf } from './view.ts';

/**
 * A second incident of the same identity is opened only if it began at least this much later than the first. In
 * between, the rest of the traffic must also have had as many successes as an incident needs failures. Otherwise both
 * have one cause, and the first incident is only wider than it looked.
 */
const LATER_SECONDS = 180;
/** A part of the traffic counts as unhealthy if more than this share of its requests matches. */
const WELL_SHARE = 0.1;

/** The identity of the first incident, without the mark that `besideIdentity` adds. */
export function baseOf(identity: Names): Names {
  return Object.fromEntries(Object.entries(identity).filter(([name]) => name !== 'apart'));
}

/** The identity of an incident that began at `startedAt` (epoch seconds) beside another of the same identity. */
export function besideIdentity(identity: Names, startedAt: number): Names {
  return { ...identity, apart: String(startedAt) };
}

/**
 * The counts of the identity that lie in the scope of one incident, without the counts of earlier incidents whose
 * scopes are parts of this scope. A later incident may at first have too few failures to name its part. Its scope is
 * then the whole identity, and the failures of the earlier incident would keep the scope that wide.
 */
export function ofScope<S>(given: Given<S>, own: Known, family: readonly Known[]): Given<S> {
  const earlier = family.filter((one) => one.started_at < own.started_at && isPart(one.scope, own.scope));
  return narrowed(
    given,
    (row) => isInScope(row, own.scope) && !earlier.some(({ scope }) => isInScope(row, scope)),
  );
}

/** True when a scope names all that the other names, and more. */
function isPart(scope: Scope, other: Scope): boolean {
  const names = scopeDimensions.filter((name) => scope[name] !== other[name]);
  return names.length > 0 && names.every((name) => other[name] === undefined);
}

/**
 * The counts of the identity that lie outside the scopes of all its open incidents; null when one of these covers the
 * whole identity.
 */
export function besides<S>(given: Given<S>, family: readonly Known[]): Given<S> | null {
  const isWhole = ({ scope }: Known): boolean => scopeDimensions.every((name) => scope[name] === undefined);
  if (family.some(isWhole)) return null;
  return narrowed(given, (row) => !family.some(({ scope }) => isInScope(row, scope)));
}

/**
 * Whether a breach that began at `startedAt` (epoch seconds) in the rest of the counts has a cause of its own. It has
 * one if the rest stayed healthy for a while after the first incident began. If the rest sent nothing, or failed from
 * the first moment, then the first incident is wider than it looked.
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
