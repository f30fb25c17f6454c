import type { PartitionStatus } from '../worker-status.ts';
import { partitionKey } from '../partition-id.ts';

/** The values shown for one partition, or for all partitions beyond the limit together; null: unknown. */
export interface PartitionSeries {
  topic: string;
  partition: string;
  lag_records: number | null;
  lag_seconds: number | null;
  /** Event time, epoch seconds. */
  watermark: number | null;
}

/**
 * One series for each of the first `limit` partitions by name, and one called `other` for all others: the sum of their
 * records, the greatest of their seconds, the oldest of their watermarks. `watermarks`: event time of the newest
 * request written, epoch ms, by `partitionKey`; `now`: epoch ms.
 */
export function partitionSeries(
  partitions: readonly PartitionStatus[],
  watermarks: ReadonlyMap<string, number>,
  limit: number,
  now: number,
): PartitionSeries[] {
  const all = partitions.map((status) => seriesOf(status, watermarks.get(partitionKey(status)) ?? null, now));
  if (all.length <= limit) return all;
  all.sort((a, b) => compare(a.topic, b.topic) || Number(a.partition) - Number(b.partition));
  const rest = all.splice(limit);
  const known = (pick: (series: PartitionSeries) => number | null): number[] =>
    rest.map(pick).filter((value) => value !== null);
  const records = known((series) => series.lag_records);
  all.push({
    topic: 'other',
    partition: 'other',
    lag_records: records.length === 0 ? null : records.reduce((sum, value) => sum + value, 0),
    lag_seconds: extreme(
      known((series) => series.lag_seconds),
      Math.max,
    ),
    watermark: extreme(
      known((series) => series.watermark),
      Math.min,
    ),
  });
  return all;
}

function seriesOf(status: PartitionStatus, written: number | null, now: number): PartitionSeries {
  const { topic, partition, unwritten } = status;
  return {
    topic,
    partition: String(partition),
    lag_records: unwritten,
    lag_seconds: lagSeconds(status, written, now),
    watermark: written === null ? null : written / 1000,
  };
}

/**
 * How far the stored requests are behind the clock, in seconds; null: unknown. Clocks of clients can be wrong, so a
 * request with a time in the future has no lag.
 */
function lagSeconds(
  { unwritten, waiting_ts }: PartitionStatus,
  written: number | null,
  now: number,
): number | null {
  const since = waiting_ts ?? (unwritten === 0 ? now : unwritten === null ? null : written);
  return since === null ? null : Math.max(0, (now - since) / 1000);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function extreme(values: readonly number[], better: (a: number, b: number) => number): number | null {
  return values.reduce<number | null>((best, value) => (best === null ? value : better(best, value)), null);
}
