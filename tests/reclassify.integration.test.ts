import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TAXONOMY_VERSION } from '../domain/classification.ts';
import { settingsSchema } from '../domain/settings.ts';
import { judgeStored } from '../ingest/reclassify/judge-again.ts';
import { takeLease } from '../ingest/reclassify/lease.ts';
import {
  planReclassification,
  reclassify,
  type Reclassified,
  type ReclassifyOptions,
} from '../ingest/reclassify/reclassify.ts';
import type { Proof } from '../ingest/reconcile-report.ts';
import { openStore } from '../store/connect.ts';
import { StoreError } from '../store/error.ts';
import type { Store } from '../store/store.ts';
import { allCounts, countTables, judgeAsBefore, recordAt } from './fixtures/earlier-rules.ts';
import { runFaultline } from './fixtures/run-faultline.ts';

const DAY = 86_400_000;
const FIRST_DAY = Math.floor(Date.now() / DAY) * DAY - 10 * DAY;
let folder: string;
let data: string;
let store: Store;
let truth: unknown;

/**
 * Two days of lines with several failures in each interval. The first day is older than the finest table keeps counts.
 */
function lines(): string {
  const all = Array.from({ length: 160 }, (_, i) => {
    return recordAt(i, FIRST_DAY + (i < 80 ? 0 : 9 * DAY) + 3_600_000 + Math.floor(i / 8) * 10_000 + i);
  });
  return `${all.join('\n')}\n`;
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'faultline-reclassify-'));
  data = path.join(folder, 'data');
  await writeFile(path.join(folder, 'app.log'), lines());
  const args = ['start', '--source', path.join(folder, 'app.log'), '--no-open-console', '--exit'];
  expect((await runFaultline([...args, '--data', data])).code).toBe(0);
  store = await openData();
  truth = await everything(store);
});

afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

function openData(): Promise<Store> {
  return openStore(settingsSchema.parse({ clickhouse: { path: data } }).clickhouse);
}

async function prove(): Promise<{ code: number | null; proof: Proof }> {
  await store.close();
  const { code, stdout } = await runFaultline(['reconcile', '--json', '--data', data]);
  store = await openData();
  return { code, proof: JSON.parse(stdout) as Proof };
}

/** Everything that is counted and stored, sorted, so that two states can be compared. */
async function everything(on: Store): Promise<Record<string, unknown[]>> {
  return {
    ...(await allCounts(on)),
    error_events: await on.query('SELECT * FROM error_events ORDER BY offset, part'),
    ledger: await on.query('SELECT * FROM ingest_batches ORDER BY from_offset'),
    days: await on.query('SELECT day, sum(counted), sum(failed) FROM ingest_days GROUP BY day ORDER BY day'),
  };
}

const options: ReclassifyOptions = {
  since: 0,
  judge: judgeStored,
  rules: TAXONOMY_VERSION,
  name: 'test',
  holder: 'test',
  now: Date.now() / 1000,
  // Several units a day.
  unitErrors: 20,
  sleep: () => Promise.resolve(),
};

let runs = 0;
function run(on: Store, more: Partial<ReclassifyOptions> = {}): Promise<Reclassified> {
  runs++;
  return reclassify(on, { ...options, name: `run${runs}`, holder: `holder${runs}`, ...more });
}

/**
 * Checks that the work has left no rows behind: none without requests, and none below zero, which would be huge
 * numbers.
 */
async function expectSettled(): Promise<void> {
  for (const table of countTables) {
    const rows = await store.query(`SELECT * FROM ${table} WHERE requests = 0 OR requests > 1e9`);
    expect(rows, table).toEqual([]);
  }
}

describe('errors that earlier rules judged otherwise', () => {
  it('are shown by a plan, which writes nothing', async () => {
    await judgeAsBefore(store);
    const before = await everything(store);
    const plan = await planReclassification(store, options);
    expect(await everything(store)).toEqual(before);
    expect(plan).toMatchObject({
      judged: 106,
      finished: true,
      cut: 0,
      uncounted: 0,
      unfinished: 0,
      not_stored: 0,
    });
    const year = { ...options, since: FIRST_DAY / 1000 - 400 * 86_400 };
    expect(await planReclassification(store, year), 'from before the retention on').toMatchObject({
      judged: 106,
      changed: plan.changed,
    });
    const timeouts = plan.moves.find(({ to }) => to.class === 'timeout');
    expect(timeouts).toMatchObject({
      from: { class: 'other', subclass: '' },
      example: { rule_before: 'none', text: expect.stringContaining('Request timed out.') },
    });
    expect(plan.moves.reduce((sum, { errors: n }) => sum + n, 0)).toBe(plan.changed);
    expect(plan.changed).toBeGreaterThan(20);
  });

  it('and all counts of them become what a fresh import gives, and a second run finds nothing', async () => {
    const result = await run(store);
    expect(result.finished).toBe(true);
    expect(await everything(store)).toEqual(truth);
    await expectSettled();
    expect(await run(store)).toMatchObject({ judged: 106, same: 106, changed: 0 });
    expect(await everything(store)).toEqual(truth);
    expect(await prove()).toMatchObject({ code: 0, proof: { differences: [] } });
  });
});

/** Decides whether the process dies with a write; `before` is the number of earlier writes. */
type Death = (what: string, before: number) => boolean;

/**
 * Runs a process that dies after a write, before it gets the answer; all later writes fail. A death before a write
 * leaves the same state as a death after the previous write, so it needs no test. Resolves with the write at which the
 * process died, or null when it did not die.
 */
