import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cpuSeconds, watchPrivateMemory } from '../bench/ingest/process-usage.ts';
import type { Proof } from '../ingest/reconcile-report.ts';
import { openEmbedded } from './fixtures/embedded-store.ts';
import type { Store } from '../store/store.ts';
import { serveClickHouse } from '../store/http-gateway.ts';
import { migrate } from '../store/migrate.ts';
import { readBrokenLinks } from '../store/queries/reconcile.ts';
import { brokenLinks, type ChainRow } from './fixtures/ledger-links.ts';
import { runFaultline, startFaultline } from './fixtures/run-faultline.ts';

const DAY = 86_400;
const TOPIC = 'file:log.ndjson#00000000';
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'faultline-reconcile-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function withStore<T>(name: string, act: (store: Store) => Promise<T>): Promise<T> {
  const data = path.join(folder, name);
  const store = await openEmbedded(data);
  try {
    await migrate(store);
    return await act(store);
  } finally {
    await store.close();
  }
}

async function prove(name: string): Promise<{ code: number | null; proof: Proof; cpu: number; mb: number }> {
  const running = startFaultline(['reconcile', '--json', '--data', path.join(folder, name)]);
  const pid = running.child.pid ?? 0;
  const memory = watchPrivateMemory(pid);
  let cpu = 0;
  const timer = setInterval(() => {
    cpu = Math.max(cpu, cpuSeconds(pid) || 0);
  }, 100);
  const { code, stdout, stderr } = await running.finished;
  clearInterval(timer);
  expect(stderr).toBe('');
  return { code, proof: JSON.parse(stdout) as Proof, cpu, mb: memory.end() };
}

/** SQL of a time in a DateTime64 column. A bare integer would be read as milliseconds. */
const time = (seconds: number): string => `toDateTime64(${seconds}, 3, 'UTC')`;

interface Batch {
  /** Event time of its requests, epoch seconds, and their number. */
  at: number;
  counted: number;
  failed?: number;
  dead?: number;
  /** When it was stored; by default at its event time. */
  stored?: number;
  /** True: written as by an earlier version of the program, without sums by day. */
  old?: boolean;
}

/** Stores batches as the program would have stored them at their time. */
async function store(on: Store, batches: readonly Batch[]): Promise<void> {
  const [last] = await on.query<{ end: number }>(`SELECT max(to_offset) AS end FROM ingest_batches`);
  let from = last?.end ?? 0;
  for (const { at, counted, failed = 0, dead = 0, stored = at, old = false } of batches) {
    const to = from + counted + dead;
    await on.command(
      `INSERT INTO request_counts (ts, provider, class, requests) VALUES (${at}, 'openai', 'ok', ${counted})`,
    );
    if (failed > 0)
      await on.command(
        `INSERT INTO error_events (ts, topic, partition, offset, class, inserted_at) SELECT ${at}, '${TOPIC}', 0, ${from} + number, 'timeout', ${stored} FROM numbers(${failed})`,
      );
    if (dead > 0)
      await on.command(
        `INSERT INTO dead_letters (topic, partition, offset, reason, inserted_at) SELECT '${TOPIC}', 0, ${from + counted} + number, 'not_json', ${stored} FROM numbers(${dead})`,
      );
    const days = old
      ? '[], [], [], false'
      : `[toDate(${Math.floor(at / DAY)})], [${counted}], [${failed}], true`;
    await on.command(
      `INSERT INTO ingest_batches (topic, partition, kind, from_offset, to_offset, counted, failed, dead, first_ts, last_ts, days, day_counted, day_failed, by_day, inserted_at)
       VALUES ('${TOPIC}', 0, 'batch', ${from}, ${to}, ${counted}, ${failed}, ${dead}, ${time(at)}, ${time(at)}, ${days}, ${time(stored)})`,
    );
    from = to;
  }
}

const countTables = ['request_counts', 'request_counts_1m', 'request_counts_1h'];
const forgetful = [...countTables, 'error_events', 'dead_letters', 'ingest_batches', 'ingest_days'];

/** Sets when the counts were stored, and lets every table drop rows past their time. */
async function grow(on: Store, keptFrom: string): Promise<void> {
  for (const table of countTables)
    await on.command(
      `ALTER TABLE ${table} UPDATE kept_from = ${keptFrom} WHERE 1 SETTINGS mutations_sync = 1`,
    );
  for (const table of forgetful) await on.command(`OPTIMIZE TABLE ${table} FINAL`);
}

/** Deletes some rows of a table, as a fault would. */
async function lose(on: Store, table: string, condition: string): Promise<void> {
  await on.command(`ALTER TABLE ${table} DELETE WHERE ${condition} SETTINGS mutations_sync = 1`);
}

