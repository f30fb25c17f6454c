import type { Caller } from './caller.ts';
import type { SimulatedFailure } from './failures/failure.ts';
import type { Random } from './random.ts';

/** A request that will be sent: the first attempt or a retry. */
export interface Attempt {
  at: number;
  caller: Caller;
  retry_count: number;
  /** What the rate-limit headers of the answer say; absent when the caller has no token bucket. */
  limit?: { requests: number; remaining: number };
}

/**
 * The retry after a failed attempt. It waits as the SDKs do: half a second, doubled after each failure up to eight
 * seconds, less a random part of up to a quarter. If the retry-after header demands a longer wait, that counts.
 */
export function nextAttempt(attempt: Attempt, failure: SimulatedFailure, random: Random): Attempt {
  const backoff = Math.min(0.5 * 2 ** attempt.retry_count, 8) * (1 - 0.25 * random.next());
  const seconds = Math.max(failure.retry_after, backoff);
  return {
    at: attempt.at + Math.ceil(seconds * 1_000),
    caller: attempt.caller,
    retry_count: attempt.retry_count + 1,
  };
}

/** Inserts by time into a sorted list; entries with equal times keep their order. */
export function enqueue(waiting: Attempt[], attempt: Attempt): void {
  let low = 0;
  let high = waiting.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((waiting[middle]?.at ?? 0) <= attempt.at) low = middle + 1;
    else high = middle;
  }
  waiting.splice(low, 0, attempt);
}
