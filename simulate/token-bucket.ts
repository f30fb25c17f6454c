import type { Attempt } from './attempt.ts';
import { failuresOf } from './failures/catalogue.ts';
import type { SimulatedFailure } from './failures/failure.ts';
import type { Random } from './random.ts';
import { matches, type Scenario, type TokenBucket } from './scenario.ts';

interface BucketLevel {
  tokens: number;
  /** Time when the bucket was last filled, epoch milliseconds. */
  at: number;
}

/**
 * Returns a function that takes a token for each attempt of a caller with a bucket, and notes the remaining tokens on
 * the attempt. The function returns the refusal when there is no token, otherwise null. Each organization and model has
 * its own bucket, which fills evenly.
 */
export function tokenBuckets(
  scenario: Scenario,
  random: Random,
): (attempt: Attempt) => SimulatedFailure | null {
  const { buckets = [] } = scenario;
  if (buckets.length === 0) return () => null;
  const levels = new Map<string, BucketLevel>();
  const bucketOf = new Map(
    scenario.callers.map((caller): [Attempt['caller'], TokenBucket | undefined] => [
      caller,
      buckets.find(({ where }) => matches(caller, where)),
    ]),
  );
  return (attempt) => {
    const { caller, at } = attempt;
    const bucket = bucketOf.get(caller);
    if (bucket === undefined) return null;
    const most = bucket.requests_per_minute;
    const name = JSON.stringify([caller.org, caller.model]);
    const level = levels.get(name) ?? { tokens: most, at };
    levels.set(name, level);
    level.tokens = Math.min(most, level.tokens + ((at - level.at) * most) / 60_000);
    level.at = at;
    if (level.tokens < 1) {
      const refusals = failuresOf(caller, 'rate_limit').filter((row) => row.id.includes('requests'));
      return random.pick(refusals.length > 0 ? refusals : failuresOf(caller, 'rate_limit'));
    }
    level.tokens -= 1;
    attempt.limit = { requests: most, remaining: Math.floor(level.tokens) };
    return null;
  };
}
