import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { openStore } from '../../../store/connect.ts';
import type { Store } from '../../../store/store.ts';
import { migrate } from '../../../store/migrate.ts';
import { readIncidents, writeIncidents } from '../../../store/queries/incidents.ts';
import {
  type PartitionReport,
  readIngestState,
  writeIngestState,
} from '../../../store/queries/ingest-state.ts';
import { readWatermark } from '../../../store/queries/watermark.ts';
import { isoTime } from '../../iso-time.ts';
import { defaults } from '../../../tests/fixtures/play.ts';
import { tick, type TickState } from '../../tick.ts';

let directory: string;
let store: Store;
let run = 0;
/** How many seconds the store's clock is ahead. The reports of workers look older by as much. */
let ahead = 0;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'faultline-pipeline-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

beforeEach(async () => {
  const options = { url: '', path: path.join(directory, 'data'), user: '', password: '', cluster: '' };
  const opened = await openStore({ ...options, database: `run_${run++}` });
  await migrate(opened);
  ahead = 0;
  store = {
    ...opened,
    query: async <Row>(sql: string, params?: Record<string, unknown>) => {
      const rows = await opened.query<Row>(sql, params);
      return /^SELECT .* AS now$/.test(sql) ? rows.map(() => ({ now: storeNow() }) as Row) : rows;
    },
  };
});

afterEach(() => store.close());

const storeNow = (): number => Date.now() / 1000 + ahead;

/** Stores a worker's report about a partition; `still`: seconds since the partition last moved. */
async function say(
  topic: string,
  partition: number,
  still: number,
  more: Partial<PartitionReport> & { worker?: string } = {},
): Promise<void> {
  const { worker = 'w1', ...rest } = more;
  const report = {
    topic,
    partition,
    state: 'held' as const,
    reason: '' as const,
    next_offset: 10,
    behind: 0,
    stored_age_ms: still * 1000,
    still_ms: still * 1000,
    moved_at: Math.round((storeNow() - still) * 1000),
    ...rest,
  };
  if (ahead === 0) return writeIngestState(store, worker, [report], `${Math.random()}`);
  // A report with a later time.
  const row = { ...report, worker, moved_at: (report.moved_at / 1000).toFixed(3) };
  const columns = Object.keys(row);
  await store.command(
    `INSERT INTO ingest_state (${columns.join(', ')}, at)
     SELECT ${columns.map((name) => `{${name}:String}`).join(', ')}, now64(3) + toIntervalMillisecond({ahead:Int64})`,
    {
      ...Object.fromEntries(Object.entries(row).map(([name, value]) => [name, String(value)])),
      ahead: ahead * 1000,
    },
  );
}

async function ledger(
  topic: string,
  partition: number,
  kind: string,
  age: number,
  lastTsAge: number,
): Promise<void> {
  await store.command(
    `INSERT INTO ingest_batches (topic, partition, kind, from_offset, to_offset, counted, last_ts, inserted_at)
     SELECT {topic:String}, {partition:Int32}, {kind:String}, 100, 150, 50,
       now64(3) - toIntervalSecond({lastTsAge:Int64}), now64(3) - toIntervalSecond({age:Int64})`,
    { topic, partition, kind, age, lastTsAge },
  );
}

test('a quiet partition, a topic without traffic and the import of an old file delay no evaluation', async () => {
  await say('live', 0, 0);
  await ledger('live', 0, 'batch', 1, 2);
  // One record half a minute ago, and nothing since.
  await say('live', 1, 5);
  await ledger('live', 1, 'batch', 25, 30);
  await say('empty', 0, 5, { next_offset: 0 });
  await ledger('file:old.ndjson#1', 0, 'batch', 1, 30 * 86_400);
  const now = storeNow();
  expect(await readWatermark(store, now)).toBe(null);
  const ticked = await tick(store, now, defaults, null, await readWatermark(store, now));
  expect(now - ticked.evaluated_at).toBeLessThan(20);
  expect(ticked.written).toEqual([]);
});

