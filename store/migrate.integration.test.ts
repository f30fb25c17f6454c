import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEmbedded } from '../tests/fixtures/embedded-store.ts';
import type { Store } from './store.ts';
import { migrate } from './migrate.ts';

let directory: string;
let store: Store;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'faultline-'));
  store = await openEmbedded(directory);
});

afterAll(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

test('running twice at once and once more gives one set of tables', async () => {
  await Promise.all([migrate(store), migrate(store)]);
  await migrate(store);
  const tables = await store.query<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine != 'MaterializedView' ORDER BY name",
  );
  expect(tables.map((t) => t.name)).toEqual([
    'acknowledgements',
    'analyzer_settings',
    'dead_letter_replays',
    'dead_letters',
    'error_events',
    'incident_versions',
    'incidents',
    'ingest_batches',
    'ingest_days',
    'ingest_state',
    'notifications',
    'notify_lease',
    'reclassify_events',
    'reclassify_runs',
    'reclassify_units',
    'request_counts',
    'request_counts_1h',
    'request_counts_1m',
    'retention_changes',
    'schema_migrations',
    'silences',
  ]);
});

test('equal rows under another token count twice, under the same token once, in the rollups too', async () => {
  const insert = (token: string) =>
    store.insert({
      table: 'request_counts',
      columns: ['ts', 'provider', 'class', 'requests', 'latency_buckets'],
      body: Buffer.from(`${Math.floor(Date.now() / 1000)}\topenai\tok\t5\t{100:5}\n`),
      token,
    });
  await insert('a');
  await insert('a');
  await insert('b');
  await insert('a');
  for (const table of ['request_counts', 'request_counts_1m', 'request_counts_1h']) {
    const [row] = await store.query<{ n: number }>(`SELECT sum(requests) AS n FROM ${table}`);
    expect(row, table).toEqual({ n: 10 });
  }
});

test('a wrong statement is a refused error with the server code', async () => {
  await expect(store.query('SELECT * FROM nowhere')).rejects.toMatchObject({
    code: 'refused',
    serverCode: 60,
  });
});
