import type { Scope } from '../../../domain/incident.ts';
import { total } from '../../compare.ts';
import type { Names } from '../../identity.ts';
import { narrowScopeBy, scopeDimensions } from '../../narrow-scope.ts';
import { poissonTail } from '../../poisson-tail.ts';
import { type Matching, matchingOf, type View } from '../../view.ts';

/** Failures for which it is unknown whether the provider ever saw the request. */
export const unanswered: Matching = { classes: ['connection', 'timeout'], measure: 'requests' };
/**
 * If at least this share of the failures is unanswered and other providers fail too, the way to the provider is the
 * likelier reason.
 */
export const UNANSWERED_SHARE = 0.5;
/**
 * Another provider fails, too, if it has this many failures and chance gives them so seldom at a rate that keeps the
 * budget.
 */
const LEAST_FAILURES = 3;
const CHANCE = 1e-3;
/** A scope explains the failures of a provider if it has at least this share of them. */
const MOST = 0.9;

export interface OutageAround {
  peers: readonly { identity: Names; view: View }[];
  /** Share of requests that may fail, from 0 to 1. */
  budget: number;
}

/**
 * Whom an outage of a provider concerns. Where requests get no answer and those to other providers get none either, and all
 * of that comes from one place (a region, a client), the place is the scope and not the provider. Views: since the start.
 */
export function outageScope(
  matching: Matching,
  { view, whole }: { view: View; whole: Scope },
  { peers, budget }: OutageAround,
): { scope: Scope } {
  const affected = (row: Parameters<typeof matchingOf>[0]): number => matchingOf(row, matching);
  const sums = view.sums();
  const own = { scope: { ...whole, ...narrowScopeBy(sums, affected) } };
  if (!isUnanswered(view, matching)) return own;
  const failing = peers.filter(({ view: other }) => {
    const all = total(other.sums(), matching);
    return (
      all.matching >= LEAST_FAILURES &&
      poissonTail(all.matching, budget * all.requests) < CHANCE &&
      isUnanswered(other, matching)
    );
  });
  if (failing.length === 0) return own;
  const place = narrowScopeBy([sums, ...failing.map((peer) => peer.view.sums())].flat(), affected);
  /** Nearly all of its failures are of the place, or those elsewhere are what chance gives within the budget. */
  const isOfPlace = (one: View): boolean => {
    const all = total(one.sums(), matching);
    const inside = total(one.within(place).sums(), matching);
    const outside = all.matching - inside.matching;
    if (inside.matching >= MOST * all.matching) return true;
    const chance = poissonTail(outside, budget * (all.requests - inside.requests));
    return inside.matching > outside && chance >= CHANCE;
  };
  const isPlace = place.model === undefined && scopeDimensions.some((name) => place[name] !== undefined);
  return isPlace && isOfPlace(view) && failing.some((peer) => isOfPlace(peer.view)) ? { scope: place } : own;
}

function isUnanswered(view: View, matching: Matching): boolean {
  const sums = view.sums();
  return total(sums, unanswered).matching >= UNANSWERED_SHARE * total(sums, matching).matching;
}
