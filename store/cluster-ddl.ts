/** A cluster as `remote_servers` of its servers names it, and the database in it. */
export interface ClusterTarget {
  cluster: string;
  database: string;
}

/**
 * The statements that one statement of a schema file becomes on a cluster: tables are Replicated and end in `_local`,
 * views lead from local table to local table, and a Distributed table of the plain name stands over each. Every name
 * carries its database, because a cluster can have a default database of its own. Pure.
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
  // A Distributed table has columns of its own; TTL, settings and projections are the local table's.
  return [filled, `ALTER TABLE ${target.database}.${altered[1]} ${altered[2]}`];
}

/** Whether an ALTER is about columns alone. Throws when it mixes them with what only the local table has. */
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

/** The table that holds the rows: on a cluster the one below the Distributed table. */
export function localTable({ cluster }: { cluster: string }, table: string): string {
  return cluster === '' ? table : `${table}_local`;
}

/** All replicas of a local table, to be read as one: rows that are replicated already appear once per replica. */
export function everyReplica({ cluster, database }: ClusterTarget, table: string): string {
  return `clusterAllReplicas('${cluster}', ${database}.${table}_local)`;
}

/**
 * Keeper paths hold no UUID: a server that joins later must find the path of its shard, and two processes that
 * create a table at once must mean the same one. {shard} and {replica} are macros of the servers.
 */
const keeperPath = `'/clickhouse/tables/{shard}/{database}/{table}'`;
const replicaName = `'{replica}'`;

/**
 * Blocks that a shard's table remembers. At 50 batches per second and shard it is ten minutes, several times what
 * lies between the first and the last attempt at a batch (docs/scaling.md); a week where less comes in.
 */
const deduplicationWindow =
  'replicated_deduplication_window = 30000, replicated_deduplication_window_seconds = 604800';

/**
 * Where rows go when an insert names no shard. Batches always name one, and their tables have no key, so that an
 * insert that does not is refused instead of being spread. `null`: no key.
 */
const shardingKeys: Readonly<Record<string, string | null>> = {
  request_counts: null,
  request_counts_1m: null,
  request_counts_1h: null,
  error_events: null,
  dead_letters: null,
  ingest_batches: null,
  ingest_days: null,
  // All versions of an incident meet on one shard, where FINAL and merges find them.
  incidents: 'sipHash64(id)',
  // The newest report on a partition replaces the others only where it meets them.
  ingest_state: 'sipHash64(topic, partition)',
  // All versions of one meet.
  notifications: 'sipHash64(id)',
  notify_lease: 'sipHash64(holder)',
  acknowledgements: 'sipHash64(incident)',
  silences: 'sipHash64(id)',
  incident_versions: 'sipHash64(id)',
  analyzer_settings: 'sipHash64(since)',
  reclassify_runs: 'term',
  reclassify_units: 'sipHash64(run)',
  reclassify_events: 'sipHash64(run)',
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
