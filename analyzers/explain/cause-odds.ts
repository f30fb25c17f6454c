import type { Candidate } from './candidates.ts';
import { type ExplainedCombination, logChance } from './combinations.ts';

/** The best fit of a cause: the failures that it adds to each combination, and how unevenly it adds them. */
export interface Cause {
  candidate: Candidate;
  /** In the order of the candidate's members. */
  added: Float64Array;
  /** Squared coefficient of variation around `added`. */
  uneven: number;
}

export interface CauseOdds extends Cause {
  /** Logarithm of the odds that this cause exists against no further cause, minus the price of naming it (`cost`). */
  odds: number;
}

/**
 * Three properties of a cause are unknown. The odds are averaged over the values below, each equally likely. First: how
 * much the rate of a combination changes without a cause (by a quarter, by half, or by the whole rate).
 */
const DRIFTS = [1 / 16, 1 / 4, 1];
/** Second: how unevenly a cause hits the parts of its scope (equally, by a half, or by as much as its mean). */
const UNEVEN = [0, 1 / 4, 1];
/** Third: whether a cause adds failures in proportion to requests or to the usual failures. */
const SHAPES = ['requests', 'expected'] as const;

/**
 * The odds of every candidate as one more cause besides the known ones. The failures of a combination are modelled as a
 * negative binomial distribution; its mean is the usual failures plus those that the causes add. A cause adds the
 * excess of its scope.
 */
export function oddsOfCauses(
  list: readonly ExplainedCombination[],
  candidates: readonly Candidate[],
  known: readonly Cause[],
): readonly CauseOdds[] {
  const mean = Float64Array.from(list, ({ expected }) => expected);
  const spread = new Float64Array(list.length);
  for (const { candidate, added, uneven } of known) {
    for (const [k, i] of candidate.members.entries()) {
      const more = added[k] ?? 0;
      mean[i] = (mean[i] ?? 0) + more;
      spread[i] = (spread[i] ?? 0) + uneven * more * more;
    }
  }
  const worlds = DRIFTS.map((drift) => {
    const extra = Float64Array.from(
      list,
      ({ expected, doubt }, i) => expected * expected * (doubt + drift) + (spread[i] ?? 0),
    );
    const chance = Float64Array.from(list, ({ requests, failures }, i) =>
      requests === 0 ? 0 : logChance(failures, mean[i] ?? 0, extra[i] ?? 0),
    );
    return { extra, chance, total: chance.reduce((a, b) => a + b, 0) };
  });
  const none = logMean(worlds.map(({ total }) => total));

  const judged: CauseOdds[] = [];
  for (const candidate of candidates) {
    const { members } = candidate;
    const excess = members.reduce((sum, i) => sum + (list[i]?.failures ?? 0) - (mean[i] ?? 0), 0);
    if (excess <= 0) continue;
    // For all traffic as the cause, every part must fail more by the same measure, so unevenness is not tried.
    const unevenness = candidate.named.size === 0 ? [0] : UNEVEN;
    let best: (Cause & { fit: number }) | null = null;
    const fits: number[] = [];
    for (const shape of SHAPES) {
      const weights = Float64Array.from(members, (i) => list[i]?.[shape] ?? 0);
      const weight = weights.reduce((a, b) => a + b, 0);
      const added = weights.map((one) => (excess * one) / weight);
      for (const { extra, chance, total } of worlds) {
        for (const uneven of unevenness) {
          let fit = total;
          for (let k = 0; k < members.length; k++) {
            const i = members[k] ?? 0;
            const more = added[k] ?? 0;
            fit += logChance(
              list[i]?.failures ?? 0,
              (mean[i] ?? 0) + more,
              (extra[i] ?? 0) + uneven * more * more,
            );
            fit -= chance[i] ?? 0;
          }
          fits.push(fit);
          if (best === null || fit > best.fit) best = { candidate, added, uneven, fit };
        }
      }
    }
    if (best !== null) judged.push({ ...best, odds: logMean(fits) - candidate.cost - none });
  }
  return judged;
}

/** Logarithm of the mean of numbers that are given as logarithms. */
function logMean(logs: readonly number[]): number {
  const most = Math.max(...logs);
  return most + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0) / logs.length);
}
