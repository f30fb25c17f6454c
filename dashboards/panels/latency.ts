import { LATENCY_BUCKETS_MS } from '../../domain/count-row.ts';

/** SQL for latency. Counts have a histogram in `latency_buckets`, whose upper bounds double from step to step. */

/** Milliseconds that are shown as the upper bound of the last bucket, which has none. */
const OPEN_MS = (LATENCY_BUCKETS_MS.at(-1) ?? 0) * 2;

/** SQL of a percentile of the columns `bound` and `n` that `bucketJoin` makes; null when nothing was measured. */
export function percentile(part: number): string {
  return `if(sum(n) = 0, NULL, quantileInterpolatedWeighted(${part})(bound, n))`;
}

/**
 * SQL after a FROM whose rows have the map `buckets`: makes one row per bucket, with its upper bound in milliseconds.
 */
export const bucketJoin = `ARRAY JOIN arrayMap(b -> if(b = 0, ${OPEN_MS}, toUInt64(b)), mapKeys(buckets)) AS bound, mapValues(buckets) AS n`;

/** The columns of a heatmap, lowest bucket first: name, title, and SQL of the bucket's requests per interval. */
export const latencyColumns: readonly { name: string; title: string; sql: string }[] = [
  ...LATENCY_BUCKETS_MS,
  0,
].map((bound) => ({
  name: bound === 0 ? 'le_open' : `le_${bound}`,
  title: bound === 0 ? 'longer' : bound < 1_000 ? `${bound} ms` : `${Math.round(bound / 100) / 10} s`,
  sql: `sum(latency_buckets[${bound}])`,
}));
