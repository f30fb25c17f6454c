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
import type { Proof } from '../ingest/reconcile-proof.ts';
import { openStore } from '../store/connect.ts';
import { StoreError } from '../store/error.ts';
import type { Store } from '../store/store.ts';
import { runFaultline } from './fixtures/run-faultline.ts';

const DAY = 86_400_000;
const FIRST_DAY = Math.floor(Date.now() / DAY) * DAY - 10 * DAY;
let folder: string;
let data: string;
let store: Store;
let truth: unknown;

const errors = [
  {
    status: 429,
    error: 'Rate limit reached for gpt-4.1: requests per min (RPM): Limit 60. Please try again in 1s.',
  },
  {
    status: 429,
    error: { error: { code: 'insufficient_quota', message: 'You exceeded your current quota' } },
  },
  { status: 408, error: 'Request timed out.\tAt\nline two \\ end' },
  { status: 503, error: 'The engine is currently overloaded' },
  { exception: 'openai.APIConnectionError', error: 'Connection error.' },
];

/**
 * Two days of lines with several failures in each interval. The first day is older than the finest table keeps counts.
 */
function lines(): string {
  const all = Array.from({ length: 160 }, (_, i) => {
    const failure = i % 3 === 0 ? { status: 200 } : errors[i % errors.length];
    return JSON.stringify({
      ts: FIRST_DAY + (i < 80 ? 0 : 9 * DAY) + 3_600_000 + Math.floor(i / 8) * 10_000 + i,
      request_id: `r${i}`,
      client: i % 2 === 0 ? 'web' : 'batch',
      model: 'gpt-4.1',
      latency_ms: (i * 331) % 9_000,
      input_tokens: i,
      cost_usd: i / 1_000,
      retry_count: i % 4,
      headers: { 'x-ratelimit-limit-requests': '60', 'x-ratelimit-remaining-requests': String(i % 7) },
      ...failure,
    });
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

const dimensions = 'provider, org, project, client, model, class, subclass';
const sums = `sum(requests), sum(retries), sum(useless_retries), sum(input_tokens), sum(output_tokens),
  round(sum(cost_usd), 6), round(sum(latency_ms_sum), 3), mapSort(mapFilter((_, n) -> n != 0, sumMap(latency_buckets)))`;

/** Everything that is counted and stored, sorted, so that two states can be compared. */
async function everything(on: Store): Promise<Record<string, unknown[]>> {
  const counts = (table: string, more: string, limits = ''): Promise<unknown[]> =>
    on.query(
      `SELECT ts, ${dimensions}${more}, ${sums}${limits} FROM ${table} GROUP BY ts, ${dimensions}${more} ORDER BY ALL`,
    );
  return {
    request_counts: await counts(
      'request_counts',
      ', api_key, region, endpoint, status',
      ', min(min_remaining_requests), max(limit_requests)',
    ),
    request_counts_1m: await counts('request_counts_1m', ', api_key, region'),
    request_counts_1h: await counts('request_counts_1h', ''),
    error_events: await on.query('SELECT * FROM error_events ORDER BY offset, part'),
    ledger: await on.query('SELECT * FROM ingest_batches ORDER BY from_offset'),
    days: await on.query('SELECT day, sum(counted), sum(failed) FROM ingest_days GROUP BY day ORDER BY day'),
  };
}

/**
 * Which failures get one common class, as if the earlier rules had known neither: timeouts, and answers of an
 * overloaded engine to `web`.
 */
const unknown = `(class = 'timeout' OR (class != 'ok' AND status = 503 AND client = 'web'))`;

/** Changes the tables to what earlier rules would have stored. */
async function judgeAsBefore(since = 0): Promise<void> {
  const isUnknown = `(${unknown} AND ts >= toDateTime(${since}))`;
  const once = 'SETTINGS insert_deduplicate = 0, max_partitions_per_insert_block = 0';
  const replace = async (table: string, columns: string): Promise<void> => {
    await store.command(`DROP TABLE IF EXISTS earlier`);
    await store.command(`CREATE TABLE earlier AS ${table}`);
    await store.command(`INSERT INTO earlier SELECT * REPLACE (${columns}) FROM ${table} ${once}`);
    const emptied = table === 'error_events' ? [table] : countTables;
    for (const one of emptied) await store.command(`TRUNCATE TABLE ${one}`);
    await store.command(`INSERT INTO ${table} SELECT * FROM earlier ${once}`);
  };
  const text = (column: string, value: string): string =>
    `if(${isUnknown}, '${value}', ${column}) AS ${column}`;
  await replace(
    'request_counts',
    `if(${isUnknown}, 0, useless_retries) AS useless_retries, ${text('subclass', '')}, ${text('class', 'other')}`,
  );
  await replace(
    'error_events',
    `if(${isUnknown}, NULL, wait_seconds) AS wait_seconds, if(${isUnknown}, 1, taxonomy_version) AS taxonomy_version,
     ${text('subclass', '')}, ${text('rule', 'none')}, ${text('generation', '')}, ${text('retry', 'yes')}, ${text('fault', 'unknown')}, ${text('class', 'other')}`,
  );
}

const countTables = ['request_counts_1h', 'request_counts_1m', 'request_counts'];

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

/** Checks that nothing is left of the work: no rows below zero, no marks, no rows without requests. */
async function expectSettled(): Promise<void> {
  for (const table of countTables) {
    const rows = await store.query(`SELECT * FROM ${table} WHERE requests = 0 OR requests > 1e9`);
    expect(rows, table).toEqual([]);
  }
}

describe('errors that earlier rules judged otherwise', () => {
  it('are shown by a plan, which writes nothing', async () => {
    await judgeAsBefore();
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

/** Decides whether the process dies with this write; `before` is the number of writes before it. */
type Death = (what: string, before: number) => boolean;

/**
 * Runs a process that dies when a write is done, but before it hears of that; all later writes fail. A death before a
 * write need not be tested, because it leaves the same state as a death after the write before. Returns that write, or
 * null when the process came to its end.
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
      await judgeAsBefore(oneUnit.since);
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

  it('between a table of counts and a view of it leaves the view to be caught up on', async () => {
    await judgeAsBefore();
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
  it('stays as it is in a table that has dropped a part of the day, and the result names that day', async () => {
    await judgeAsBefore();
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

describe('two at once', () => {
  it('is one too many: the other is refused in one line, and takes over when the first is silent', async () => {
    const server: Store = { ...store, kind: 'server' };
    const fresh = { run: 'first', since: 0, until: 0, rules: 2, started_at: 0 };
    const tries = await Promise.allSettled(
      ['a', 'b', 'c'].map((holder) => takeLease(server, holder, { ...fresh, run: holder })),
    );
    const leases = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(leases).toHaveLength(1);
    await expect(run(server)).rejects.toMatchObject({
      code: 'running',
      message: expect.stringMatching(/^faultline reclassify runs already \([abc], heard of \d+ s ago\)/),
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
