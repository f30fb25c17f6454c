import { onCluster } from './cluster-ddl.ts';
import type { Store, StoreOptions } from './store.ts';
import { StoreError } from './error.ts';

/**
 * Counts the shards of the cluster; 0 without a cluster. Throws `StoreError` when the cluster cannot be used. The
 * number is read once at start, because shards are added only while no worker runs (docs/scaling.md).
 */
export async function countShards(store: Store, { cluster, url }: StoreOptions): Promise<number> {
  if (cluster === '') return 0;
  const query = `SELECT maxIf(shard_num, cluster = {cluster:String}) AS shards, groupUniqArray(cluster) AS known,
      countIf(cluster = {cluster:String} AND NOT internal_replication) AS copying
    FROM system.clusters`;
  type Found = { shards: number; known: string[]; copying: number };
  const [row] = await store.query<Found>(query, { cluster });
  if (row === undefined || row.shards === 0) {
    const known = row?.known.sort().join(', ') || 'none';
    throw new StoreError(
      'refused',
      `ClickHouse at ${url} has no cluster ${cluster} (its clusters: ${known}): check clickhouse.cluster`,
    );
  }
  if (row.copying > 0) {
    const message = `cluster ${cluster} of ClickHouse at ${url} has shards without internal_replication: set it to true in remote_servers, replicas copy by themselves`;
    throw new StoreError('refused', message);
  }
  return row.shards;
}

/**
 * Creates the database when it is missing. On a cluster the statement waits for servers that are down, so it is sent
 * only when a server lacks the database. Throws `StoreError`.
 */
export async function createDatabase(store: Store, { cluster, database }: StoreOptions): Promise<void> {
  if (cluster !== '') {
    const query = `SELECT uniqExact(hostName(), tcpPort()) AS servers,
        uniqExactIf((hostName(), tcpPort()), name = {database:String}) AS ready
      FROM clusterAllReplicas('${cluster}', system.databases) SETTINGS skip_unavailable_shards = 1`;
    const [row] = await store.query<{ servers: number; ready: number }>(query, { database });
    if (row !== undefined && row.ready > 0 && row.ready === row.servers) return;
  }
  try {
    await store.command(
      `CREATE DATABASE IF NOT EXISTS ${database} ${cluster === '' ? '' : onCluster(cluster)}`,
    );
  } catch (error) {
    // A user who may only read cannot create a database. If the database is missing, the first query fails and says so.
    if (!(error instanceof StoreError) || (error.serverCode !== 164 && error.serverCode !== 497)) throw error;
  }
}
