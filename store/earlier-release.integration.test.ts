import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultRetention, toRetention } from '../domain/retention.ts';
import { fillAsFirstRelease } from '../tests/fixtures/earlier-store.ts';
import { runFaultline, runJson } from '../tests/fixtures/run-faultline.ts';
import { openStore } from './connect.ts';
import type { Store } from './store.ts';
import { serveClickHouse } from './http-gateway.ts';
import { migrate, migrationFiles, missingMigrations } from './migrate.ts';
import { readIncidents } from './queries/incidents.ts';
import { readLedgerEnds } from './queries/ledger.ts';
import { applyRetention, readForgetting, ttlOf } from './retention.ts';
import { batchInserts, writeInserts } from './write-batch.ts';

const now = Math.floor(Date.now() / 1000);
const DAYS = 20;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'faultline-earlier-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const open = (name: string, database = 'faultline'): Promise<Store> =>
  openStore({ url: '', path: path.join(folder, name), database, user: '', password: '', cluster: '' });

async function withEarlier(name: string, act: (store: Store) => Promise<void>): Promise<void> {
  const store = await open(name);
  try {
    await fillAsFirstRelease(store, DAYS, now);
    await act(store);
  } finally {
    await store.close();
  }
}

async function one(store: Store, sql: string): Promise<unknown> {
  const [row] = await store.query<{ n: unknown }>(sql);
  return row?.n;
}

async function expectMigrated(store: Store): Promise<void> {
  expect(await missingMigrations(store)).toEqual([]);
  const applied = await store.query<{ name: string }>(
    'SELECT DISTINCT name FROM schema_migrations ORDER BY name',
  );
  expect(applied.map(({ name }) => name)).toEqual(await migrationFiles());
  // Counts per 10 s are kept for a week, so they may have expired meanwhile; the other tables hold all.
  expect(await one(store, 'SELECT sum(requests) AS n FROM request_counts_1h')).toBe(DAYS * 100);
  expect(await one(store, 'SELECT count() AS n FROM error_events')).toBe(DAYS * 3);
  expect(await one(store, 'SELECT sum(counted) AS n FROM ingest_batches WHERE NOT by_day')).toBe(DAYS * 100);
  expect(await readIncidents(store)).toMatchObject([{ incident: { id: 'i', state: 'firing' } }]);
  expect(await readLedgerEnds(store, 'file:a#0')).toMatchObject([{ to: DAYS * 101, digest: 'digest' }]);
  const { tables } = await readForgetting(store);
  const retention = toRetention(defaultRetention);
  expect(tables.map(({ ttl }) => ttl)).toEqual(tables.map(({ table }) => ttlOf(table, retention)));
}

/** Writes a batch as the present version does, after those of the earlier one. */
async function writeNext(store: Store, at: number): Promise<void> {
  const entry = {
    topic: 'file:a#0',
    partition: 0,
    incarnation: 0,
    kind: 'batch',
    from: DAYS * 101,
    to: DAYS * 101 + 10,
    counted: 10,
    failed: 0,
    skipped: 0,
    dead: 0,
    holes: 0,
    extra: 0,
    first_ts: at * 1000,
    last_ts: at * 1000,
    days: [{ day: Math.floor(at / 86_400), counted: 10, failed: 0 }],
    dropped: new Map(),
    topic_id: '',
    last_digest: 'next',
    worker: 'w',
    detail: '',
    names: null,
  } as const;
  const inserts = batchInserts({ counts: null, events: null, dead: null }, entry, 'next');
  await writeInserts(store, inserts);
  await writeInserts(store, inserts);
  await store.command(
    `INSERT INTO request_counts (ts, provider, class, requests) VALUES (${at}, 'openai', 'ok', 10)`,
  );
}

describe('a data directory of the first release', () => {
  test('is migrated by two processes at once, keeps its rows, and accepts new ones', async () => {
    await withEarlier('two', async (store) => {
      await Promise.all([migrate(store), migrate(store), migrate(store)]);
      await expectMigrated(store);
      await writeNext(store, now);
      expect(await readLedgerEnds(store, 'file:a#0')).toMatchObject([
        { to: DAYS * 101 + 10, digest: 'next' },
      ]);
      // One insert brought the same rows twice; the ledger by day holds them once.
      expect(await one(store, 'SELECT sum(counted) AS n FROM ingest_days')).toBe(10);
    });
    const proof = await runJson(['reconcile', '--json', '--data', path.join(folder, 'two')]);
    expect(proof).toMatchObject({ differences: [] });
  });

  test('is not read before it is migrated: one line says how', async () => {
    await withEarlier('unread', async () => {});
    const { code, stderr } = await runFaultline(['trends', '--data', path.join(folder, 'unread')]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /is of an earlier version of faultline \(it lacks .*003_ledger.sql.*\): run faultline migrate\n$/,
    );
    expect((await runFaultline(['migrate', '--data', path.join(folder, 'unread')])).code).toBe(0);
    expect((await runFaultline(['trends', '--data', path.join(folder, 'unread')])).code).toBe(0);
  });

  test.each([1, 2, 3, 5, 8, 100])(
    'whose migration ended before its statement %i is migrated to the end',
    async (statement) => {
      await withEarlier(`half-${statement}`, async (store) => {
        let sent = 0;
        const broken: Store = {
          ...store,
          command: async (sql, params) => {
            if (++sent === statement) throw new Error('killed');
            return store.command(sql, params);
          },
        };
        if (statement < 100) await expect(migrate(broken)).rejects.toThrow('killed');
        await migrate(store);
        await expectMigrated(store);
      });
    },
  );
});

