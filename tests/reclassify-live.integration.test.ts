import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Reclassified } from '../ingest/reclassify/reclassify.ts';
import type { Proof } from '../ingest/reconcile-report.ts';
import { openStore } from '../store/connect.ts';
import { readLastRun } from '../store/queries/reclassify-runs.ts';
import type { Store } from '../store/store.ts';
import { type ClickHouseProcess, startClickHouse } from './fixtures/clickhouse-process.ts';
import { allCounts, countTables, judgeAsBefore, recordAt } from './fixtures/earlier-rules.ts';
import { type Finished, type Running, runFaultline, startFaultline } from './fixtures/run-faultline.ts';
import { seededChance } from './fixtures/seed.ts';
import { until } from './fixtures/until.ts';

const DAY = 86_400_000;
const DAYS = 6;
const FIRST_DAY = Math.floor(Date.now() / DAY) * DAY - DAYS * DAY;

let clickhouse: ClickHouseProcess;
let folder: string;
let file: string;
let store: Store;
let written: number;
const started: Running[] = [];

beforeEach(async () => {
  clickhouse = await startClickHouse();
  folder = await mkdtemp(path.join(tmpdir(), 'faultline-live-'));
  file = path.join(folder, 'app.log');
  store = await open('faultline');
  written = 0;
});

afterEach(async () => {
  for (const { child } of started.splice(0)) child.kill('SIGKILL');
  await store.close();
  await clickhouse.stop();
  await rm(folder, { recursive: true, force: true });
});

function open(database: string): Promise<Store> {
  const { url, token } = clickhouse;
  return openStore({ url, database, user: 'test', password: token, path: '', cluster: '' });
}

function env(database = 'faultline'): Record<string, string> {
  return {
    FAULTLINE_CLICKHOUSE_URL: clickhouse.url,
    FAULTLINE_CLICKHOUSE_DATABASE: database,
    FAULTLINE_CLICKHOUSE_USER: 'test',
    FAULTLINE_CLICKHOUSE_PASSWORD: clickhouse.token,
    FAULTLINE_CLICKHOUSE_PATH: path.join(folder, database),
    FAULTLINE_BATCH_AGE_MS: '100',
    FAULTLINE_BATCH_QUIET_AGE_MS: '100',
  };
}

/**
 * Makes the next lines. Each day has the same few intervals, so that later lines change the counts that are being
 * corrected.
 */
function lines(count: number): string {
  let text = '';
  for (; count > 0; count--, written++) {
    const place = Math.floor(written / DAYS) % 40;
    text += `${recordAt(written, FIRST_DAY + (written % DAYS) * DAY + 3_600_000 + place * 4_000)}\n`;
  }
  return text;
}

const source = ['start', '--source'];
function importFile(database: string): Promise<Finished> {
  return runFaultline([...source, file, '--no-open-console', '--exit'], { env: env(database) });
}

/** Starts a worker that follows the file. */
function follow(): Running {
  const worker = startFaultline([...source, file, '--no-open-console', '--follow', '--port', '0'], {
    env: env(),
  });
  started.push(worker);
  return worker;
}

function judge(): Running {
  const judging = startFaultline(['reclassify', '--json'], { env: env() });
  started.push(judging);
  return judging;
}

/** Writes into the file, a few lines at a time, until the returned function is called. */
function writeSteadily(): () => Promise<void> {
  let isOver = false;
  const writing = (async () => {
    while (!isOver) {
      await appendFile(file, lines(30));
      await sleep(100);
    }
  })();
  return async () => {
    isOver = true;
    await writing;
  };
}

async function stepsDone(): Promise<number> {
  const [row] = await store.query<{ n: number }>('SELECT sum(step) AS n FROM reclassify_units FINAL');
  return row?.n ?? 0;
}

/** Changes the store as if 90 s had passed, after which a silent process is taken for dead. */
async function letLeaseRunOut(): Promise<void> {
  await store.command('CREATE TABLE silent AS reclassify_runs');
  await store.command(
    'INSERT INTO silent SELECT * REPLACE (at - INTERVAL 100 SECOND AS at) FROM reclassify_runs',
  );
  await store.command('EXCHANGE TABLES silent AND reclassify_runs');
  await store.command('DROP TABLE silent');
}

/** The process that holds the lease of `reclassify`. The name of the holder contains the process id. */
async function holderOf(both: readonly Running[]): Promise<Running> {
  const holder = await until('one has the lease', async () => (await readLastRun(store))?.holder ?? null);
  const found = both.find(({ child }) => holder.includes(`-${child.pid}-`));
  if (found === undefined)
    throw new Error(`${holder} is none of ${both.map(({ child }) => child.pid).join(', ')}`);
  return found;
}

/**
 * Wakes a frozen process for 200 ms at a time until the condition holds, so that the process cannot get far ahead of
 * what the test sees.
 */
async function inMoments({ child }: Running, isSo: () => Promise<boolean>): Promise<void> {
  await until('it got as far as that', async () => {
    child.kill('SIGCONT');
    await sleep(200);
    child.kill('SIGSTOP');
    return isSo();
  });
}

