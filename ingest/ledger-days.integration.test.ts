import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStore } from '../store/connect.ts';
import { migrate } from '../store/migrate.ts';
import type { Store } from '../store/store.ts';
import { type LedgerEntry, ledgerInsert } from '../store/write-batch.ts';
import { completeLedgerDays } from './partition-start.ts';
import { batchToken } from './protocol.ts';

const DAY = 20_000;
let directory: string;
let store: Store;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'faultline-days-'));
  const options = { url: '', path: path.join(directory, 'data'), user: '', password: '', cluster: '' };
  store = await openStore({ ...options, database: 'days' });
  await migrate(store);
});
afterAll(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

function entry(topic: string, from: number): LedgerEntry {
  return {
    topic,
    partition: 0,
    incarnation: 0,
    kind: 'batch',
    from,
    to: from + 50,
    counted: 50,
    failed: 3,
    skipped: 0,
    dead: 0,
    holes: 0,
    extra: 0,
    first_ts: DAY * 86_400_000,
    last_ts: DAY * 86_400_000 + 1_000,
    days: [{ day: DAY, counted: 50, failed: 3 }],
    dropped: new Map([['client', 2]]),
    names: null,
    topic_id: 'id',
    last_digest: 'digest',
    worker: 'w',
    detail: '',
  };
}
const write = (row: LedgerEntry): Promise<void> =>
  store.insert(ledgerInsert(row, batchToken(row.topic, 0, 0, row)));
const sums = (table: string, topic: string) =>
  store.query(
    `SELECT sum(counted) AS counted, sum(failed) AS failed FROM ${table} WHERE topic = {topic:String}`,
    { topic },
  );

/** Simulates a process that is killed between the insert and its view: the row is stored, its sums are not. */
async function writeWithoutDays(row: LedgerEntry): Promise<void> {
  const [view] = await store.query<{ sql: string }>(
    "SELECT create_table_query AS sql FROM system.tables WHERE database = currentDatabase() AND name = 'ingest_days_view'",
  );
  await store.command('DETACH TABLE ingest_days_view');
  await write(row);
  await store.command('ATTACH TABLE ingest_days_view');
  expect(view?.sql).toContain('MATERIALIZED VIEW');
}

test('a batch without its sums by day is summed by the next owner, once, however often it checks', async () => {
  await write(entry('killed', 0));
  await writeWithoutDays(entry('killed', 50));
  expect(await sums('ingest_days', 'killed')).toEqual([{ counted: 50, failed: 3 }]);
  await completeLedgerDays(store, 'killed', [0]);
  await completeLedgerDays(store, 'killed', [0]);
  expect(await sums('ingest_days', 'killed')).toEqual([{ counted: 100, failed: 6 }]);
  expect(await sums('ingest_batches', 'killed')).toEqual([{ counted: 100, failed: 6 }]);
});

test('a batch whose sums come late counts once, when the first writer continues after the check of the next owner', async () => {
  await writeWithoutDays(entry('late', 0));
  await completeLedgerDays(store, 'late', [0]);
  // The first writer does not know that its row was stored, and repeats it.
  await write(entry('late', 0));
  expect(await sums('ingest_days', 'late')).toEqual([{ counted: 50, failed: 3 }]);
  expect(await sums('ingest_batches', 'late')).toEqual([{ counted: 50, failed: 3 }]);
});

test('partitions of other workers do not change', async () => {
  await writeWithoutDays({ ...entry('others', 0), partition: 7 });
  await completeLedgerDays(store, 'others', [0, 1]);
  expect(await sums('ingest_days', 'others')).toEqual([{ counted: 0, failed: 0 }]);
});
