import { everyReplica } from '../cluster-ddl.ts';
import type { Store } from '../store.ts';

/**
 * The names that the batches of a partition were the first to count, for the newest day that the ledger has names of.
 */
export interface NamesOfDay {
  partition: number;
  incarnation: number;
  /** Days since the epoch. */
  day: number;
  names: { dimension: string; value: string }[];
}

/**
 * Names of the newest day for each of these partitions; a partition without names is absent. On a cluster all replicas
 * that answer are asked. Throws `StoreError`.
 */
export async function readNames(
  store: Store,
  topic: string,
  partitions: readonly number[],
): Promise<NamesOfDay[]> {
  const isOne = store.cluster === '';
  const table = isOne ? 'ingest_batches' : everyReplica(store, 'ingest_batches');
  const settings = isOne ? '' : 'SETTINGS skip_unavailable_shards = 1';
  const where = `topic = {topic:String} AND partition IN {partitions:Array(Int32)} AND kind = 'batch'`;
  const newest = await store.query<{ partition: number; incarnation: number; day: number }>(
    `SELECT partition, incarnation, toInt32(max(names_day)) AS day FROM ${table} WHERE ${where}
     GROUP BY partition, incarnation HAVING day > 0 ${settings}`,
    { topic, partitions },
  );
  if (newest.length === 0) return [];
  const found = newest.map((one): NamesOfDay => ({ ...one, names: [] }));
  const keyOf = (one: { partition: number; incarnation: number; day: number }): string =>
    `${one.partition} ${one.incarnation} ${one.day}`;
  const byKey = new Map(found.map((one) => [keyOf(one), one]));
  const rows = await store.query<NamesOfDay & { dimension: string; value: string }>(
    `SELECT DISTINCT partition, incarnation, toInt32(names_day) AS day, dimension, value FROM ${table}
     ARRAY JOIN name_dimensions AS dimension, names AS value
     WHERE ${where} AND names_day >= toDate({from:UInt16}) ${settings}`,
    { topic, partitions, from: Math.min(...newest.map(({ day }) => day)) },
  );
  for (const row of rows) byKey.get(keyOf(row))?.names.push({ dimension: row.dimension, value: row.value });
  return found;
}

/** Requests counted under `(other)` in the batches of the last day, by dimension, most first. Throws `StoreError`. */
export async function readFolded(store: Store): Promise<{ dimension: string; requests: number }[]> {
  return store.query(
    `SELECT dimension, toFloat64(sum(n)) AS requests FROM ingest_batches
     ARRAY JOIN folded_dimensions AS dimension, folded AS n
     WHERE inserted_at > now() - INTERVAL 1 DAY
     GROUP BY dimension ORDER BY requests DESC`,
  );
}
