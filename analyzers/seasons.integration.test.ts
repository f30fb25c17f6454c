import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CountRow } from '../domain/count-row.ts';
import { openStore } from '../store/connect.ts';
import { migrate } from '../store/migrate.ts';
import type { Store } from '../store/store.ts';
import { insertCounts } from '../tests/fixtures/insert-counts.ts';
import { defaults } from '../tests/fixtures/play.ts';
import { START, type Stream, traffic } from '../tests/fixtures/traffic.ts';
import { errorSurge } from './kinds/error-surge.ts';
import { replayRange } from './replay.ts';
import { tick, type TickState } from './tick.ts';

const WEEK = 168 * 3_600;
let directory: string;
let store: Store;
let queries = 0;
let count = 0;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'faultline-season-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** A job that runs in the second hour and of which three in ten requests fail, besides traffic without failures. */
const web: Stream = { from: 0, to: 180, per_minute: 30, client: 'web', project: 'shop', model: 'gpt-5' };
const job: Stream = {
  ...web,
  from: 62,
  to: 110,
  per_minute: 20,
  client: 'nightly',
  api_key: 'k',
  region: 'r',
};
const week = traffic([web, job, { ...job, per_minute: 9, class: 'bad_request' }]);

/** A store that has the same traffic in each of the given earlier weeks and in the present week. */
async function open(weeks: readonly number[]): Promise<Store> {
  const options = { url: '', path: path.join(directory, 'data'), user: '', password: '', cluster: '' };
  const opened = await openStore({ ...options, database: `season${count++}` });
  await migrate(opened);
  await opened.command('SYSTEM STOP TTL MERGES');
  for (const ago of weeks) {
    const rows = week.map((row): CountRow => ({ ...row, ts: row.ts - ago * WEEK }));
    await insertCounts(opened, rows, `week ${ago}`);
  }
  queries = 0;
  return {
    ...opened,
    query: (sql, params) => {
      if (sql.includes('least_share')) queries++;
      return opened.query(sql, params);
    },
  };
}

test.each<[string, number[], number]>([
  ['a job that fails every week is found while it is new', [0, 1, 2], 1],
  ['and is usual after three weeks', [0, 1, 2, 3], 0],
  ['even if one week is missing', [0, 1, 3, 4], 0],
  ['weeks before the last four do not count', [0, 1, 2, 5, 6], 1],
])('%s, live and in a replay', async (_name, weeks, incidents) => {
  store = await open(weeks);
  const end = START + 3 * 3_600;
  let state: TickState = { evaluated_at: START, live: new Map() };
  const fired: string[] = [];
  for (let now = START + 60; now <= end; now += 60) {
    const ticked = await tick(store, now, defaults, state, null, [errorSurge]);
    state = ticked.state;
    fired.push(...ticked.written.flatMap(({ reason, incident }) => (reason === 'fired' ? incident.id : [])));
  }
  expect(fired).toHaveLength(incidents);
  // One query for each hour in which an organization was judged, and one for the hours beside them.
  expect(queries).toBeLessThanOrEqual(6);
  const replayed = await replayRange(store, START * 1000, end * 1000, defaults, undefined, [errorSurge]);
  expect(replayed.incidents.map(({ id }) => id)).toEqual(fired);
  await store.close();
});
