import { readdir, readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { defaultRetention, type Retention, toRetention } from '../domain/retention.ts';
import { type ClusterTarget, clusterStatements, onCluster } from './cluster-ddl.ts';
import type { Store } from './store.ts';
import { StoreError } from './error.ts';
import { alterTable, applyRetention } from './retention.ts';

const schemaFolder = new URL('./schema/', import.meta.url);

/**
 * Brings the database to the present schema, and its tables to the retention of the settings. Every statement can run
 * again, so repeated runs, two processes at once, and a migration that stopped half-way do no harm: a file is recorded
 * in `schema_migrations` after its last statement. Throws `StoreError`, also when the database is of a newer version.
 */
export async function migrate(
  store: Store,
  retention: Retention = toRetention(defaultRetention),
): Promise<void> {
  const files = await readMigrations(store);
  const done = await appliedMigrations(store, files);
  for (const file of files) {
    if (done.has(file.name)) continue;
    for (const statement of file.statements) await alterTable(store, statement);
    await store.insert({
      table: 'schema_migrations',
      columns: ['name'],
      body: Buffer.from(`${file.name}\n`),
      token: createHash('sha256').update(file.name).digest('hex'),
    });
  }
  await applyRetention(store, retention);
}

/**
 * The migration files that the database lacks; null when it has no tables of faultline. Throws `StoreError` when the
 * database is of a newer version.
 */
export async function missingMigrations(store: Store): Promise<string[] | null> {
  const tables = await store.query(
    `SELECT 1 FROM system.tables WHERE database = {database:String} AND name = 'schema_migrations'`,
    { database: store.database },
  );
  if (tables.length === 0) return null;
  const files = await migrationFiles();
  const done = await namesIn(store);
  refuseNewer(store, done, files);
  return files.filter((name) => !done.has(name));
}

function refuseNewer(store: Store, done: ReadonlySet<string>, files: readonly string[]): void {
  const unknown = [...done].filter((name) => !files.includes(name)).sort();
  if (unknown.length === 0) return;
  throw new StoreError(
    'refused',
    `database ${store.database} at ${store.where} is of a newer version of faultline (${unknown.join(', ')}): use that version, or another database`,
  );
}

/** Names of the migration files, in the order in which they run. */
export async function migrationFiles(): Promise<string[]> {
  return (await readdir(schemaFolder)).filter((name) => name.endsWith('.sql')).sort();
}

/** The statements of a schema file for one server (`cluster` empty) or a cluster. Pure. */
export function statements(text: string, target: ClusterTarget): string[] {
  return text
    .replaceAll(/^\s*--.*$/gm, '')
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
    .flatMap((statement) =>
      target.cluster === '' ? [serverStatement(statement)] : clusterStatements(statement, target),
    );
}

function serverStatement(statement: string): string {
  return statement
    .replaceAll('{local}', '')
    .replaceAll(' {on_cluster}', '')
    .replaceAll('{window}', 'non_replicated_deduplication_window = 30000')
    .replaceAll(/\{engine:(\w+)\((.*?)\)\}/g, '$1($2)');
}

interface Migration {
  name: string;
  statements: readonly string[];
}

async function readMigrations(store: Store): Promise<Migration[]> {
  const read = async (name: string): Promise<Migration> => {
    return { name, statements: statements(await readFile(new URL(name, schemaFolder), 'utf8'), store) };
  };
  return Promise.all((await migrationFiles()).map(read));
}

/**
 * The names of the files that have already run. Throws `StoreError` when the database is of a newer version. On a
 * cluster, first creates the tables on servers that lack them.
 */
async function appliedMigrations(store: Store, files: readonly Migration[]): Promise<Set<string>> {
  const own = statements(historyTable, store);
  const all = [...own, ...files.flatMap((file) => file.statements)];
  const names = all.map(createdName).filter((name) => name !== '');
  const complete = store.cluster === '' ? null : await everyServerHas(store, names);
  if (complete !== true) for (const statement of own) await store.command(statement);
  const done = await namesIn(store);
  refuseNewer(
    store,
    done,
    files.map(({ name }) => name),
  );
  if (complete === false && done.size > 0) await completeServers(store, names);
  return done;
}

const historyTable = `CREATE TABLE IF NOT EXISTS schema_migrations{local} {on_cluster} (
  name String, applied_at DateTime('UTC') DEFAULT now('UTC')
) ENGINE = {engine:MergeTree()} ORDER BY name SETTINGS {window}`;

async function namesIn(store: Store): Promise<Set<string>> {
  const rows = await store.query<{ name: string }>('SELECT DISTINCT name FROM schema_migrations');
  return new Set(rows.map((row) => row.name));
}

function createdName(statement: string): string {
  return /^CREATE (?:TABLE|MATERIALIZED VIEW) IF NOT EXISTS \w+\.(\w+) /.exec(statement)?.[1] ?? '';
}

/**
 * Creates the missing tables on a server that joined the cluster later. The server gets the tables in their present
 * form: Keeper knows their present columns, and would refuse a replica with the columns of an early migration.
 */
async function completeServers(store: Store, names: readonly string[]): Promise<void> {
  const rows = await store.query<{ name: string; definition: string }>(
    `SELECT name, any(create_table_query) AS definition FROM clusterAllReplicas('${store.cluster}', system.tables)
     WHERE database = {database:String} AND name IN {names:Array(String)} GROUP BY name
     SETTINGS skip_unavailable_shards = 1`,
    { database: store.database, names },
  );
  for (const name of names) {
    const definition = rows.find((row) => row.name === name)?.definition;
    if (definition !== undefined) await store.command(onEveryServer(definition, store));
  }
}

/** Turns a definition that ClickHouse printed into a statement for the whole cluster. Pure. */
export function onEveryServer(definition: string, { cluster }: ClusterTarget): string {
  return definition.replace(
    /^CREATE (TABLE|MATERIALIZED VIEW) (\S+) /,
    (_whole, kind: string, name: string) => `CREATE ${kind} IF NOT EXISTS ${name} ${onCluster(cluster)} `,
  );
}

/**
 * Whether all servers of the cluster that answer have these tables. If so, no statement is sent to the cluster: each
 * would wait for a server that is down, and a worker could not start.
 */
async function everyServerHas(store: Store, names: readonly string[]): Promise<boolean> {
  const [row] = await store.query<{ servers: number; complete: number }>(
    `SELECT count() AS servers, countIf(found = {expected:UInt32}) AS complete FROM (
       SELECT hostName() AS host, tcpPort() AS port,
         uniqExactIf(name, database = {database:String} AND name IN {names:Array(String)}) AS found
       FROM clusterAllReplicas('${store.cluster}', system.tables) GROUP BY host, port
     ) SETTINGS skip_unavailable_shards = 1`,
    { names, database: store.database, expected: names.length },
  );
  return row !== undefined && row.servers > 0 && row.servers === row.complete;
}
