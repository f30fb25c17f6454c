/** A cluster, by its name in `remote_servers` of its servers, and a database on it. */
export interface ClusterTarget {
  cluster: string;
  database: string;
}

/**
 * Turns one statement of a schema file into the statements for a cluster. Tables become Replicated and get the suffix
 * `_local`, views read and write local tables, and each local table gets a Distributed table with the plain name. Every
 * name includes its database, because a cluster can have a default database of its own. Pure.
 */
export function clusterStatements(statement: string, target: ClusterTarget): string[] {
  const on = onCluster(target.cluster);
  const filled = statement
    .replaceAll(/\b(\w+)\{local\}/g, `${target.database}.$1_local`)
    .replaceAll(/IF (NOT )?EXISTS (\w+) \{on_cluster\}/g, `IF $1EXISTS ${target.database}.$2 {on_cluster}`)
    .replaceAll('{on_cluster}', on)
    .replaceAll('{window}', deduplicationWindow)
    .replaceAll(/\{engine:(\w+)\((.*?)\)\}/g, (_whole, engine: string, args: string) => {
      return `Replicated${engine}(${[keeperPath, replicaName, args].filter((arg) => arg !== '').join(', ')})`;
    });
  const created = /^CREATE TABLE IF NOT EXISTS \w+\.(\w+)_local /.exec(filled)?.[1];
  if (created !== undefined) return [filled, distributedTable(created, target)];
  const altered = /^ALTER TABLE \w+\.(\w+)_local (.*)$/s.exec(filled);
  if (altered === null || !changesColumns(filled)) return [filled];
  // A Distributed table has its own list of columns; TTL, settings and projections belong to the local table only.
  return [filled, `ALTER TABLE ${target.database}.${altered[1]} ${altered[2]}`];
}

/** Whether an ALTER changes only columns. Throws when it also changes what only the local table has. */
function changesColumns(statement: string): boolean {
  const bare = statement.replaceAll(/'[^']*'/g, "''");
  const actions = bare.match(/\b(ADD|DROP|MODIFY|RENAME|COMMENT|REMOVE|MATERIALIZE|CLEAR) [A-Z]+/g) ?? [];
  const ofColumns = actions.filter((action) => /^(ADD|DROP|MODIFY|RENAME|COMMENT) COLUMN$/.test(action));
  if (ofColumns.length > 0 && ofColumns.length < actions.length)
    throw new Error(
      `an ALTER changes columns and other things: write two statements: ${statement.split('\n', 1)[0]}`,
    );
  return ofColumns.length > 0;
}

/** The clause that sends a statement to every server of the cluster. */
export function onCluster(cluster: string): string {
  return `ON CLUSTER '${cluster}'`;
}

/** The table that holds the rows: on a cluster the local table, otherwise the table itself. */
export function localTable({ cluster }: { cluster: string }, table: string): string {
  return cluster === '' ? table : `${table}_local`;
}

/** Reads all replicas of a local table as one table: each replicated row appears once per replica. */
export function everyReplica({ cluster, database }: ClusterTarget, table: string): string {
  return `clusterAllReplicas('${cluster}', ${database}.${table}_local)`;
}

/**
 * These paths in Keeper contain no UUID: a server that joins later must find the path of its shard, and two processes
 * that create a table at once must use the same path. {shard} and {replica} are macros of the servers.
 */
const keeperPath = `'/clickhouse/tables/{shard}/{database}/{table}'`;
const replicaName = `'{replica}'`;

/**
 * How many blocks a table of a shard remembers. With 50 batches per second and shard, they span ten minutes, several
 * times the longest time between the first and the last try of a batch (docs/scaling.md). With fewer batches, they span
 * up to a week.
 */
const deduplicationWindow =
  'replicated_deduplication_window = 30000, replicated_deduplication_window_seconds = 604800';

/**
 * Sharding keys: where rows go when an insert names no shard. `null` means no key. Inserts of batches always name a
 * shard, so their tables have no key: an insert without a shard is refused instead of being spread.
 */
const shardingKeys: Readonly<Record<string, string | null>> = {
  request_counts: null,
  request_counts_1m: null,
  request_counts_1h: null,
  error_events: null,
  dead_letters: null,
  ingest_batches: null,
  ingest_days: null,
  // All versions of an incident are on one shard, where FINAL and merges find them.
  incidents: 'sipHash64(id)',
  // The newest report on a partition replaces the older ones only if they are on the same shard.
  ingest_state: 'sipHash64(topic, partition)',
  // All versions of a message are on one shard.
  notifications: 'sipHash64(id)',
  notify_lease: 'sipHash64(holder)',
  acknowledgements: 'sipHash64(incident)',
  silences: 'sipHash64(id)',
  incident_versions: 'sipHash64(id)',
  analyzer_settings: 'sipHash64(since)',
  reclassify_runs: 'term',
  reclassify_units: 'sipHash64(run)',
  reclassify_events: 'sipHash64(run)',
  dead_letter_replays: 'number',
  schema_migrations: 'sipHash64(name)',
  retention_changes: 'sipHash64(table)',
};

function distributedTable(table: string, { cluster, database }: ClusterTarget): string {
  const key = shardingKeys[table];
  if (key === undefined)
    throw new Error(`table ${table} has no entry under shardingKeys: add it to store/cluster-ddl.ts`);
  const args = [`'${cluster}'`, `'${database}'`, `'${table}_local'`, ...(key === null ? [] : [key])];
  return `CREATE TABLE IF NOT EXISTS ${database}.${table} ${onCluster(cluster)} AS ${database}.${table}_local ENGINE = Distributed(${args.join(', ')})`;
}
