import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { insertCounts } from '../tests/fixtures/insert-counts.ts';
import { type Incident, incident as incidentSchema } from '../domain/incident.ts';
import { openStore } from '../store/connect.ts';
import type { Store } from '../store/store.ts';
import { migrate } from '../store/migrate.ts';
import { readClassCounts } from '../store/queries/class-counts.ts';
import { readCounts } from '../tests/fixtures/read-counts.ts';
import { type IncidentFilter, readIncidents, readSampleRequestIds } from '../store/queries/incidents.ts';
import { tsvRow, tsvTime } from '../store/tsv.ts';
import { replayRange } from './replay.ts';
import { runAnalyzers } from './run.ts';
import { defaults } from '../tests/fixtures/play.ts';
import { START, type Stream, traffic } from '../tests/fixtures/traffic.ts';
import { tick, type Ticked, type TickState } from './tick.ts';

const MINUTE = 60;
let directory: string;
let live: Store;
let replayed: Store;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'faultline-analyzers-'));
  live = await openFresh('live');
  replayed = await openFresh('replayed');
});

afterAll(async () => {
  await live.close();
  await replayed.close();
  await rm(directory, { recursive: true, force: true });
});

const web: Stream = {
  from: 0,
  to: 180,
  per_minute: 60,
  project: 'shop',
  client: 'web',
  model: 'gpt-5',
  api_key: 'k1',
};
const batch: Stream = {
  ...web,
  project: 'docs',
  client: 'batch',
  api_key: 'k2',
  input_tokens: 900,
  per_minute: (m) => (m < 40 || m >= 60 ? 30 : 200),
};
const slowed: Stream = { ...batch, from: 41, to: 60, class: 'slow_down', per_minute: 24, input_tokens: 0 };
const broke: Stream = {
  ...web,
  org: "org-o'brien\t\\",
  from: 100,
  to: 130,
  class: 'quota_exceeded',
  subclass: 'credit_balance',
};
const rows = traffic([
  web,
  batch,
  slowed,
  { ...broke, from: 60, to: 100, class: 'ok', subclass: '' },
  broke,
  { ...broke, from: 130, to: 180, class: 'ok', subclass: '' },
]);

test('counts are read as they were stored, for the given organizations, in order of time', async () => {
  await insertCounts(live, rows);
  await insertCounts(replayed, rows);
  const range = { from: START, to: START + 180 * MINUTE };
  const read = await readCounts(live, { ...range, orgs: [{ provider: 'openai', org: broke.org ?? '' }] });
  const expected = rows.filter((row) => row.org === broke.org).sort((a, b) => a.ts - b.ts);
  expect(read).toEqual(expected);
  expect(await readCounts(live, { ...range, orgs: [] })).toEqual([]);
  expect(await readClassCounts(live, { ...range, classes: ['slow_down'] })).toHaveLength(19 * 6);
});

/** Every version that the live ticks wrote, in order. */
const written: { incident: Incident; reason: string }[] = [];

test('live ticks find, write and resolve both incidents', async () => {
  await insertEvents(live);
  await insertEvents(replayed);
  let state: TickState | null = null;
  for (let now = START + 35 * MINUTE; now <= START + 180 * MINUTE; now += 40) {
    const ticked: Ticked = await tick(live, now + defaults.settle_seconds, defaults, state);
    state = ticked.state;
    written.push(...ticked.written);
  }
  const incidents = await readIncidents(live);
  expect(incidents.map((it) => incidentSchema.parse(it.incident))).toMatchObject([
    {
      kind: 'quota_exhausted',
      state: 'resolved',
      scope: { provider: 'openai', org: broke.org },
      started_at: iso(100),
      resolved_at: iso(130),
      sample_request_ids: [],
    },
    {
      kind: 'slow_down_surge',
      state: 'resolved',
      scope: { client: 'batch' },
      started_at: iso(41),
      resolved_at: iso(60),
      sample_request_ids: ['req_0', 'req_1', 'req_2'],
    },
  ]);
});

test('a replay of the same counts writes the same as the live ticks', async () => {
  const seen: typeof written = [];
  const range = [START * 1000, (START + 180 * MINUTE) * 1000] as const;
  const { incidents } = await replayRange(replayed, ...range, defaults, (incident, reason) =>
    seen.push({ incident, reason }),
  );
  expect(seen).toEqual(written);
  expect(seen.filter(({ reason }) => reason === 'fired')).toHaveLength(2);
  expect(await readIncidents(replayed)).toEqual(await readIncidents(live));
  expect(incidents).toEqual((await readIncidents(live)).map((it) => it.incident).reverse());
});

test('an analyzer that missed hours makes up for them with the same rows', async () => {
  const before = await readIncidents(live);
  const late = await tick(live, START + 180 * MINUTE, defaults, { evaluated_at: START, live: new Map() });
  expect(late.written).toEqual(written);
  expect(await readIncidents(live)).toEqual(before);
});

test('a tick over a time whose counts were dropped leaves every incident as it is', async () => {
  const store = await openFresh('gone');
  await insertCounts(
    store,
    rows.filter((row) => row.ts < START + 50 * MINUTE),
  );
  await replayRange(store, START * 1000, (START + 50 * MINUTE) * 1000, defaults);
  const before = await readIncidents(store);
  expect(before).toMatchObject([{ incident: { kind: 'slow_down_surge', state: 'firing' } }]);
  // Retention deletes the counts like this after a week.
  await store.command('TRUNCATE TABLE request_counts');
  for (const state of [null, { evaluated_at: START, live: new Map() }]) {
    const ticked = await tick(store, START + 90 * MINUTE, defaults, state);
    expect(ticked.written).toEqual([]);
  }
  expect(await readIncidents(store)).toEqual(before);
  // Days later counts come again, and they must be judged.
  const later = START + 3 * 24 * 60 * MINUTE;
  await insertCounts(
    store,
    rows.map((row) => ({ ...row, ts: row.ts + 3 * 24 * 60 * MINUTE })),
  );
  const found = await tick(store, later + 50 * MINUTE, defaults, null);
  expect(found.written.map(({ incident }) => incident.state)).toContain('firing');
});

