import type { Store } from '../store.ts';

/** Records that Kafka had deleted before they were read. */
export interface Loss {
  topic: string;
  partition: number;
  /** Offsets `[from, to)`. */
  from: number;
  to: number;
  /** When the worker noticed, epoch seconds. */
  at: number;
}

/** The losses that the ledger has recorded since a time (epoch seconds), oldest first. Throws `StoreError`. */
export async function readLosses(store: Store, since: number): Promise<Loss[]> {
  // Asked every 10 s: one narrow column of the ledger is read, and the rest only where something was lost.
  return store.query<Loss>(
    `SELECT topic, partition, from_offset AS from, to_offset AS to, toUnixTimestamp(inserted_at) AS at
     FROM ingest_batches PREWHERE kind = 'lost' WHERE inserted_at >= toDateTime({since:UInt32}, 'UTC')
     ORDER BY inserted_at, topic, partition, from_offset`,
    { since: Math.max(0, Math.floor(since)) },
  );
}