async function runToDeath(isDeath: Death, more: Partial<ReclassifyOptions>): Promise<string | null> {
  let writes = 0;
  let died: string | null = null;
  const guard = async <T>(what: string, act: () => Promise<T>): Promise<T> => {
    const dead = new StoreError('unreachable', 'dead');
    if (died !== null) throw dead;
    const answer = await act();
    if (what !== '' && isDeath(what, writes++)) {
      died = what;
      throw dead;
    }
    return answer;
  };
  const dying: Store = {
    ...store,
    query: (sql, params) => guard('', () => store.query(sql, params)),
    columns: (sql, params) => guard('', () => store.columns(sql, params)),
    command: (sql, params) => guard(sql, () => store.command(sql, params)),
    insert: (insert) => guard(insert.table, () => store.insert(insert)),
  };
  await run(dying, more).catch((error: unknown) => {
    if (!(error instanceof StoreError)) throw error;
  });
  return died;
}

/** Judges the second day again, as a single unit. */
const oneUnit = { since: FIRST_DAY / 1000 + 9 * 86_400, unitErrors: 100 };

describe('a process that dies', () => {
  it('at any write leaves the same result after the next run', { timeout: 600_000 }, async () => {
    const deaths: string[] = [];
    for (;;) {
      await judgeAsBefore(store, oneUnit.since);
      const death = await runToDeath((_what, before) => before === deaths.length, oneUnit);
      if (death === null) break;
      deaths.push(death);
      expect((await run(store, oneUnit)).finished, death).toBe(true);
      expect(await everything(store), death).toEqual(truth);
      await expectSettled();
    }
    expect(await everything(store)).toEqual(truth);
    const first = deaths.map((death) => death.split(' ')[0]);
    expect(first.join(' ')).toBe(
      'reclassify_runs TRUNCATE reclassify_events reclassify_units request_counts reclassify_units ' +
        'error_events DELETE reclassify_units OPTIMIZE ALTER OPTIMIZE ALTER OPTIMIZE ALTER TRUNCATE reclassify_runs',
    );
    expect(await prove()).toMatchObject({ code: 0, proof: { differences: [] } });
  });

  it('between a table of counts and its view leaves the view behind, and the next run corrects the view', async () => {
    await judgeAsBefore(store);
    await store.command('CREATE TABLE minutes AS request_counts_1m');
    await store.command('INSERT INTO minutes SELECT * FROM request_counts_1m');
    expect(await runToDeath((what) => what === 'request_counts', {})).toBe('request_counts');
    await store.command('TRUNCATE TABLE request_counts_1m');
    await store.command(
      'INSERT INTO request_counts_1m SELECT * FROM minutes SETTINGS insert_deduplicate = 0',
    );
    const forgetful: Store = {
      ...store,
      query: async <Row>(sql: string, params?: Record<string, unknown>) =>
        sql.includes(' AS blocks ') ? ([{ blocks: 30_000 }] as Row[]) : store.query<Row>(sql, params),
    };
    await expect(run(forgetful)).rejects.toMatchObject({
      code: 'half_in',
      message: expect.stringMatching(/is in request_counts and request_counts_1h only/),
    });
    expect((await run(store)).finished).toBe(true);
    expect(await everything(store)).toEqual(truth);
    await expectSettled();
  });
});

describe('what cannot be corrected', () => {
  it('stays unchanged in a table that has dropped a part of the day, and the result names that day', async () => {
    await judgeAsBefore(store);
    const dropped = `toDate(ts) = toDate(${FIRST_DAY / 1000})`;
    await store.command(
      `ALTER TABLE request_counts DELETE WHERE ${dropped} AND ts < toDateTime(${FIRST_DAY / 1000 + 3_640}) SETTINGS mutations_sync = 1`,
    );
    const before = await store.query(`SELECT * FROM request_counts WHERE ${dropped} ORDER BY ALL`);
    const result = await run(store);
    expect(result.not_corrected).toEqual({
      request_counts: [FIRST_DAY / 1000],
      request_counts_1m: [],
      request_counts_1h: [],
    });
    expect(await store.query(`SELECT * FROM request_counts WHERE ${dropped} ORDER BY ALL`)).toEqual(before);
    const { request_counts: _, ...others } = await everything(store);
    const { request_counts: __, ...expected } = truth as Record<string, unknown>;
    expect(others).toEqual(expected);
  });
});

describe('on a cluster', () => {
  it('nothing is changed, and the message says what to do', async () => {
    const before = await everything(store);
    await expect(run({ ...store, cluster: 'logs' })).rejects.toMatchObject({
      code: 'cluster',
      message: expect.stringMatching(
        /--dry-run says .* new clickhouse\.database and with a new kafka\.group$/,
      ),
    });
    expect(await everything(store)).toEqual(before);
  });
});

describe('two at once', () => {
  it('cannot run: the second is refused in one line, and takes over when the first is silent', async () => {
    const server: Store = { ...store, kind: 'server' };
    const fresh = { run: 'first', since: 0, until: 0, rules: 2, started_at: 0 };
    const tries = await Promise.allSettled(
      ['a', 'b', 'c'].map((holder) => takeLease(server, holder, { ...fresh, run: holder })),
    );
    const leases = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(leases).toHaveLength(1);
    await expect(run(server)).rejects.toMatchObject({
      code: 'running',
      message: expect.stringMatching(/^faultline reclassify runs already \([abc], last report \d+ s ago\)/),
    });
    await store.command('CREATE TABLE silent AS reclassify_runs');
    await store.command(
      'INSERT INTO silent SELECT * REPLACE (at - INTERVAL 100 SECOND AS at) FROM reclassify_runs',
    );
    await store.command('EXCHANGE TABLES silent AND reclassify_runs');
    expect(await run(server)).toMatchObject({ finished: true });
    await expect(leases[0]?.check()).rejects.toMatchObject({ code: 'taken' });
    await leases[0]?.end('left');
  });
});
