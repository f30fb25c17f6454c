import { LATENCY_BUCKETS_MS } from '../../domain/count-row.ts';

/** What panels say of latency. Counts keep a histogram whose steps double: the buckets of `latency_buckets`. */

/** Upper bound that stands for the open bucket, in milliseconds. */
const OPEN_MS = (LATENCY_BUCKETS_MS.at(-1) ?? 0) * 2;

/** SQL of a percentile from the columns `bound` and `n` that `bucketJoin` gives; null where nothing was measured. */
export function percentile(part: number): string {
  return `if(sum(n) = 0, NULL, quantileInterpolatedWeighted(${part})(bound, n))`;
}

/** SQL after a FROM whose rows have the map `buckets`: one row a bucket, with its upper bound in milliseconds. */
export const bucketJoin = `ARRAY JOIN arrayMap(b -> if(b = 0, ${OPEN_MS}, toUInt64(b)), mapKeys(buckets)) AS bound, mapValues(buckets) AS n`;

/** The columns of a heatmap, lowest bucket first: name, title, and SQL of the requests per interval in it. */
export const latencyColumns: readonly { name: string; title: string; sql: string }[] = [
  ...LATENCY_BUCKETS_MS,
  0,
].map((bound) => ({
  name: bound === 0 ? 'le_open' : `le_${bound}`,
  title: bound === 0 ? 'longer' : bound < 1_000 ? `${bound} ms` : `${Math.round(bound / 100) / 10} s`,
  sql: `sum(latency_buckets[${bound}])`,
}));
