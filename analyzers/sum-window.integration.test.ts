import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStore } from '../store/connect.ts';
import { migrate } from '../store/migrate.ts';
import type { Store } from '../store/store.ts';
import { tsvRow } from '../store/tsv.ts';
import { insertCounts } from '../tests/fixtures/insert-counts.ts';
import { defaults } from '../tests/fixtures/play.ts';
import { START, type Stream, traffic } from '../tests/fixtures/traffic.ts';
import { providerOutage } from './kinds/provider-outage.ts';
import { beginOf, type Reads, type SubjectsView, subjectsOf } from './reads.ts';
import { replayRange } from './replay.ts';
import { SumWindows } from './sum-window.ts';
import { tick, type TickState } from './tick.ts';

const LIMIT = 64 * 1024 * 1024;
let directory: string;
let store: Store;
let count = 0;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'faultline-sums-'));
  store = await openFresh();
});

afterAll(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

async function openFresh(): Promise<Store> {
  const options = { url: '', path: path.join(directory, 'data'), user: '', password: '', cluster: '' };
  const fresh = await openStore({ ...options, database: `sums${count++}` });
  await migrate(fresh);
  // The traffic of these tests has a fixed date, which is older than the tables keep counts.
  await fresh.command('SYSTEM STOP TTL MERGES');
  return fresh;
}

const web: Stream = {
  from: 0,
  to: 300,
  per_minute: 30,
  project: 'shop',
  client: 'web',
  region: 'eu-1',
  model: 'gpt-5',
  api_key: 'k1',
  cost_usd: 0.5,
};
const batch: Stream = { ...web, org: 'org-b', client: 'batch', api_key: 'k2', model: 'gpt-5-mini' };
const down = (stream: Stream): Stream => ({ ...stream, from: 170, to: 190, class: 'server_error' });
const rows = traffic([
  ...[web, batch].flatMap((stream) => [{ ...stream, to: 170 }, down(stream), { ...stream, from: 190 }]),
  { ...web, provider: 'anthropic', model: 'claude' },
]);
const reads: Reads = {
  identity: ['provider'],
  by: ['client', 'model'],
  more: ['spend_usd', 'output_tokens'],
  fine: 900,
  minutes: 7_200,
  hours: 14_400,
};

/** The sums of each window that a level can ask for, and the measures of the whole time. */
function seen(subjects: SubjectsView, now: number): object {
  return [...subjects]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { counts }]) => ({
      key,
      windows: [60, 300, 3_600, 7_200, 14_400].map((seconds) =>
        counts
          .between(beginOf(reads, now, seconds), now)
          .sums()
          .map(({ client, model, class: name, requests }) => `${client} ${model} ${name} ${requests}`)
          .sort(),
      ),
      spend: counts
        .between(beginOf(reads, now, 14_400), now)
        .values('spend_usd')
        .reduce((sum, { value }) => sum + value, 0),
    }));
}

test('sums from every table equal those of the rows, at each step, over hours, with late rows', async () => {
  const late = rows.filter(({ ts }) => ts >= START + 200 * 60 && ts < START + 210 * 60);
  const early = rows.filter((row) => !late.includes(row));
  await insertCounts(store, early);
  const windows = new SumWindows();
  const check = async (
    from: number,
    to: number,
    expected: typeof rows,
    grown: number[] = [],
  ): Promise<void> => {
    await windows.advance(store, { from, to }, [reads], grown, LIMIT);
    const before = (end: number): typeof rows => expected.filter(({ ts }) => ts < end);
    for (let now = from; now <= to; now += 600)
      expect(seen(windows.of(reads), now)).toEqual(seen(subjectsOf(before(to), reads), now));
  };
  // Steps of a live analyzer, which reads everything again at the hour; then a block of a replay.
  for (let now = START + 170 * 60; now <= START + 215 * 60; now += 150) await check(now, now, early);
  await insertCounts(store, late, 'late');
  const grown = [...new Set(late.map(({ ts }) => ts))].sort((a, b) => a - b);
  await check(START + 215 * 60 + 10, START + 215 * 60 + 10, rows, grown);
  await check(START + 240 * 60, START + 300 * 60 - 10, rows);
});

