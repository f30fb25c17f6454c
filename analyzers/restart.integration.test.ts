import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CountRow } from '../domain/count-row.ts';
import { openStore } from '../store/connect.ts';
import { migrate } from '../store/migrate.ts';
import { readIncidents } from '../store/queries/incidents.ts';
import type { Store } from '../store/store.ts';
import { insertCounts } from '../tests/fixtures/insert-counts.ts';
import { defaults } from '../tests/fixtures/play.ts';
import { START, type Stream, traffic } from '../tests/fixtures/traffic.ts';
import { tick, type TickState } from './tick.ts';

const MINUTE = 60;
const LAST = 110;
let directory: string;
let count = 0;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'faultline-restart-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

const usual: Stream = {
  from: 0,
  to: LAST,
  per_minute: 60,
  project: 'shop',
  client: 'web',
  model: 'gpt-5',
  api_key: 'k1',
  input_tokens: 500,
};

/** A random failure that concerns some or all callers of one of two organizations. */
const trouble = fc
  .record({
    org: fc.constantFrom('org-a', 'org-b'),
    client: fc.constantFrom('web', 'batch'),
    class: fc.constantFrom(
      'slow_down' as const,
      'quota_exceeded' as const,
      'rate_limit' as const,
      'unsupported_region' as const,
      'server_error' as const,
    ),
    begin: fc.integer({ min: 20, max: 70 }),
    minutes: fc.integer({ min: 3, max: 25 }),
    per_minute: fc.integer({ min: 6, max: 90 }),
    retries: fc.constantFrom(0, 1),
  })
  .map(
    ({ begin, minutes, ...rest }): Stream => ({
      ...usual,
      ...rest,
      from: begin,
      to: begin + minutes,
      input_tokens: 0,
    }),
  );

test('an analyzer that is killed and restarted finds the same incidents as one that goes on', async () => {
  const kills = fc.uniqueArray(fc.integer({ min: 21, max: LAST - 5 }), { minLength: 1, maxLength: 4 });
  let most = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(trouble, { minLength: 1, maxLength: 3 }), kills, async (troubles, at) => {
      const rows = traffic([{ ...usual, org: 'org-a' }, { ...usual, org: 'org-b' }, ...troubles]);
      const goingOn = await run(rows, []);
      most = Math.max(most, goingOn.length);
      expect(await run(rows, at)).toEqual(goingOn);
    }),
    { numRuns: 2, endOnFailure: true },
  );
  expect(most).toBeGreaterThan(0);
}, 600_000);

/**
 * Ticks once a minute over the whole time. Before the ticks in `kills` the program forgets everything that it has in
 * memory.
 */
async function run(rows: readonly CountRow[], kills: readonly number[]): Promise<object[]> {
  const store = await openFresh();
  try {
    await insertCounts(store, rows);
    let state: TickState | null = null;
    for (let minute = 15; minute <= LAST; minute++) {
      if (kills.includes(minute)) state = null;
      const now = START + minute * MINUTE + defaults.settle_seconds;
      ({ state } = await tick(store, now, defaults, state));
    }
    return (await readIncidents(store)).map(({ incident }) => {
      const { id, kind, state: final, scope, started_at, detected_at, resolved_at, severity } = incident;
      return { id, kind, state: final, scope, started_at, detected_at, resolved_at, severity };
    });
  } finally {
    await store.close();
  }
}

async function openFresh(): Promise<Store> {
  const options = { url: '', path: path.join(directory, 'data'), user: '', password: '', cluster: '' };
  const store = await openStore({ ...options, database: `restart${count++}` });
  await migrate(store);
  // The traffic of these tests has a fixed date, which is older than the tables keep counts.
  await store.command('SYSTEM STOP TTL MERGES');
  return store;
}
