import type { Store } from '../connect.ts';

/** Batches that came in so lately say whether ingest is behind; older ones say nothing, seconds. */
const RECENT_SECONDS = 60;

/**
 * Event time (epoch seconds) up to which ingest has counted, where it is at work and behind `now`; null when it is
 * not behind, or when nothing has come in lately, so that nothing can be said. Throws `StoreError`.
 */
export async function readWatermark(store: Store, now: number): Promise<number | null> {
  const [row] = await store.query<{ n: number; last: number }>(
    `SELECT count() AS n, toUnixTimestamp(min(newest)) AS last FROM (
       SELECT topic, partition, max(last_ts) AS newest FROM ingest_batches
       WHERE kind = 'batch' AND inserted_at > fromUnixTimestamp64Milli({since:Int64}) AND last_ts IS NOT NULL
       GROUP BY topic, partition)`,
    { since: Math.floor((now - RECENT_SECONDS) * 1000) },
  );
  return row === undefined || row.n === 0 || row.last >= now ? null : row.last;
}
