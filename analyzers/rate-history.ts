import type { CountRow } from '../domain/count-row.ts';

/** How a rate grew before an incident began. Times are epoch seconds, rates per minute. */
export interface RateHistory {
  /** Median rate of the minutes before the ramp; null when the counts do not reach back that far. */
  original: number | null;
  /** First minute of the ramp; equal to the start when there was none. */
  ramp_started_at: number;
  /**
   * The minutes of the original rate, `[from, to)`. They end some minutes before the ramp, because its first minute is
   * uncertain.
   */
  original_from: number;
  original_to: number;
}

/** Requests of one interval that begins at `ts`, epoch seconds. */
type Amount = Pick<CountRow, 'ts' | 'requests'>;

/**
 * Minutes that lie at least this many minutes before the start count as usual, because a ramp is usually shorter. If
 * the history is short, its first half counts as usual.
 */
const RAMP_MINUTES = 15;
/** The original rate is measured over at most this many minutes before the ramp. */
const ORIGINAL_MINUTES = 30;
/** This many minutes right before the ramp are left out of the original rate, if enough other minutes remain. */
const MARGIN_MINUTES = 2;

/**
 * Finds the ramp that led to `start` (epoch seconds), and the rate before it. `rows` are the rows of the scope, or its
 * sums by interval, in order of time. `knownFrom` is the time from which the counts are complete: a minute without rows
 * before that proves nothing.
 */
export function rateHistory(rows: readonly Amount[], start: number, knownFrom: number): RateHistory {
  const minutes = minutesBefore(rows, start, knownFrom);
  const usual = median(
    minutes.slice(0, Math.max(minutes.length - RAMP_MINUTES, Math.ceil(minutes.length / 2))),
  );
  if (usual === null)
    return { original: null, ramp_started_at: start, original_from: start, original_to: start };
  let ramp = minutes.length;
  // A dip of one minute does not end the ramp; two low minutes in a row do.
  for (
    let i = minutes.length - 1;
    i >= 0 && (isRaised(minutes[i], usual) || isRaised(minutes[i - 1], usual));
    i--
  ) {
    if (isRaised(minutes[i], usual)) ramp = i;
  }
  const to = Math.max(ramp - MARGIN_MINUTES, Math.min(ramp, 1 + MARGIN_MINUTES));
  const from = Math.max(0, to - ORIGINAL_MINUTES);
  const timeOf = (index: number): number => start - (minutes.length - index) * 60;
  return {
    original: median(minutes.slice(from, to)),
    ramp_started_at: timeOf(ramp),
    original_from: timeOf(from),
    original_to: timeOf(to),
  };
}

/** The highest rate that still counts as the original one: 10 % above it, or more if chance alone makes more. */
export function safeRate(original: number): number {
  return original + Math.max(original * 0.1, 2 * Math.sqrt(original), 1);
}

function isRaised(rate: number | undefined, usual: number): boolean {
  return rate !== undefined && rate > usual * 1.2 + 2 * Math.sqrt(usual);
}

/** Requests of each whole minute that ends at `start` or before, oldest first. */
function minutesBefore(rows: readonly Amount[], start: number, knownFrom: number): number[] {
  const count = Math.max(0, Math.floor((start - knownFrom) / 60));
  const minutes = Array.from({ length: count }, () => 0);
  for (const row of rows) {
    if (row.ts >= start) break;
    const index = count - 1 - Math.floor((start - 1 - row.ts) / 60);
    const before = minutes[index];
    if (before !== undefined) minutes[index] = before + row.requests;
  }
  return minutes;
}

/** The middle number; for an even count the mean of the two middle ones; null for an empty list. */
function median(numbers: readonly number[]): number | null {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >>> 1;
  const upper = sorted[middle];
  if (upper === undefined) return null;
  const lower = sorted[middle - 1];
  return sorted.length % 2 === 1 || lower === undefined ? upper : (lower + upper) / 2;
}
