import type { Store } from '../store.ts';
import { bounded, MOST_FINDINGS } from './reconcile.ts';

/** Dead letters of a partition according to the ledger. */
export interface LedgerDead {
  topic: string;
  partition: number;
  dead: number;
}

/**
 * Dead letters of a partition in `dead_letters`: `least` counts those stored in the time in question; `most` also
 * counts earlier ones whose offset may belong to batches of that time.
 */
export interface StoredDead {
  topic: string;
  partition: number;
  least: number;
  most: number;
}

/** Dead letters in batches that were stored at or after `since` (epoch seconds). Throws `StoreError`. */
export async function readLedgerDead(store: Store, since: number): Promise<LedgerDead[]> {
  return store.query<LedgerDead>(
    `SELECT b.topic AS topic, b.partition AS partition, sum(b.dead) AS dead FROM ingest_batches AS b
     WHERE b.dead > 0 AND b.kind = 'batch' AND b.inserted_at >= toDateTime({since:UInt32}, 'UTC')
     GROUP BY topic, partition ${bounded(store)}`,
    { since },
  );
}

/**
 * The stored dead letters of the batches that were stored at or after `since`. A dead letter is stored before the
 * ledger row of its batch, and long before that row when a worker crashed in between. So `most` also counts dead
 * letters that were stored from `earliest` on, if their offset is not below the first offset of these batches. Times
 * are epoch seconds. Throws `StoreError`.
 */
export async function readStoredDead(store: Store, since: number, earliest: number): Promise<StoredDead[]> {
  return store.query<StoredDead>(
    `SELECT d.topic AS topic, d.partition AS partition, countIf(d.inserted_at >= toDateTime({since:UInt32}, 'UTC')) AS least,
       countIf(d.inserted_at >= toDateTime({since:UInt32}, 'UTC') OR d.offset >= l.first_offset) AS most
     FROM dead_letters AS d
     GLOBAL LEFT JOIN (
       SELECT topic, partition, toNullable(min(from_offset)) AS first_offset FROM ingest_batches
       WHERE kind = 'batch' AND inserted_at >= toDateTime({since:UInt32}, 'UTC') GROUP BY topic, partition
     ) AS l ON d.topic = l.topic AND d.partition = l.partition
     WHERE d.inserted_at >= toDateTime({earliest:UInt32}, 'UTC')
     GROUP BY topic, partition ${bounded(store)}`,
    { since, earliest },
  );
}

/** How many equal rows one offset of one partition has. */
export interface OffsetCount {
  topic: string;
  partition: number;
  offset: number;
  n: number;
}

/**
 * Rows of `error_events` or `dead_letters` with the same position (topic, partition, offset, part) and the same content
 * that occur more often than the partition has incarnations. Content means time and request id, or the reason of a dead
 * letter. A file that is truncated and rewritten may contain the same line at the same offset again. Throws
 * `StoreError`.
 */
export async function readRepeated(
  store: Store,
  table: 'error_events' | 'dead_letters',
): Promise<OffsetCount[]> {
  const since = table === 'error_events' ? 'ts, request_id' : 'reason';
  return store.query<OffsetCount>(
    `SELECT r.topic AS topic, r.partition AS partition, r.offset AS offset, r.n AS n FROM (
       SELECT topic, partition, offset, count() AS n FROM ${table}
       GROUP BY topic, partition, offset, part, ${since} HAVING n > 1
     ) AS r LEFT JOIN (
       SELECT topic, partition, uniqExact(incarnation) AS incarnations FROM (
         SELECT topic, partition, incarnation FROM ingest_batches UNION ALL
         SELECT topic, partition, incarnation FROM ingest_days)
       GROUP BY topic, partition
     ) AS l ON r.topic = l.topic AND r.partition = l.partition
     WHERE r.n > greatest(1, l.incarnations)
     ORDER BY topic, partition, offset LIMIT {limit:UInt32} ${bounded(store)}`,
    { limit: MOST_FINDINGS },
  );
}