test('a partition that stands still holds evaluations and becomes an incident; both end when it moves', async () => {
  let state: TickState | null = null;
  const seen: string[] = [];
  const watermarks: (number | null)[] = [];
  for (ahead = 0; ahead <= 270; ahead += 10) {
    await say('t', 0, 1);
    await say('t', 1, ahead < 150 ? ahead : 0, { behind: 7, reason: ahead < 150 ? 'refused_rows' : '' });
    const now = storeNow();
    const watermark = await readWatermark(store, now);
    watermarks.push(watermark === null ? null : Math.round((now - watermark) / 10) * 10);
    const ticked = await tick(store, now, defaults, state, watermark);
    state = ticked.state;
    seen.push(...ticked.written.filter(({ reason }) => reason !== 'refreshed').map(({ reason }) => reason));
  }
  expect(seen).toEqual(['fired', 'resolved']);
  expect(watermarks.slice(0, 3)).toEqual([null, null, null]);
  expect(watermarks.slice(4, 15)).toEqual([40, 50, 60, 70, 80, 90, 100, 110, 120, 130, 140]);
  expect(new Set(watermarks.slice(15))).toEqual(new Set([null]));
  const [stored, ...more] = await readIncidents(store, { kinds: ['pipeline'] });
  expect(more).toEqual([]);
  expect(stored?.incident).toMatchObject({
    state: 'resolved',
    verdict: { party: 'pipeline' },
    evidence: { topic: 't', causes: ['refused_rows'] },
  });
});

test('a dead worker holds evaluations until another takes over, and a new analyzer continues the incident', async () => {
  await say('t', 0, 0);
  let state: TickState | null = null;
  const seen: string[] = [];
  for (ahead = 0; ahead <= 300; ahead += 10) {
    if (ahead >= 150) await say('t', 0, 1, { worker: 'w2', next_offset: 10 + ahead });
    // From here on a new analyzer judges, which knows only what is stored.
    if (ahead === 120) state = null;
    const ticked: Awaited<ReturnType<typeof tick>> = await tick(store, storeNow(), defaults, state);
    state = ticked.state;
    seen.push(
      ...ticked.written
        .filter(({ reason }) => reason !== 'refreshed')
        .map(({ reason, incident }) => `${reason} ${incident.id}`),
    );
    if (ahead === 100)
      expect(Math.round(storeNow() - ((await readWatermark(store, storeNow())) ?? 0))).toBeCloseTo(100, -1);
    if (ahead === 150) expect(await readWatermark(store, storeNow())).toBe(null);
  }
  expect(seen.map((text) => text.split(' ')[0])).toEqual(['fired', 'resolved']);
  expect(new Set(seen.map((text) => text.split(' ')[1])).size).toBe(1);
  expect((await readIngestState(store)).partitions).toMatchObject([{ worker: 'w2', topic: 't' }]);
});

test('a loss is one incident with its exact range, even with two analyzers', async () => {
  await ledger('t', 3, 'lost', 5, 5);
  const ids: string[] = [];
  for (const state of [null, null]) {
    const { written } = await tick(store, storeNow(), defaults, state);
    ids.push(...written.map(({ incident }) => incident.id));
  }
  const incidents = await readIncidents(store, { kinds: ['pipeline'] });
  expect(incidents.map(({ incident }) => incident)).toMatchObject([
    { state: 'firing', evidence: { topic: 't', records: 50, ranges: ['t/3: offsets 100 to 149'] } },
  ]);
  expect(new Set(ids)).toEqual(new Set([incidents[0]?.incident.id]));
});

test('an evaluation of another time, such as that of a file, does not judge the pipeline', async () => {
  await ledger('t', 3, 'lost', 5, 5);
  await say('t', 0, 500, { behind: 7 });
  const past = storeNow() - 86_400;
  let state: TickState | null = null;
  for (let second = 0; second <= 100; second += 10) {
    const ticked = await tick(store, past + second, defaults, state);
    expect(ticked.written).toEqual([]);
    state = ticked.state;
  }
});

test('an incident of a version in which losses had no memory is closed', async () => {
  await ledger('t', 3, 'lost', 5, 5);
  const { written } = await tick(store, storeNow(), defaults);
  const [own] = written;
  if (own === undefined) throw new Error('no incident');
  const old = { ...own.incident, id: 'ofbefore', started_at: isoTime(Math.floor(storeNow()) - 60) };
  await writeIncidents(store, [{ incident: old, version: 1, memory: '' }]);
  await tick(store, storeNow(), defaults);
  const incidents = await readIncidents(store, { kinds: ['pipeline'] });
  expect(Object.fromEntries(incidents.map(({ incident }) => [incident.id, incident.state]))).toEqual({
    ofbefore: 'resolved',
    [own.incident.id]: 'firing',
  });
});
