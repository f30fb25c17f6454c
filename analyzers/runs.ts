import { COUNT_INTERVAL_SECONDS } from '../domain/count-row.ts';
import type { Given } from './given.ts';
import type { IntervalSum, IsMatching, Matching, View } from './view.ts';

/**
 * Start (epoch seconds) of the interval with the first matching answer of the run of windows that ends at `now`; a
 * lull of one window does not end a run. Null where nothing matches. `isAbove` is given the sums of a window.
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

/** A run is looked at over so many seconds to find its end. */
const RUN_SECONDS = 3_600;

/** What is left after it is taken to fail at this fraction of its rate. */
const AFTER_RATE = 0.1;

/**
 * Start (epoch seconds) of the last interval that belongs to what began at `since`: the time up to which failing at the
 * rate of the part, and after which failing at a tenth of it, explains the counts best. Stray answers after it, or in
 * other parts, are not its end.
 */
export function lastOfRun(
  { view, now }: Pick<Given<unknown>, 'view' | 'now'>,
  { part, matching, since }: { part: { contains: IsMatching } | null; matching: Matching; since: number },
): number {
  const own = view.between(Math.max(since, now - RUN_SECONDS), now).where(part?.contains ?? (() => true));
  const intervals = own.intervals(matching);
  // Its rate is not known before its end is: the second time without what came after.
  const roughly = lastAt(intervals, shareOf(own, matching));
  const rate = shareOf(own.between(since, (roughly ?? now) + COUNT_INTERVAL_SECONDS), matching);
  return lastAt(intervals, rate) ?? since;
}

/** The intervals of a part that fail, among some that do not; epoch seconds. */
export interface FailingRun {
  /** Start of the first. */
  from: number;
  /** End of the last. */
  to: number;
  /** What comes after it says that it is over, with odds of twenty to one. */
  is_over: boolean;
}

const OVER_ODDS = Math.log(20);
/** What people were told of is over when that is so many times as likely as not. */
const SURELY = 1e6;

/**
 * The stretch that explains the counts best if the part failed at one rate in it and at a tenth of that before and
 * after; null where nothing matches.
 */
export function failingRun(intervals: readonly IntervalSum[]): FailingRun | null {
  let run: FailingRun | null = null;
  let rate = rateIn(intervals, -Infinity, Infinity);
  // Its rate is not known before its ends are: the second time without what is around it.
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
 * Whether failing at `rate` (0 to 1) has given way to failing at `after`: a million times as likely as that it goes on,
 * by the counts since it was seen last. Intervals in order of time.
 */
export function isOver(intervals: readonly IntervalSum[], rate: number, after: number): boolean {
  let sum = 0;
  for (const { requests, matching } of intervals)
    sum = Math.min(0, sum) + matching * Math.log(rate / after) - requests * (rate - after);
  return sum < -Math.log(SURELY);
}

/** By the likelihood of counts that come by chance at either rate. */
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
