import { COUNT_INTERVAL_SECONDS } from '../domain/count-row.ts';
import type { Given } from './given.ts';
import type { IntervalSum, IsMatching, Matching, View } from './view.ts';

/**
 * Finds when a run began: a run is a series of windows, up to `now`, in which the answers are above a threshold
 * (`isAbove`). A pause of one window does not end it. Returns the start (epoch seconds) of the first interval with a
 * matching answer; null where nothing matches.
 */
export function startOfRun(
  intervals: readonly IntervalSum[],
  run: { now: number; from: number; window_seconds: number },
  isAbove: (sums: { requests: number; matching: number }) => boolean,
): number | null {
  const { now, from, window_seconds: window } = run;
  let earliest = now;
  for (let end = now; end > from && earliest - end <= window; end -= COUNT_INTERVAL_SECONDS) {
    const sums = { requests: 0, matching: 0 };
    for (const { ts, requests, matching } of intervals) {
      if (ts < end - window || ts >= end) continue;
      sums.requests += requests;
      sums.matching += matching;
    }
    if (isAbove(sums)) earliest = end;
  }
  return intervals.find(({ ts, matching }) => ts >= earliest - window && matching > 0)?.ts ?? null;
}

/** The end of a run is looked for in this time before now; seconds. */
const RUN_SECONDS = 3_600;

/** After a run has ended, a few failures are assumed to go on, at this fraction of the rate of the run. */
const AFTER_RATE = 0.1;

/**
 * Start (epoch seconds) of the last interval of a run that began at `since`. It is the time that explains the counts
 * best if the part failed at one rate up to then, and at a tenth of that rate after. Single failures later, or in other
 * parts, do not move the end.
 */
export function lastOfRun(
  { view, now }: Pick<Given<unknown>, 'view' | 'now'>,
  { part, matching, since }: { part: { contains: IsMatching } | null; matching: Matching; since: number },
): number {
  const own = view.between(Math.max(since, now - RUN_SECONDS), now).where(part?.contains ?? (() => true));
  const intervals = own.intervals(matching);
  // The end can be found only if the rate of the run is known, and the rate can be measured only if the end is known.
  // So the end is first found with the rate of the whole time, and then again with the rate up to that end.
  const roughly = lastAt(intervals, shareOf(own, matching));
  const rate = shareOf(own.between(since, (roughly ?? now) + COUNT_INTERVAL_SECONDS), matching);
  return lastAt(intervals, rate) ?? since;
}

/** The time in which a part of the traffic fails, between times in which it does not; epoch seconds. */
export interface FailingRun {
  /** Start of the first interval. */
  from: number;
  /** End of the last interval. */
  to: number;
  /** True if the counts after the run show with odds of twenty to one that it is over. */
  is_over: boolean;
}

const OVER_ODDS = Math.log(20);
/** For an incident that people were told of, the odds that it is over must be at least this high. */
const SURELY = 1e6;

/**
 * Finds the run that explains the counts best if the part failed at one rate within it and at a tenth of that rate
 * before and after; null where nothing matches.
 */
export function failingRun(intervals: readonly IntervalSum[]): FailingRun | null {
  let run: FailingRun | null = null;
  let rate = rateIn(intervals, -Infinity, Infinity);
  // The ends can be found only if the rate of the run is known, and the rate can be measured only if the ends are
  // known. So the ends are first found with the rate of the whole time, and then again with the rate between them.
  for (let i = 0; i < 2 && rate > 0; i++) {
    let best = 0;
    let sum = 0;
    let from = 0;
    let after = 0;
    for (const { ts, requests, matching } of intervals) {
      const gain = matching * Math.log(1 / AFTER_RATE) - requests * rate * (1 - AFTER_RATE);
      if (sum <= 0) {
        sum = 0;
        from = ts;
      }
      sum += gain;
      after += gain;
      if (sum <= best) continue;
      best = sum;
      after = 0;
      run = { from, to: ts + COUNT_INTERVAL_SECONDS, is_over: false };
    }
    if (run === null) return null;
    run.is_over = after < -OVER_ODDS;
    rate = rateIn(intervals, run.from, run.to);
  }
  return run;
}

function rateIn(intervals: readonly IntervalSum[], from: number, to: number): number {
  const sums = { requests: 0, matching: 0 };
  for (const { ts, requests, matching } of intervals) {
    if (ts < from || ts >= to) continue;
    sums.requests += requests;
    sums.matching += matching;
  }
  return sums.requests === 0 ? 0 : sums.matching / sums.requests;
}

/**
 * Whether the failures have fallen from `rate` (0 to 1) to `after`. The counts must make a fall a million times as
 * likely as no fall. Counts before the last moment that spoke for `rate` are ignored. The intervals must be in order of
 * time.
 */
export function isOver(intervals: readonly IntervalSum[], rate: number, after: number): boolean {
  let sum = 0;
  for (const { requests, matching } of intervals)
    sum = Math.min(0, sum) + matching * Math.log(rate / after) - requests * (rate - after);
  return sum < -Math.log(SURELY);
}

/**
 * Finds the last interval of the run by comparing how likely the counts are at the rate of the run and at a tenth of
 * it.
 */
function lastAt(intervals: readonly IntervalSum[], rate: number): number | null {
  let sum = 0;
  let most = 0;
  let last: number | null = null;
  for (const { ts, requests, matching } of intervals) {
    sum += matching * Math.log(1 / AFTER_RATE) - requests * rate * (1 - AFTER_RATE);
    if (matching === 0 || sum < most) continue;
    most = sum;
    last = ts;
  }
  return last;
}

/** Share of the requests that match, from 0 to 1; 0 where there are none. */
export function shareOf(view: View, matching: Matching): number {
  const sums = { requests: 0, matching: 0 };
  for (const one of view.intervals(matching)) {
    sums.requests += one.requests;
    sums.matching += one.matching;
  }
  return sums.requests === 0 ? 0 : sums.matching / sums.requests;
}