test('a server of the first release is migrated by two clients at once', async () => {
  await withEarlier('server', async (engine) => {
    const gateway = await serveClickHouse(engine, { port: 0, token: 'of-the-test', database: 'faultline' });
    const connect = (): Promise<Store> =>
      openStore({
        url: gateway.url,
        path: '',
        database: 'faultline',
        user: 'test',
        password: 'of-the-test',
        cluster: '',
      });
    const clients = await Promise.all([connect(), connect()]);
    try {
      await Promise.all(clients.map((client) => migrate(client)));
      for (const client of clients) await expectMigrated(client);
    } finally {
      for (const client of clients) await client.close();
      await gateway.close();
    }
  });
});

describe('a database of a newer version', () => {
  test('is refused in one line, for writing and for reading', async () => {
    const store = await open('newer');
    await migrate(store);
    await store.command("INSERT INTO schema_migrations (name) VALUES ('999_later.sql')");
    const message =
      /^database faultline at .* is of a newer version of faultline \(999_later\.sql\): use that version, or another database$/;
    await expect(migrate(store)).rejects.toThrow(message);
    await store.close();
    for (const command of ['trends', 'migrate', 'reconcile']) {
      const { code, stderr } = await runFaultline([command, '--data', path.join(folder, 'newer')]);
      expect(code, command).toBe(1);
      expect(stderr.trimEnd().replace(/^faultline: /, ''), command).toMatch(message);
    }
  });
});

describe('the retention of the settings', () => {
  test('is applied where it differs, also by two processes at once, and what a shorter one deleted is recorded', async () => {
    const store = await open('retention');
    await migrate(store);
    const kept = toRetention(defaultRetention);
    expect(await applyRetention(store, kept)).toEqual([]);
    const shorter = { ...kept, error_events: 3 };
    await Promise.all([applyRetention(store, shorter), applyRetention(store, shorter)]);
    await applyRetention(store, { ...kept, error_events: 60, request_counts_1h: null });
    const { now: clock, tables } = await readForgetting(store);
    const of = (name: string) => tables.find(({ table }) => table === name);
    expect(of('error_events')).toMatchObject({ days: 60 });
    expect(of('error_events')?.gone_before).toBeGreaterThan(clock - 3 * 86_400 - 60);
    // It is kept for ever, and so is the ledger by day that it is compared with.
    expect(of('request_counts_1h')).toMatchObject({ days: null, ttl: '' });
    expect(of('ingest_days')).toMatchObject({ days: null, ttl: '' });
    expect(of('request_counts')).toMatchObject({ days: 7, gone_before: 0 });
    await applyRetention(store, kept);
    expect(
      (await readForgetting(store)).tables.find(({ table }) => table === 'request_counts_1h')?.days,
    ).toBe(1_095);
    await store.close();
  });

  test('starts at the import of a history: its rows survive the merges of the next start', async () => {
    const at = now - 400 * 86_400;
    const first = await open('import');
    await migrate(first);
    await first.command(
      `INSERT INTO request_counts (ts, provider, class, requests) VALUES (${at}, 'openai', 'ok', 7)`,
    );
    await first.command(`INSERT INTO error_events (ts, class) VALUES (${at}, 'timeout')`);
    await first.command(
      `INSERT INTO incidents (id, version, kind, state, severity, scope, started_at, detected_at) VALUES ('i', 1, 'pipeline', 'resolved', 'info', '{}', ${at}, ${at})`,
    );
    await first.close();
    const second = await open('import');
    await migrate(second);
    const counts = ['request_counts', 'request_counts_1m', 'request_counts_1h'];
    for (const table of [...counts, 'error_events', 'incidents'])
      await second.command(`OPTIMIZE TABLE ${table} FINAL`);
    for (const table of counts)
      expect(await one(second, `SELECT sum(requests) AS n FROM ${table}`), table).toBe(7);
    for (const table of ['error_events', 'incidents'])
      expect(await one(second, `SELECT count() AS n FROM ${table}`), table).toBe(1);
    // Retention also ends: a week after the import, counts per 10 s are deleted.
    await second.command(
      'ALTER TABLE request_counts UPDATE kept_from = now() - INTERVAL 8 DAY WHERE 1 SETTINGS mutations_sync = 1',
    );
    await second.command('OPTIMIZE TABLE request_counts FINAL');
    expect(await one(second, 'SELECT sum(requests) AS n FROM request_counts')).toBe(0);
    await second.close();
  });
});