test('a reading that does not fit separates only identities, and then leaves out the smallest', async () => {
  const at = { from: START + 200 * 60, to: START + 200 * 60 };
  const whole = new SumWindows();
  await whole.advance(store, at, [reads], [], LIMIT);
  const coarse = new SumWindows();
  await coarse.advance(store, at, [reads], [], whole.bytes * 0.8);
  expect([...coarse.of(reads).values()].every((one) => one.summed_up.length > 0)).toBe(true);
  expect(coarse.short().left_out.size).toBe(0);
  const little = new SumWindows();
  await little.advance(store, at, [reads], [], coarse.bytes * 0.8);
  expect([...little.of(reads).keys()]).toEqual(['openai']);
  expect(little.short().left_out.size).toBe(1);
});

test('an interval keeps the lowest remainder and the highest limit of its rate-limit headers', async () => {
  const columns = [
    'ts',
    'provider',
    'org',
    'model',
    'class',
    'requests',
    'min_remaining_requests',
    'limit_requests',
  ];
  const ts = START + 290 * 60;
  const body = Buffer.from(
    [
      [ts, 'azure', 'a', 'm', 'ok', 1, 40, 100],
      [ts, 'azure', 'b', 'm', 'ok', 1, 7, 90],
      [ts + 10, 'azure', 'a', 'm', 'ok', 1, '\\N', '\\N'],
    ]
      .map((row) => (typeof row.at(-1) === 'string' ? `${row.join('\t')}\n` : tsvRow(row)))
      .join(''),
  );
  await store.insert({ table: 'request_counts', columns, body, token: 'limits' });
  const limits: Reads = {
    identity: ['provider', 'model'],
    by: [],
    more: ['remaining_requests', 'limit_requests'],
    fine: 600,
  };
  const windows = new SumWindows();
  const now = START + 291 * 60;
  await windows.advance(store, { from: now, to: now }, [limits], [], LIMIT);
  const view = windows
    .of(limits)
    .get('azure\nm')
    ?.counts.between(now - 600, now);
  expect(view?.values('remaining_requests')).toEqual([{ ts, value: 7 }]);
  expect(view?.values('limit_requests')).toEqual([{ ts, value: 100 }]);
});

test('live ticks, an analyzer that is killed halfway and a replay find the same outage of a provider', async () => {
  const end = START + 220 * 60;
  const run = async (kills: readonly number[]): Promise<{ reason: string; id: string }[]> => {
    const fresh = await openFresh();
    await insertCounts(fresh, rows);
    const found: { reason: string; id: string }[] = [];
    let state: TickState | null = null;
    for (let now = START + 160 * 60; now <= end; now += 30) {
      if (kills.includes((now - START) / 60)) state = null;
      const ticked = await tick(fresh, now + defaults.settle_seconds, defaults, state, null, [
        providerOutage,
      ]);
      state = ticked.state;
      found.push(...ticked.written.map(({ reason, incident: { id } }) => ({ reason, id })));
    }
    await fresh.close();
    return found.filter(({ reason }) => reason !== 'refreshed');
  };
  const { incidents: replayed } = await replayRange(store, START * 1000, end * 1000, defaults, undefined, [
    providerOutage,
  ]);
  expect(replayed).toMatchObject([
    {
      kind: 'provider_outage',
      scope: { provider: 'openai' },
      started_at: new Date((START + 170 * 60) * 1000).toISOString(),
      resolved_at: new Date((START + 190 * 60) * 1000).toISOString(),
      verdict: { party: 'provider' },
    },
  ]);
  const id = replayed[0]?.id ?? '';
  const expected = [
    { reason: 'fired', id },
    { reason: 'resolved', id },
  ];
  expect(await run([])).toEqual(expected);
  expect(await run([171, 175, 185, 195])).toEqual(expected);
});
