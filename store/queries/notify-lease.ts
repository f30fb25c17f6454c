import type { Store } from '../store.ts';
import { tsvRow, tsvTime } from '../tsv.ts';

/** One analyzer that can send messages. Times are epoch seconds by the store's clock. */
export interface LeaseRow {
  holder: string;
  /** When it started. */
  since: number;
  /** When it last reported. */
  at: number;
  has_left: boolean;
}

/** Records that a holder runs, or has left; `since` null: the holder starts now. Throws `StoreError`. */
export async function writeLease(
  store: Store,
  holder: string,
  since: number | null,
  hasLeft: boolean,
): Promise<void> {
  const row = since === null ? tsvRow([holder, hasLeft]) : tsvRow([holder, hasLeft, tsvTime(since * 1000)]);
  const columns = since === null ? ['holder', 'has_left'] : ['holder', 'has_left', 'since'];
  await store.insert({ table: 'notify_lease', columns, body: Buffer.from(row), token: '' });
}

/**
 * The holders that reported in the last hour, and the store's clock (epoch seconds; 0 when there are no holders).
 * Throws `StoreError`.
 */
export async function readLease(store: Store): Promise<{ now: number; rows: LeaseRow[] }> {
  const rows = await store.query<LeaseRow & { now: number }>(
    `SELECT holder, toUnixTimestamp64Milli(l.since) / 1000 AS since, toUnixTimestamp64Milli(l.at) / 1000 AS at, has_left,
       toUnixTimestamp64Milli(now64(3, 'UTC')) / 1000 AS now
     FROM notify_lease AS l FINAL WHERE l.at > now64(3, 'UTC') - toIntervalHour(1)`,
  );
  return { now: rows[0]?.now ?? 0, rows };
}