async function counted(): Promise<number> {
  const [row] = await store.query<{ n: number }>('SELECT sum(counted) AS n FROM ingest_batches');
  return row?.n ?? 0;
}

/**
 * Checks that the tables are those of an import of the whole file under the present rules, and that `reconcile` finds
 * no difference.
 */
async function expectAsImported(): Promise<void> {
  await until('all lines are counted', async () => (await counted()) === written);
  const { code, stdout } = await runFaultline(['reconcile', '--json'], { env: env() });
  expect({ code, differences: (JSON.parse(stdout) as Proof).differences }).toEqual({
    code: 0,
    differences: [],
  });
  for (const table of countTables)
    expect(await store.query(`SELECT * FROM ${table} WHERE requests = 0 OR requests > 1e9`), table).toEqual(
      [],
    );
  expect((await importFile('truth')).code).toBe(0);
  const fresh = await open('truth');
  try {
    const events = 'SELECT * EXCEPT inserted_at FROM error_events ORDER BY offset, part';
    expect(await store.query(events)).toEqual(await fresh.query(events));
    expect(await allCounts(store)).toEqual(await allCounts(fresh));
  } finally {
    await fresh.close();
  }
}

/**
 * Counts `count` lines and changes the tables to what earlier rules would have stored. Resolves with the number of
 * errors that those rules judged differently.
 */
async function countAsBefore(count: number): Promise<number> {
  await writeFile(file, lines(count));
  expect((await importFile('faultline')).code).toBe(0);
  await judgeAsBefore(store);
  const [row] = await store.query<{ n: number }>(
    'SELECT count() AS n FROM error_events WHERE taxonomy_version = 1',
  );
  expect(row?.n).toBeGreaterThan(count / 10);
  return row?.n ?? 0;
}

/** Number of errors that all runs together have changed. */
async function changedInAll(): Promise<number> {
  const [row] = await store.query<{ n: number }>('SELECT sum(changed) AS n FROM reclassify_units FINAL');
  return row?.n ?? 0;
}

const DEATHS = 5;

describe('errors are judged again beside a worker that writes into the same intervals', () => {
  it('and each is counted as an import would count it, though the judging process is killed many times', {
    timeout: 600_000,
  }, async () => {
    const random = seededChance('deaths of reclassify');
    const wrong = await countAsBefore(2_000);
    const worker = follow();
    const stop = writeSteadily();
    let deaths = 0;
    for (; deaths < DEATHS; deaths++) {
      const before = await stepsDone();
      const judging = judge();
      const more = 1 + Math.floor(random.next() * 3);
      await until('some steps are done', async () => {
        return judging.child.exitCode !== null || (await stepsDone()) >= before + more;
      });
      if (judging.child.exitCode !== null) break;
      await sleep(random.next() * 60);
      judging.child.kill('SIGKILL');
      await judging.finished;
      await letLeaseRunOut();
    }
    expect(deaths, 'deaths').toBeGreaterThan(2);
    const end = await judge().finished;
    expect(end, end.stderr).toMatchObject({ code: 0 });
    await stop();
    expect(worker.child.exitCode).toBe(null);
    expect(await changedInAll()).toBe(wrong);
    await expectAsImported();
    const again = JSON.parse((await judge().finished).stdout) as Reclassified;
    expect(again).toMatchObject({ finished: true, changed: 0, unfinished: 0, uncounted: 0 });
  });

  it('by only one of two processes that start at once, and nothing is lost when the store goes away and the worker dies', {
    timeout: 600_000,
  }, async () => {
    const wrong = await countAsBefore(2_000);
    const first = follow();
    const stop = writeSteadily();
    const both = [judge(), judge()];
    // The one that came first is frozen at once. On a busy machine it could otherwise be done before the other one begins.
    const judging = await holderOf(both);
    judging.child.kill('SIGSTOP');
    const refused = await Promise.race(both.map((one) => one.finished));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/faultline reclassify runs already \(.*\): wait for it/);
    await inMoments(judging, async () => (await stepsDone()) >= 5);
    expect(judging.child.exitCode).toBe(null);
    await clickhouse.kill();
    first.child.kill('SIGKILL');
    judging.child.kill('SIGCONT');
    const end = await judging.finished;
    expect(end.code).toBe(1);
    expect(end.stderr).toMatch(/what was begun is not lost: run it again, and it continues where it ended/);
    await clickhouse.start();
    follow();
    await letLeaseRunOut();
    const doctor = await runFaultline(['doctor'], { env: env() });
    expect(doctor).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/fail {2}reclassify .* was not finished .*run faultline reclassify, and/),
    });
    const second = await judge().finished;
    expect(second, second.stderr).toMatchObject({ code: 0 });
    await stop();
    // The range that the worker had announced when it died was not in the ledger, so the run before left it alone.
    expect(await judge().finished).toMatchObject({ code: 0 });
    expect(await changedInAll()).toBe(wrong);
    await expectAsImported();
  });
});