const now = Math.floor(Date.now() / 1000);
/**
 * Ages of batches in days: the present, and days around each retention. Below a retention, the nearest age is two days
 * less, not one: `reconcile` leaves a margin of an hour for parts that are dropped while they are read, so in the last
 * hour of a day one more day is not compared.
 */
const ages = [0, 1, 5, 7, 8, 28, 30, 31, 88, 90, 91, 100, 400, 1_093, 1_095, 1_096, 1_200];

describe('tables past their time', () => {
  test('are exact, and their notes say from when', async () => {
    await withStore('ttl', async (on) => {
      await store(
        on,
        ages.toReversed().flatMap((days) => [
          { at: now - days * DAY - 3_600, counted: 50, failed: 2, dead: 1 },
          { at: now - days * DAY, counted: 50, failed: 1 },
        ]),
      );
      await grow(on, 'ts');
      const left = await on.query<{ n: number }>('SELECT sum(requests) AS n FROM request_counts');
      expect(left[0]?.n).toBeLessThan(100 * ages.length);
      const ledger = await on.query<{ n: number }>('SELECT count() AS n FROM ingest_batches');
      expect(ledger[0]?.n).toBeLessThan(2 * ages.length);
    });
    const { code, proof } = await prove('ttl');
    expect(proof.differences).toEqual([]);
    expect(code).toBe(0);
    // Rows of the ledger are dropped together with the counts per hour that they belong to.
    expect(proof.notes.map((note) => note.split(' (')[0]?.replace(/\d{4}-\d\d-\d\d/, 'DAY'))).toEqual([
      'request_counts may have dropped requests from before DAY',
      'request_counts_1m may have dropped requests from before DAY',
      expect.stringMatching(/^\d+ failures from before DAY are not compared: error_events keeps 30 days$/),
      expect.stringMatching(/^\d+ dead letters of batches stored before DAY are not compared/),
      'offsets of batches stored before DAY are not compared: the ledger keeps them by day only',
    ]);
  });

  test.each([
    ['request_counts', `ts > now() - INTERVAL 5 DAY`, 'rollup'],
    [
      'request_counts_1m',
      `ts BETWEEN now() - INTERVAL 88 DAY - INTERVAL 2 HOUR AND now() - INTERVAL 87 DAY`,
      'rollup',
    ],
    ['request_counts_1h', `ts BETWEEN now() - INTERVAL 401 DAY AND now() - INTERVAL 399 DAY`, 'rollup'],
    ['error_events', `ts > now() - INTERVAL 1 HOUR`, 'rows'],
    ['dead_letters', `inserted_at > now() - INTERVAL 2 HOUR`, 'rows'],
  ])('report what is missing in %s where %s', async (table, condition, kind) => {
    const held = await withStore('ttl', async (on) => {
      const rows = await on.query<{ n: number }>(`SELECT count() AS n FROM ${table} WHERE ${condition}`);
      await lose(on, table, condition);
      return rows[0]?.n ?? 0;
    });
    expect(held).toBeGreaterThan(0);
    const { code, proof } = await prove('ttl');
    expect(code).toBe(1);
    expect(proof.differences).toContainEqual(
      expect.objectContaining({ kind, what: expect.stringMatching(`^${table} holds `) }),
    );
  });
});

describe('an imported history', () => {
  test('is kept from its import on and compared exactly, beside a record of 2016 and rows of an earlier version', async () => {
    await withStore('history', async (on) => {
      const old = Date.UTC(2016, 0, 1) / 1000;
      await store(on, [
        { at: old, counted: 1, stored: now },
        { at: now - 200 * DAY, counted: 100, failed: 5, stored: now },
        { at: now - 60, counted: 99, old: true },
        { at: now - 50, counted: 100 },
      ]);
      // Keeps the value that the DEFAULT of `kept_from` gave: the present.
      await grow(on, 'kept_from');
    });
    expect(await prove('history')).toMatchObject({ code: 0, proof: { differences: [], notes: [] } });
    await withStore('history', (on) =>
      lose(on, 'request_counts', `ts < now() - INTERVAL 100 DAY AND ts > '2020-01-01'`),
    );
    const { proof } = await prove('history');
    const day = new Date((now - 200 * DAY) * 1000).toISOString().slice(0, 10);
    expect(proof.differences).toMatchObject([
      { kind: 'rollup', what: `request_counts holds 0 requests of ${day}, the ledger 100` },
    ]);
  });

  test('that is counted twice on a day with many dropped rows is reported', async () => {
    await withStore('history', (on) =>
      on.command(
        `INSERT INTO request_counts (ts, provider, class, requests) VALUES (${now - 200 * DAY}, 'openai', 'ok', 150)`,
      ),
    );
    const { proof } = await prove('history');
    expect(proof.differences.map(({ what }) => what)).toContainEqual(
      expect.stringMatching(/^request_counts holds 150 requests .*, the ledger 100/),
    );
  });
});

