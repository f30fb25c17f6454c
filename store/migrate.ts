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
export function statements(text: string, target: ClusterTarget): string[] {
  return text
    .replaceAll(/^\s*--.*$/gm, '')
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
    .flatMap((statement) => (target.cluster === '' ? [serverStatement(statement)] : clusterStatements(statement, target)));
}

function serverStatement(statement: string): string {
  return statement
    .replaceAll('{local}', '')
    .replaceAll(' {on_cluster}', '')
    .replaceAll('{window}', 'non_replicated_deduplication_window = 10000')
    .replaceAll(/\{engine:(\w+)\((.*?)\)\}/g, '$1($2)');
}

async function appliedMigrations(store: Store): Promise<Set<string>> {
  const create = `CREATE TABLE IF NOT EXISTS schema_migrations{local} {on_cluster} (
    name String, applied_at DateTime('UTC') DEFAULT now('UTC')
  ) ENGINE = {engine:MergeTree()} ORDER BY name SETTINGS {window}`;
  for (const statement of statements(create, store.cluster)) await store.command(statement);
  const rows = await store.query<{ name: string }>('SELECT DISTINCT name FROM schema_migrations');
  return new Set(rows.map((row) => row.name));
}
