import { readdir, readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import type { Store } from './connect.ts';

/** One statement of a migration, its macros filled in. */
export interface Statement {
  file: string;
  sql: string;
}

const schemaFolder = new URL('./schema/', import.meta.url);

/**
 * Brings the database to the present schema. Every statement says IF NOT EXISTS, so a repetition, or two
 * processes at once, do no harm; `schema_migrations` shows what ran. Throws `StoreError`.
 */
export async function migrate(store: Store): Promise<void> {
  const done = await appliedMigrations(store);
  for (const file of await migrationFiles()) {
    if (done.has(file)) continue;
    const text = await readFile(new URL(file, schemaFolder), 'utf8');
    for (const statement of statements(text, store.cluster)) await store.command(statement);
    await store.insert({
      table: 'schema_migrations',
      columns: ['name'],
      body: Buffer.from(`${file}\n`),
      token: createHash('sha256').update(file).digest('hex'),
    });
  }
}

/** Names of the migration files in the order in which they run. */
export async function migrationFiles(): Promise<string[]> {
  return (await readdir(schemaFolder)).filter((name) => name.endsWith('.sql')).sort();
}

/** The statements of a schema file for one server (`cluster` empty) or a cluster. Pure. */
export function statements(text: string, cluster: string): string[] {
  return text
    .replaceAll(/^\s*--.*$/gm, '')
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
    .flatMap((statement) => forCluster(statement, cluster));
}

/** Deduplication windows hold more blocks than can be made while a frozen worker could still come back. */
const windows = {
  plain: 'non_replicated_deduplication_window = 10000',
  replicated: 'replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800',
};

function forCluster(statement: string, cluster: string): string[] {
  if (cluster === '') {
    return [
      statement
        .replaceAll('{local}', '')
        .replaceAll(' {on_cluster}', '')
        .replaceAll('{window}', windows.plain)
        .replaceAll(/\{engine:(\w+)\((.*?)\)\}/g, '$1($2)'),
    ];
  }
  const on = `ON CLUSTER '${cluster}'`;
  const filled = statement
    .replaceAll('{local}', '_local')
    .replaceAll('{on_cluster}', on)
    .replaceAll('{window}', windows.replicated)
    .replaceAll(/\{engine:(\w+)\((.*?)\)\}/g, (_whole, engine: string, args: string) => {
      const path = `'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'`;
      return `Replicated${engine}(${args === '' ? path : `${path}, ${args}`})`;
    });
  const table = /^CREATE TABLE IF NOT EXISTS (\w+)_local /.exec(filled)?.[1];
  if (table === undefined) return [filled];
  const distributed = `CREATE TABLE IF NOT EXISTS ${table} ${on} AS ${table}_local ENGINE = Distributed('${cluster}', currentDatabase(), '${table}_local', ${shardingKey(table)})`;
  return [filled, distributed];
}

/**
 * Which shard a row goes to. It depends on the row alone: an insert repeated after a crash must cut into the same
 * blocks, or its token would not be recognised.
 */
const shardingKeys: Readonly<Record<string, string>> = {
  request_counts: 'sipHash64(provider, org, project, api_key, client, model)',
  request_counts_1m: 'sipHash64(provider, org, project, api_key, client, model)',
  request_counts_1h: 'sipHash64(provider, org, project, client, model)',
  error_events: 'sipHash64(topic, partition)',
  dead_letters: 'sipHash64(topic, partition)',
  ingest_batches: 'sipHash64(topic, partition)',
  incidents: 'sipHash64(id)',
  schema_migrations: 'sipHash64(name)',
};

function shardingKey(table: string): string {
  const key = shardingKeys[table];
  if (key === undefined) throw new Error(`table ${table} has no sharding key: add it to store/migrate.ts`);
  return key;
}

async function appliedMigrations(store: Store): Promise<Set<string>> {
  const create = `CREATE TABLE IF NOT EXISTS schema_migrations{local} {on_cluster} (
    name String, applied_at DateTime('UTC') DEFAULT now('UTC')
  ) ENGINE = {engine:MergeTree()} ORDER BY name SETTINGS {window}`;
  for (const statement of statements(create, store.cluster)) await store.command(statement);
  const rows = await store.query<{ name: string }>('SELECT DISTINCT name FROM schema_migrations');
  return new Set(rows.map((row) => row.name));
}
