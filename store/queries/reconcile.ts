import type { Store } from '../connect.ts';

/** One row of the ledger as `reconcile` reads it. */
export interface LedgerRow {
  topic: string;
  partition: number;
  incarnation: number;
  kind: 'batch' | 'lost' | 'replay';
  from: number;
  to: number;
  counted: number;
  failed: number;
  skipped: number;
  dead: number;
  holes: number;
  extra: number;
  /** Oldest event time in the batch, epoch seconds; null when nothing was counted. */
  first_ts: number | null;
}

/** Rows that stand at one offset of one partition. */
export interface OffsetCount {
  topic: string;
  partition: number;
  offset: number;
  n: number;
}

/** Requests in a table of counts. */
export interface TableTotal {
  table: string;
  requests: number;
}

/** The ledger of one topic, or of all, in the order of offsets. Throws `StoreError`. */
export async function readLedger(store: Store, topic: string | null): Promise<LedgerRow[]> {
  return store.query<LedgerRow>(
    `SELECT topic, partition, incarnation, kind, from_offset AS from, to_offset AS to,
       counted, failed, skipped, dead, holes, extra, toUnixTimestamp(first_ts) AS first_ts
     FROM ingest_batches WHERE {topic:String} = '' OR topic = {topic:String}
     ORDER BY topic, partition, incarnation, from_offset, to_offset`,
    { topic: topic ?? '' },
  );
}

/** Rows of `error_events` or `dead_letters` that stand more than once: same topic, partition, offset and part. */
export async function readRepeated(
  store: Store,
  table: 'error_events' | 'dead_letters',
  topic: string | null,
): Promise<OffsetCount[]> {
  const since = table === 'error_events' ? 'tuple(ts, request_id)' : 'tuple(reason)';
  return store.query<OffsetCount>(
    `SELECT topic, partition, offset, count() AS n FROM ${table}
     WHERE {topic:String} = '' OR topic = {topic:String}
     GROUP BY topic, partition, offset, part, ${since} HAVING n > 1 ORDER BY topic, partition, offset LIMIT 100`,
    { topic: topic ?? '' },
  );
}

/** Number of rows of a table per topic and partition. */
export async function readRowCounts(
  store: Store,
  table: 'error_events' | 'dead_letters',
  topic: string | null,
): Promise<{ topic: string; partition: number; n: number }[]> {
  return store.query(
    `SELECT topic, partition, count() AS n FROM ${table}
     WHERE {topic:String} = '' OR topic = {topic:String} GROUP BY topic, partition`,
    { topic: topic ?? '' },
  );
}

/** Requests in `request_counts` and in each of its rollups, over all that they still hold. */
export async function readTotals(store: Store): Promise<TableTotal[]> {
  return store.query<TableTotal>(
    ['request_counts', 'request_counts_1m', 'request_counts_1h']
      .map((table) => `SELECT '${table}' AS table, sum(requests) AS requests FROM ${table}`)
      .join(' UNION ALL '),
  );
}