test('an incident that is open when the counts end stays open', async () => {
  const store = await openFresh('cut');
  await insertCounts(
    store,
    rows.filter((row) => row.ts < START + 50 * MINUTE),
  );
  const { incidents } = await replayRange(store, START * 1000, (START + 50 * MINUTE) * 1000, defaults);
  expect(incidents).toMatchObject([{ kind: 'slow_down_surge', state: 'firing', resolved_at: null }]);
  const [stored] = await readIncidents(store, { states: ['firing'] });
  expect(stored?.incident).toEqual(incidents[0]);

  // A new analyzer reads the open incident from the store, and does not change it while ingest is behind.
  const behind = await tick(store, START + 60 * MINUTE, defaults, null, START + 50 * MINUTE);
  expect(behind.written).toMatchObject([
    {
      reason: 'held',
      incident: { id: incidents[0]?.id, state: 'firing', evidence: { data_incomplete: true } },
    },
  ]);
  await insertCounts(
    store,
    rows.filter((row) => row.ts >= START + 50 * MINUTE),
    'rest',
  );
  const after = await tick(store, START + 80 * MINUTE, defaults, behind.state);
  expect(after.written.at(-1)).toMatchObject({
    reason: 'resolved',
    incident: { id: incidents[0]?.id, resolved_at: iso(60), evidence: {} },
  });
  expect((await readIncidents(store, { id: incidents[0]?.id ?? '' })).map((it) => it.incident.state)).toEqual(
    ['resolved'],
  );
  await store.close();
});

test('incidents are filtered by state, kind and time', async () => {
  expect(await kinds({ states: ['firing'] })).toEqual([]);
  expect(await kinds({ kinds: ['slow_down_surge'] })).toEqual(['slow_down_surge']);
  expect(await kinds({ since: START + 90 * MINUTE })).toEqual(['quota_exhausted']);
  expect(await kinds({ until: START + 90 * MINUTE })).toEqual(['slow_down_surge']);
  expect(await kinds({ limit: 1 })).toEqual(['quota_exhausted']);
});

test('sample request ids are from the scope and the time of the incident, oldest first', async () => {
  const where = {
    classes: ['slow_down'] as const,
    scope: { provider: 'openai', client: 'batch' },
    from: START + 41 * MINUTE,
    to: START + 60 * MINUTE,
  };
  expect(await readSampleRequestIds(live, { ...where, limit: 2 })).toEqual(['req_0', 'req_1']);
  expect(await readSampleRequestIds(live, { ...where, scope: { client: 'web' }, limit: 2 })).toEqual([]);
});

test('the loop never runs two ticks at once, survives a failed one, and stops on the signal', async () => {
  const controller = new AbortController();
  const errors: unknown[] = [];
  const evaluated: number[] = [];
  let running = 0;
  let most = 0;
  let hasFailed = false;
  const asked = async <T>(act: () => Promise<T>): Promise<T> => {
    most = Math.max(most, ++running);
    try {
      if (evaluated.length === 2 && !hasFailed) {
        hasFailed = true;
        throw new Error('connection lost');
      }
      return await act();
    } finally {
      running--;
    }
  };
  const flaky: Store = {
    ...live,
    query: (sql, params) => asked(() => live.query(sql, params)),
    columns: (sql, params) => asked(() => live.columns(sql, params)),
  };
  let now = START + 30 * MINUTE;
  await runAnalyzers({
    store: flaky,
    settings: defaults,
    now: () => now,
    sleep: async (ms) => void (now += ms / 1000),
    signal: controller.signal,
    watermark: async () => null,
    onTick: ({ evaluated_at: at }) => {
      evaluated.push(at);
      if (evaluated.length === 8) controller.abort();
    },
    onError: (error) => errors.push(error),
  });
  expect(errors).toHaveLength(1);
  expect(most).toBe(1);
  const steps = evaluated.slice(1).map((at, i) => at - (evaluated[i] ?? 0));
  expect(steps.filter((step) => step !== 10)).toEqual([20]);
});

async function openFresh(name: string): Promise<Store> {
  const options = { url: '', path: path.join(directory, 'data'), user: '', password: '', cluster: '' };
  const store = await openStore({ ...options, database: name });
  await migrate(store);
  // The traffic of these tests has a fixed date, which is older than the tables keep counts.
  await store.command('SYSTEM STOP TTL MERGES');
  return store;
}

async function kinds(filter: IncidentFilter): Promise<string[]> {
  return (await readIncidents(live, filter)).map((it) => it.incident.kind);
}

function iso(minute: number): string {
  return new Date((START + minute * MINUTE) * 1000).toISOString();
}

async function insertEvents(store: Store): Promise<void> {
  const columns = ['ts', 'request_id', 'provider', 'org', 'project', 'client', 'model', 'class'];
  const events = [0, 1, 2, 3].map((i) => {
    // The last one comes after the incident fired.
    const minute = i === 3 ? 50 : 41 + i / 10;
    return tsvRow([
      tsvTime((START + minute * MINUTE) * 1000),
      `req_${i}`,
      'openai',
      'org-acme',
      'docs',
      'batch',
      'gpt-5',
      'slow_down',
    ]);
  });
  await store.insert({ table: 'error_events', columns, body: Buffer.from(events.join('')), token: 'events' });
}
