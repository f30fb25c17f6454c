import { everyReplica } from '../cluster-ddl.ts';
import type { Store } from '../store.ts';

/** The end of the ledger of a partition, from its newest batch. `to` is exclusive. */
export interface LedgerEndRow {
  topic: string;
  partition: number;
  incarnation: number;
  to: number;
  topic_id: string;
  digest: string;
}

/**
 * The end of the ledger for each known partition of a topic, also when only the sums by day are left. On a cluster a
 * replica may lack the newest rows, so all replicas that answer are asked, and the newest row counts. A shard without
 * any replica is an error, never an empty ledger. Throws `StoreError`.
 */
export async function readLedgerEnds(store: Store, topic: string): Promise<LedgerEndRow[]> {
  const rows = newest([
    ...(await store.query<LedgerEndRow>(endsIn('ingest_batches'), { topic })),
    ...(await store.query<LedgerEndRow>(endsByDay, { topic })),
  ]);
  if (store.cluster === '') return rows;
  const replicas = `${endsIn(everyReplica(store, 'ingest_batches'))} SETTINGS skip_unavailable_shards = 1`;
  return newest([...rows, ...(await store.query<LedgerEndRow>(replicas, { topic }))]);
}

function endsIn(table: string): string {
  return `SELECT topic, partition, incarnation, to_offset AS to, topic_id, last_digest AS digest
     FROM ${table}
     WHERE topic = {topic:String} AND kind IN ('batch', 'lost')
     ORDER BY incarnation DESC, to_offset DESC
     LIMIT 1 BY topic, partition`;
}

const endsByDay = `SELECT topic, partition, incarnation, max(ledger_end).1 AS to,
     max(ledger_end).2 AS topic_id, max(ledger_end).3 AS digest
   FROM ingest_days
   WHERE topic = {topic:String}
   GROUP BY topic, partition, incarnation HAVING to >= 0
   ORDER BY incarnation DESC
   LIMIT 1 BY topic, partition`;

function newest(rows: readonly LedgerEndRow[]): LedgerEndRow[] {
  const ends = new Map<number, LedgerEndRow>();
  for (const row of rows) {
    const end = ends.get(row.partition);
    const later =
      end === undefined ||
      row.incarnation > end.incarnation ||
      (row.incarnation === end.incarnation && row.to > end.to);
    if (later) ends.set(row.partition, row);
  }
  return [...ends.values()];
}

/**
 * Event time (epoch seconds) of the oldest request in the batches of these topics; null when none was counted. Throws
 * `StoreError`.
 */
export async function readFirstEvent(store: Store, topics: readonly string[]): Promise<number | null> {
  const [row] = await store.query<{ first: number | null }>(
    'SELECT toUnixTimestamp(min(first_ts)) AS first FROM ingest_batches WHERE topic IN {topics:Array(String)}',
    { topics },
  );
  return row?.first ?? null;
}

/** Up to 1,000 topics of which something is stored; a file is a topic too. Throws `StoreError`. */
export async function readStoredTopics(store: Store): Promise<string[]> {
  const rows = await store.query<{ topic: string }>(
    'SELECT topic FROM ingest_days GROUP BY topic ORDER BY topic LIMIT 1000',
  );
  return rows.map(({ topic }) => topic);
}
