import { add, type Candidate, findCandidates, isBeyondChance, rise } from './explain/candidates.ts';
import { combine, type Combinations, type ExplainSums } from './explain/combinations.ts';
import { type Cause, type CauseOdds, oddsOfCauses } from './explain/cause-odds.ts';

export type { ExplainSums } from './explain/combinations.ts';

/** A part of the traffic that fails more often than usual. All counts are exact sums of the given rows. */
export interface ExplainedScope<Dimension extends string> {
  /** The values that name the part; without a value, the part is all traffic. */
  scope: Partial<Record<Dimension, string>>;
  requests: number;
  failures: number;
  /**
   * Failures that the part would have at its usual rate. If the part had no requests before, the usual rate of all
   * traffic is used.
   */
  expected: number;
  /** failures - expected */
  excess: number;
  /**
   * Share of the excess of all traffic that lies in this part. It is above 1 when the rest failed less than usual; null
   * when all traffic together did not fail more.
   */
  share: number | null;
}

export interface Explanation<Dimension extends string> {
  /** All traffic in the span, compared with its own usual rate. */
  total: Omit<ExplainedScope<Dimension>, 'scope' | 'share'>;
  /** Best first: each separate cause, then other ways to describe these causes. Empty when no part stands out. */
  scopes: readonly ExplainedScope<Dimension>[];
}

/** Largest number of causes that are named. */
const MOST_CAUSES = 5;

/**
 * Ranks the parts of the traffic, of up to three dimensions each, by how well they explain that more requests fail in a
 * span than usual. `rows` have one value for each of `dimensions`, in that order. When two dimensions separate the same
 * requests, the one that comes first is named. Deterministic, whatever the order of the rows. The method:
 * docs/explain.md.
 */
export function explain<Dimension extends string>(
  dimensions: readonly Dimension[],
  rows: readonly ExplainSums[],
): Explanation<Dimension> {
  const combinations = combine(rows);
  const { total, usual_rate } = combinations;
  const all = againstUsual(total, usual_rate);
  // Without requests before, there is nothing to compare with.
  const candidates = total.usual_requests === 0 ? [] : findCandidates(combinations);
  return {
    total: all,
    scopes: withoutDoubles(rank(combinations, candidates)).map((candidate) => {
      const sums = againstUsual(candidate, usual_rate);
      const named = [...candidate.named].map(([position, value]) => [dimensions[position], value]);
      return {
        scope: Object.fromEntries(named) as Partial<Record<Dimension, string>>,
        ...sums,
        share: all.excess > 0 ? sums.excess / all.excess : null,
      };
    }),
  };
}

/**
 * Ranks the causes first, in the order in which they were found. All other scopes follow, ordered by how likely each is
 * as the only cause.
 */
function rank({ list, prior }: Combinations, candidates: readonly Candidate[]): readonly Candidate[] {
  const alone = byOdds(oddsOfCauses(list, candidates, []));
  const parts = alone.filter(({ candidate }) => candidate.named.size > 0);
  const causes = riseOfAll(list, alone) ?? parts.slice(0, 1);
  while (causes.length > 0 && causes.length < MOST_CAUSES) {
    const further = candidates.filter(
      (one) => isBeyondChance(one) && standsApart(one, causes, { list, prior }),
    );
    const [next] = byOdds(oddsOfCauses(list, further, causes));
    if (next === undefined || next.odds <= 0) break;
    causes.push(next);
  }
  const first = causes.map(({ candidate }) => candidate);
  return [...first, ...parts.map(({ candidate }) => candidate).filter((one) => !first.includes(one))];
}

/**
 * Removes scopes that mean the same requests as another. If a project has only one client and one key, then the
 * project, the client, the key and their combinations are one set of requests. The scope with the fewest dimensions
 * stays, at the rank of the best of them.
 */
function withoutDoubles(ranked: readonly Candidate[]): readonly Candidate[] {
  const groups = Map.groupBy(ranked, ({ members, usual_requests: requests, usual_failures: failures }) =>
    [requests, failures, ...members].join(' '),
  );
  return [...groups.values()].map((same) =>
    same.reduce((least, one) => (one.named.size < least.named.size ? one : least)),
  );
}

/**
 * Returns all traffic as the answer if it explains the failures best and no part fails clearly more than the rest;
 * otherwise null.
 */
function riseOfAll(list: Combinations['list'], alone: readonly CauseOdds[]): Cause[] | null {
  const [best, ...others] = alone;
  if (best === undefined || best.candidate.named.size > 0) return null;
  const beside = oddsOfCauses(
    list,
    others.map(({ candidate }) => candidate),
    [best],
  );
  return beside.some(({ odds }) => odds > 0) ? null : [best];
}

/**
 * True when a scope is unrelated to every cause (neither inside one nor around one) and still fails too much when the
 * requests of all causes are taken away.
 */
function standsApart(
  one: Candidate,
  causes: readonly Cause[],
  { list, prior }: Pick<Combinations, 'list' | 'prior'>,
): boolean {
  const taken = new Set<number>();
  for (const { candidate } of causes) {
    const own = new Set(candidate.members);
    const shared = one.members.reduce((n, i) => n + (own.has(i) ? 1 : 0), 0);
    if (shared === own.size || shared === one.members.length) return false;
    for (const i of own) taken.add(i);
  }
  if (one.members.every((i) => !taken.has(i))) return true;
  const outside = { requests: 0, failures: 0, usual_requests: 0, usual_failures: 0, expected: 0 };
  for (const i of one.members) {
    const row = list[i];
    if (row !== undefined && !taken.has(i)) add(outside, row);
  }
  return isBeyondChance({ rise: rise(outside, prior), cost: one.cost });
}

function byOdds(odds: readonly CauseOdds[]): CauseOdds[] {
  // The sort is stable: equal ones keep their order, which is fewer dimensions first, then the dimension given first,
  // then the smaller value.
  return [...odds].sort((a, b) => b.odds - a.odds);
}

function againstUsual(
  sums: Omit<ExplainSums, 'values'>,
  rateOfAll: number,
): Omit<ExplainedScope<string>, 'scope' | 'share'> {
  const { requests, failures, usual_requests: before } = sums;
  const expected = before === 0 ? requests * rateOfAll : (requests * sums.usual_failures) / before;
  return { requests, failures, expected, excess: failures - expected };
}
