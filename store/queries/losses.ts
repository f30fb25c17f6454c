import type { Store } from '../store.ts';

/** Records that Kafka deleted before they were read. */
export interface Loss {
  topic: string;
  partition: number;
  /** Offsets `[from, to)`. */
  from: number;
  to: number;
  /** When the worker noticed it, epoch seconds. */
  at: number;
}

/** The losses that the ledger recorded since a time (epoch seconds), oldest first. Throws `StoreError`. */
export async function readLosses(store: Store, since: number): Promise<Loss[]> {
  // This query runs every 10 s. It reads one narrow column of the ledger, and the others only for losses.
  return store.query<Loss>(
    `SELECT topic, partition, from_offset AS from, to_offset AS to, toUnixTimestamp(inserted_at) AS at
     FROM ingest_batches PREWHERE kind = 'lost' WHERE inserted_at >= toDateTime({since:UInt32}, 'UTC')
     ORDER BY inserted_at, topic, partition, from_offset`,
    { since: Math.max(0, Math.floor(since)) },
  );
}
