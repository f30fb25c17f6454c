import type { Store } from '../store.ts';

/** The starts (epoch seconds, ascending) of the hours of a span that have counts. Throws `StoreError`. */
export async function readBusyHours(
  store: Store,
  { from, to }: { from: number; to: number },
): Promise<number[]> {
  const rows = await store.query<{ hour: number }>(
    `SELECT DISTINCT toUnixTimestamp(toStartOfHour(ts)) AS hour FROM request_counts
     WHERE ts >= toDateTime({from:UInt32}, 'UTC') AND ts < toDateTime({to:UInt32}, 'UTC') ORDER BY hour`,
    { from: Math.max(0, Math.floor(from)), to: Math.ceil(to) },
  );
  return rows.map(({ hour }) => hour);
}
