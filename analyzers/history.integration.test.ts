import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CountRow } from '../domain/count-row.ts';
import { openStore } from '../store/connect.ts';
import type { Store } from '../store/store.ts';
import { StoreError } from '../store/error.ts';
import { migrate } from '../store/migrate.ts';
import { readIncidents } from '../store/queries/incidents.ts';
import type { Incident } from '../domain/incident.ts';
import { detectors } from './kinds/kinds.ts';
import { History } from './history.ts';
import { replayRange } from './replay.ts';
import { insertCounts } from '../tests/fixtures/insert-counts.ts';
import { defaults } from '../tests/fixtures/play.ts';
import { seeded, START, type Stream, traffic } from '../tests/fixtures/traffic.ts';

const MINUTE = 60;
const HOURS = 4;
let directory: string;
let databases = 0;
let expected: Incident[];

const web: Stream = { from: 0, to: HOURS * 60, per_minute: 60, project: 'shop', client: 'web' };
const batch: Stream = {
  ...web,
  project: 'docs',
  client: 'batch',
  per_minute: (m) => (m < 40 || m >= 60 ? 30 : 200),
};
const rows = traffic([
  web,
  batch,
  { ...batch, from: 41, to: 60, class: 'slow_down', per_minute: 24 },
  { ...web, org: 'org-broke', from: 0, to: 170 },
  { ...web, org: 'org-broke', from: 170, to: 200, class: 'quota_exceeded', subclass: 'credit_balance' },
  { ...web, org: 'org-broke', from: 200, to: HOURS * 60 },
]);
const between = (from: number, to: number): CountRow[] =>
  rows.filter(({ ts }) => ts >= START + from * MINUTE && ts < START + to * MINUTE);

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'faultline-history-'));
  const store = await openFresh();
  await insertCounts(store, rows, 'all');
  await replayRange(store, START * 1000, (START + HOURS * 60 * MINUTE) * 1000, defaults);
  expected = await incidentsOf(store);
  await store.close();
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test('a replay finds both incidents of these counts', () => {
  expect(expected.map(({ kind, state }) => [kind, state])).toEqual([
    ['quota_exhausted', 'resolved'],
    ['slow_down_surge', 'resolved'],
  ]);
});

test.each<[string, CountRow[][]]>([
  ['in order', [between(0, 100), between(100, 175), between(175, 240)]],
  ['with the second half first', [between(120, 180), between(180, 240), between(0, 50), between(50, 120)]],
  ['with the middle of an incident last', [between(0, 45), between(55, 240), between(45, 55)]],
  ['with its beginning last', [between(0, 165), between(175, 240), between(165, 175)]],
  ['from the end to the beginning', [3, 2, 1, 0].map((hour) => between(hour * 60, hour * 60 + 60))],
  ['shuffled', shuffled(6)],
])('a history that is read %s has the incidents of a replay', async (_name, parts) => {
  const store = await openFresh();
  const { history, feed } = reader(store, parts);
  for (const [i, part] of parts.entries()) {
    const progress = await feed(part, i);
    await history.tick({ ...progress, has_ended: false });
    if (i === parts.length - 1) await history.tick({ ...progress, oldest_new: null, has_ended: true });
  }
  expect(await incidentsOf(store)).toEqual(expected);
  await store.close();
});

test('an incident that half of the counts show and all of them do not is withdrawn', async () => {
  const store = await openFresh();
  // The failures come first: a success among them shows that the quota was not used up.
  const failed = between(170, 200).filter((row) => row.class === 'quota_exceeded');
  const rest = traffic([{ ...web, org: 'org-broke', from: 165, to: 240, per_minute: 2_000 }]);
  const { history, feed } = reader(store, [failed]);
  const seen = await history.tick({ ...(await feed(failed, 0)), has_ended: false });
  expect(seen.written.map(({ incident }) => incident.state)).toContain('firing');
  const all = await history.tick({ ...(await feed(rest, 1)), has_ended: true });
  expect(all.withdrawn).toEqual([seen.written[0]?.incident.id]);
  expect(await incidentsOf(store)).toEqual([]);
  await store.close();
});

test('after judging again it rests four times as long as that took, and later catches up', async () => {
  const store = await openFresh();
  let replaced = 0;
  const watched: Store = {
    ...store,
    command: (sql, params) => {
      if (sql.startsWith('ALTER TABLE incidents DELETE')) replaced++;
      return store.command(sql, params);
    },
  };
  let clock = 0;
  const parts = [between(170, 240), between(50, 60), between(41, 50), between(0, 41), between(60, 170)];
  // Every call of this clock moves it forward by a second.
  const { history, feed } = reader(watched, parts, () => (clock += 1_000));
  const times: number[] = [];
  for (const [i, part] of parts.entries()) {
    await history.tick({ ...(await feed(part, i)), has_ended: i === parts.length - 1 });
    times.push(replaced);
  }
  // The numbers count how often judging has started again so far. It starts again at once for the second part. Old
  // requests in the third and fourth part only wait, because judging rests, and the end handles them.
  expect(times).toEqual([0, 1, 1, 1, 2]);
  expect(await incidentsOf(store)).toEqual(expected);
  await store.close();
});

test('if judging again fails halfway, the next tick does it', async () => {
  const store = await openFresh();
  let isAway = false;
  const away = (): never => {
    throw new StoreError('unreachable', 'ClickHouse does not answer');
  };
  const flaky: Store = {
    ...store,
    insert: (insert) => (isAway && insert.table === 'incidents' ? away() : store.insert(insert)),
  };
  const parts = [between(120, 240), between(0, 120)];
  const { history, feed } = reader(flaky, parts);
  await history.tick({ ...(await feed(between(120, 240), 0)), has_ended: false });
  const progress = await feed(between(0, 120), 1);
  isAway = true;
  await expect(history.tick({ ...progress, has_ended: true })).rejects.toThrow('does not answer');
  isAway = false;
  await history.tick({ ...progress, has_ended: true });
  expect(await incidentsOf(store)).toEqual(expected);
  await store.close();
});

function reader(store: Store, parts: readonly CountRow[][], monotonic: () => number = () => 0) {
  const oldestOf = (part: readonly CountRow[]): number => Math.min(...part.map(({ ts }) => ts));
  const newestOf = (part: readonly CountRow[]): number => Math.max(...part.map(({ ts }) => ts)) + 9;
  let newest = 0;
  const history = new History(store, oldestOf(parts[0] ?? []), defaults, detectors, monotonic);
  return {
    history,
    async feed(part: readonly CountRow[], n: number) {
      await insertCounts(store, part, `part ${n}`);
      newest = Math.max(newest, newestOf(part));
      return { newest, oldest_new: oldestOf(part) };
    },
  };
}

/** The rows in random order, cut into this many parts. */
function shuffled(count: number): CountRow[][] {
  const random = seeded(5);
  const parts: CountRow[][] = Array.from({ length: count }, () => []);
  for (const row of rows) parts[Math.floor(random() * count)]?.push(row);
  return parts;
}

async function incidentsOf(store: Store): Promise<Incident[]> {
  return (await readIncidents(store)).map(({ incident }) => incident);
}

async function openFresh(): Promise<Store> {
  const options = { url: '', path: path.join(directory, 'data'), user: '', password: '', cluster: '' };
  const store = await openStore({ ...options, database: `history_${databases++}` });
  await migrate(store);
  // The traffic of these tests has a fixed date, which is older than the tables keep counts.
  await store.command('SYSTEM STOP TTL MERGES');
  return store;
}
