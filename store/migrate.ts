import { readdir, readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { type ClusterTarget, clusterStatements } from './cluster-ddl.ts';
import type { Store } from './connect.ts';

const schemaFolder = new URL('./schema/', import.meta.url);

/**
 * Brings the database to the present schema. Every statement says IF NOT EXISTS, so a repetition, or two
 * processes at once, do no harm; `schema_migrations` shows what ran. Throws `StoreError`.
 */
export async function migrate(store: Store): Promise<void> {
  const files = await readMigrations(store);
  const done = await appliedMigrations(store, files);
  for (const file of files) {
    if (done.has(file.name)) continue;
    for (const statement of file.statements) await store.command(statement);
    await store.insert({
      table: 'schema_migrations',
      columns: ['name'],
      body: Buffer.from(`${file.name}\n`),
      token: createHash('sha256').update(file.name).digest('hex'),
    });
  }
}

/** Names of the migration files in the order in which they run. */
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

async function appliedMigrations(store: Store, files: readonly Migration[]): Promise<Set<string>> {
  const own = statements(historyTable, store);
  const all = [...own, ...files.flatMap((file) => file.statements)];
  if (
    store.cluster !== '' &&
    (await everyServerHas(
      store,
      all.map(createdName).filter((name) => name !== ''),
    ))
  ) {
    return namesIn(store);
  }
  for (const statement of own) await store.command(statement);
  // A server that joined the cluster lacks what ran before: all runs again, and does nothing on the others.
  return store.cluster === '' ? namesIn(store) : new Set();
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
 * Whether all servers of the cluster that answer have these tables. Then no statement is sent to the cluster: while a
 * server is down each would wait for it, and a worker could not start.
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