test('a user who may only read a server can reconcile it', async () => {
  await withStore('read-only', async (on) => {
    await store(on, [{ at: now - 60, counted: 10, failed: 2, dead: 1 }]);
    const gateway = await serveClickHouse(on, { port: 0, token: 'to-write', database: 'faultline' });
    try {
      const { code, stdout, stderr } = await runFaultline(['reconcile', '--clickhouse-url', gateway.url]);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toContain('exact: every record is counted once');
    } finally {
      await gateway.close();
    }
  });
});

test('SQL finds the same broken links as a walk along the chains', async () => {
  const rows: ChainRow[] = [];
  let random = 7;
  const chance = (n: number): number => {
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
    return random % n;
  };
  for (let chain = 0; chain < 60; chain++) {
    let at = chance(50);
    for (let i = 0; i < 30; i++) {
      const to = at + 1 + chance(9);
      // One chain in three has no fault.
      const trouble = chain % 3 === 0 ? 0 : chance(12);
      const from = trouble === 1 ? at + 2 : trouble === 2 ? Math.max(0, at - 3) : at;
      rows.push({
        topic: `t${chain % 4}`,
        partition: chain % 7,
        incarnation: chain,
        kind: trouble === 3 ? 'lost' : 'batch',
        from,
        to: Math.max(to, from + 1),
        accounted: Math.max(to, from + 1) - from - (trouble === 4 ? 1 : 0),
      });
      // In a sum, a gap and an overlap of equal length cancel out, and a batch that is there twice may be hidden too.
      // Only a check of each row finds them.
      if (trouble === 5) rows.push(...rows.slice(-1));
      at = Math.max(to, from + 1);
    }
  }
  await withStore('links', async (on) => {
    const values = rows.map(
      (row) =>
        `('${row.topic}', ${row.partition}, ${row.incarnation}, '${row.kind}', ${row.from}, ${row.to}, ${row.accounted})`,
    );
    await on.command(
      `INSERT INTO ingest_batches (topic, partition, incarnation, kind, from_offset, to_offset, counted) VALUES ${values.join(', ')}`,
    );
    const found = await readBrokenLinks(on, 0);
    const key = (link: object): string => JSON.stringify(link, Object.keys(link).sort());
    expect(found.map(key).sort()).toEqual(brokenLinks(rows).map(key).sort());
    expect(found.length).toBeGreaterThan(100);
  });
});

test('a ledger of two million batches takes under 10 s and 300 MB, and one missing batch in it is reported', {
  timeout: 300_000,
}, async () => {
  const BATCHES = 2_000_000;
  const broken = BATCHES / 2;
  await withStore('long', async (on) => {
    for (let first = 0; first < BATCHES; first += 250_000) {
      await on.command(
        `INSERT INTO ingest_batches (topic, partition, kind, from_offset, to_offset, counted, first_ts, last_ts, days, day_counted, day_failed, by_day, inserted_at)
         SELECT '${TOPIC}', number % 10 AS p, 'batch', intDiv(number, 10) * 100, (intDiv(number, 10) + 1) * 100, 100,
           toDateTime64(${now} - intDiv((${BATCHES} - number) * ${80 * DAY}, ${BATCHES}), 3, 'UTC') AS t, t, [toDate(t)], [100], [0], true, t
         FROM (SELECT ${first} + number AS number FROM numbers(250000)) WHERE number != ${broken}`,
      );
    }
    await on.command(
      `INSERT INTO request_counts (ts, provider, class, requests)
       SELECT toDateTime(first_ts), 'openai', 'ok', sum(counted) FROM ingest_batches GROUP BY toDateTime(first_ts) SETTINGS max_partitions_per_insert_block = 0`,
    );
  });
  const { code, proof, cpu, mb } = await prove('long');
  expect(code).toBe(1);
  const from = (broken / 10) * 100;
  expect(proof.differences).toMatchObject([
    { kind: 'gap', topic: TOPIC, partition: 0, from, to: from + 100 },
  ]);
  expect(proof.partitions.reduce((sum, { counted }) => sum + counted, 0)).toBe((BATCHES - 1) * 100);
  // Measures CPU and private memory: other programs on the machine change the elapsed time, and the mapped library of
  // the engine changes the resident memory.
  expect(cpu).toBeLessThan(10);
  expect(mb).toBeLessThan(300);
});
