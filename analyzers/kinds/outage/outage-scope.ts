import type { Scope } from '../../../domain/incident.ts';
import { total } from '../../compare.ts';
import { type ScopeContext, excessOf, inOrder, scopeByExcess } from '../../differs.ts';
import type { Names } from '../../identity.ts';
import { narrowScopeBy, scopeDimensions } from '../../narrow-scope.ts';
import { poissonTail } from '../../poisson-tail.ts';
import { type Matching, matchingOf, type View } from '../../view.ts';

/** Failures without an answer: nobody knows whether the provider ever saw the request. */
export const unanswered: Matching = { classes: ['connection', 'timeout'], measure: 'requests' };
/**
 * If at least this share of the failures is without an answer and other providers fail too, the cause is probably the
 * network between caller and provider.
 */
export const UNANSWERED_SHARE = 0.5;
/**
 * Another provider is failing too if it has at least this many failures, and a provider that keeps its error budget
 * would have so many only with a very small chance.
 */
const LEAST_FAILURES = 3;
export const CHANCE = 1e-3;
/** A scope explains the failures of a provider if at least this share of them lies in it. */
const MOST = 0.9;

export interface OutageAround extends ScopeContext {
  /** The other providers, with their counts since the start and before it. */
  peers: readonly { identity: Names; view: View; before: View }[];
  /** Share of requests that may fail, from 0 to 1. */
  budget: number;
  /** Traffic before this time (epoch seconds) is too old to show what is usual. */
  compared_from: number;
}

/**
 * Finds whom an outage of a provider concerns. Normally it is the part of the provider's traffic that explains the
 * failures beyond the usual number. But if requests to several providers get no answer, and all these requests come
 * from one place (a region, a client), the scope is that place. `view` begins at the start of the outage.
 */
export function outageScope(
  matching: Matching,
  { view, whole }: { view: View; whole: Scope },
  around: OutageAround,
): { scope: Scope; differs?: string[] } {
  const { peers, budget, compared_from: from, known } = around;
  const failing = isUnanswered(view, matching)
    ? peers.filter(({ view: other }) => {
        const all = total(other.sums(), matching);
        return (
          all.matching >= LEAST_FAILURES &&
          poissonTail(all.matching, budget * all.requests) < CHANCE &&
          isUnanswered(other, matching)
        );
      })
    : [];
  // Failures at other providers can show that the cause is not this provider, so the scope is computed again even if
  // that was done within the last minute.
  const isDue = around.is_due || (!around.is_told && failing.length > 0);
  if (known !== null && !isDue) return { scope: known };
  const past = (one: View): View => one.between(from, Infinity);
  const own = scopeByExcess(matching)(view, whole, {
    ...around,
    is_due: true,
    before: () => past(around.before()),
  });
  if (failing.length === 0) return own;
  const spans = [
    { since: view, before: past(around.before()) },
    ...failing.map((peer) => ({ since: peer.view, before: past(peer.before) })),
  ];
  const affected = (row: Parameters<typeof matchingOf>[0]): number => matchingOf(row, matching);
  const place =
    excessOf(spans, matching).scope ??
    narrowScopeBy(
      spans.flatMap(({ since }) => since.sums()),
      affected,
    );
  /**
   * True if nearly all failures of a provider come from the place, or if those from elsewhere are so few that the error
   * budget allows them.
   */
  const isOfPlace = (one: View): boolean => {
    const all = total(one.sums(), matching);
    const inside = total(one.within(place).sums(), matching);
    const outside = all.matching - inside.matching;
    if (inside.matching >= MOST * all.matching) return true;
    const chance = poissonTail(outside, budget * (all.requests - inside.requests));
    return inside.matching > outside && chance >= CHANCE;
  };
  const isPlace = place.model === undefined && scopeDimensions.some((name) => place[name] !== undefined);
  return isPlace && isOfPlace(view) && failing.some((peer) => isOfPlace(peer.view))
    ? { ...own, scope: inOrder(place) }
    : own;
}

/** Whether most failures in the counts got no answer. */
export function isUnanswered(view: View, matching: Matching): boolean {
  const sums = view.sums();
  return total(sums, unanswered).matching >= UNANSWERED_SHARE * total(sums, matching).matching;
}
