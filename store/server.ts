import { Readable } from 'node:stream';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { onCluster } from './cluster-ddl.ts';
import type { Store, StoreOptions } from './connect.ts';
import { attempt, createStore } from './create-store.ts';
import { StoreError, toStoreError } from './error.ts';
import { clusterSettings, insertSettings } from './insert-settings.ts';

/** Opens a server over HTTP. Throws `StoreError`. */
export async function openServer(options: StoreOptions): Promise<Store> {
  const connect = (database: string): ClickHouseClient =>
    createClient({
      url: options.url,
      username: options.user,
      password: options.password,
      database,
      application: 'faultline',
      request_timeout: options.timeoutMs ?? 60_000,
      max_open_connections: 16,
      log: { level: 127 },
      clickhouse_settings: {
        output_format_json_quote_64bit_integers: 0,
        ...(options.cluster === '' ? {} : clusterSettings),
      },
    });
  const where = options.url;
  const first = await attempt(where, () => connect('default'));
  let shards: number;
  try {
    shards = await attempt(where, () => countShards(first, options));
    await attempt(where, () => createDatabase(first, options));
  } finally {
    await first.close();
  }
  const client = connect(options.database);
  return createStore('server', where, options, {
    read: (act) => act(client),
    insert: async (insert) => {
      await client.insert({
        table: insert.table,
        columns: nonEmpty(insert.columns),
        values: Readable.from([insert.body], { objectMode: false }),
        format: 'TabSeparated',
        clickhouse_settings: insertSettings(insert, shards),
      });
    },
    close: () => client.close(),
  });
}

/** 0 without a cluster. The number is read once: shards are added while no worker runs (docs/scaling.md). */
async function countShards(client: ClickHouseClient, { cluster, url }: StoreOptions): Promise<number> {
  if (cluster === '') return 0;
  const query = `SELECT maxIf(shard_num, cluster = {cluster:String}) AS shards, groupUniqArray(cluster) AS known,
      countIf(cluster = {cluster:String} AND NOT internal_replication) AS copying
    FROM system.clusters`;
  const answer = await client.query({ query, query_params: { cluster }, format: 'JSONEachRow' });
  const [row] = await answer.json<{ shards: number; known: string[]; copying: number }>();
  if (row === undefined || row.shards === 0) {
    const known = row?.known.sort().join(', ') || 'none';
    throw new StoreError(
      'refused',
      `ClickHouse at ${url} knows no cluster ${cluster} (it knows ${known}): check clickhouse.cluster`,
    );
  }
  if (row.copying > 0) {
    const message = `cluster ${cluster} of ClickHouse at ${url} has shards without internal_replication: set it to true in remote_servers, replicas copy by themselves`;
    throw new StoreError('refused', message);
  }
  return row.shards;
}

/** A statement for the whole cluster waits for servers that are down: it is sent only where the database is missing. */
async function createDatabase(client: ClickHouseClient, { cluster, database }: StoreOptions): Promise<void> {
  if (cluster !== '') {
    const query = `SELECT uniqExact(hostName(), tcpPort()) AS servers,
        uniqExactIf((hostName(), tcpPort()), name = {database:String}) AS ready
      FROM clusterAllReplicas('${cluster}', system.databases) SETTINGS skip_unavailable_shards = 1`;
    const answer = await client.query({ query, query_params: { database }, format: 'JSONEachRow' });
    const [row] = await answer.json<{ servers: number; ready: number }>();
    if (row !== undefined && row.ready > 0 && row.ready === row.servers) return;
  }
  try {
    await client.command({
      query: `CREATE DATABASE IF NOT EXISTS ${database} ${cluster === '' ? '' : onCluster(cluster)}`,
    });
  } catch (error) {
    // Whoever may only read needs no database made; that it is missing shows at the first query.
    const { serverCode } = toStoreError(error, '');
    if (serverCode !== 164 && serverCode !== 497) throw error;
  }
}

function nonEmpty<T>(items: readonly T[]): [T, ...T[]] {
  const [first, ...rest] = items;
  if (first === undefined) throw new StoreError('refused', 'an empty list of columns or sessions');
  return [first, ...rest];
}
