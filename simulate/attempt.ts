import type { Caller } from './caller.ts';
import type { Failure } from './failures/failure.ts';
import type { Random } from './random.ts';

/** A request about to be sent: the first try or a later one. */
export interface Attempt {
  at: number;
  caller: Caller;
  retry_count: number;
  /** What the API's headers say after it, where a bucket is kept for the caller. */
  limit?: { requests: number; remaining: number };
}

/** The try after a failure, by the SDKs' back-off: the header when there is one, else half a second, doubled, with jitter. */
export function nextAttempt(attempt: Attempt, failure: Failure, random: Random): Attempt {
  const backoff = Math.min(0.5 * 2 ** attempt.retry_count, 8) * (1 - 0.25 * random.next());
  const seconds = Math.max(failure.retry_after, backoff);
  return {
    at: attempt.at + Math.ceil(seconds * 1_000),
    caller: attempt.caller,
    retry_count: attempt.retry_count + 1,
  };
}

/** Inserts by time into a sorted list; equal times stay in their order. */
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
