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
import { CountWindow } from './count-window.ts';
import { quotaExhausted } from './kinds/quota-exhausted.ts';
import { readHistory } from './read-history.ts';

const MINUTE = 60;
const MIB = 1024 * 1024;
let directory: string;
let count = 0;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'faultline-window-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function stored(rows: readonly CountRow[]): Promise<Store> {
  const options = { url: '', path: path.join(directory, 'data'), user: '', password: '', cluster: '' };
  const store = await openStore({ ...options, database: `window${count++}` });
  await migrate(store);
  // The traffic of these tests has a fixed date, which is older than the tables keep counts.
  await store.command('SYSTEM STOP TTL MERGES');
  await insertCounts(store, rows);
  return store;
}

/** Brings the window to a second after `START`. */
async function advance(store: Store, window: CountWindow, second: number, bytes = 64 * MIB): Promise<void> {
  const at = START + second;
  const settings = { ...defaults, window_mib: bytes / MIB };
  await window.advance(store, { from: at, to: at, live: new Map() }, [quotaExhausted], settings);
}

const failing: Stream = { from: 0, to: 100, per_minute: 30, org: 'small', class: 'quota_exceeded' };
/** Makes `n` streams that differ only in their client or project. */
const many = (n: number, name: 'client' | 'project', stream: Stream): Stream[] =>
  Array.from({ length: n }, (_, k) => ({ ...stream, [name]: `${name}-${k}` }));

const requestsOf = (window: CountWindow, org: string, from: number, to: number): number | undefined =>
  window.orgs
    .get(`openai\n${org}`)
    ?.between(START + from, START + to)
    .total().requests;

test('an organization that does not fit becomes coarse, loses no request, and is read in full again when it fits', async () => {
  const store = await stored(
    traffic([
      ...many(300, 'client', { ...failing, org: 'wide', to: 10 }),
      { ...failing, org: 'wide', from: 10, client: 'client-0' },
    ]),
  );
  const window = new CountWindow();
  const bytes = 160_000;
  const wide = 'openai\nwide';
  await advance(store, window, 9 * MINUTE, bytes);
  expect(window.takeShortage()).toEqual({ left_out: 0, coarse: 1 });
  expect(requestsOf(window, 'wide', 0, 9 * MINUTE)).toBe(300 * 30 * 9);
  expect(window.bytes).toBeLessThan(bytes);
  for (let minute = 10; minute <= 78; minute += 2) {
    await advance(store, window, minute * MINUTE, bytes);
    expect(window.orgs.get(wide)?.isCoarse, `minute ${minute}`).toBe(true);
    expect(window.bytes).toBeLessThan(bytes);
  }
  // The rows of many clients at minutes 10 to 20 leave the window 70 minutes later.
  for (let minute = 80; minute <= 90; minute += 2) await advance(store, window, minute * MINUTE, bytes);
  expect(window.orgs.get(wide)?.isCoarse).toBe(false);
  expect(window.orgs.get(wide)?.combinations.map(({ client }) => client)).toEqual(['client-0']);
  expect(requestsOf(window, 'wide', 80 * MINUTE, 90 * MINUTE)).toBe(10 * 30);
  window.takeShortage();
  expect(window.takeShortage()).toEqual({ left_out: 0, coarse: 0 });
  await store.close();
}, 300_000);

test('an organization that never fits is left out, delays no other, and comes back when there is room', async () => {
  const store = await stored(
    traffic([
      ...many(300, 'project', { ...failing, org: 'large', to: 30 }),
      failing,
      { ...failing, org: 'tiny', per_minute: 20 },
    ]),
  );
  const window = new CountWindow();
  const bytes = 100_000;
  await advance(store, window, 20 * MINUTE, bytes);
  await advance(store, window, 20 * MINUTE + 10, bytes);
  // No request of these organizations succeeds, so the window also looked for requests that name no organization; it
  // found none.
  expect([...window.orgs.keys()].sort()).toEqual(['openai\n', 'openai\nsmall', 'openai\ntiny']);
  expect([...window.left_out.keys()]).toEqual(['openai\nlarge']);
  expect(window.takeShortage()).toMatchObject({ left_out: expect.any(Number) });
  expect(requestsOf(window, 'small', 0, 20 * MINUTE + 10)).toBe(605);
  // With a larger `window_mib` the organization is read again within five minutes, and in full.
  await advance(store, window, 22 * MINUTE);
  expect(window.left_out.size).toBe(1);
  await advance(store, window, 25 * MINUTE + 10);
  expect(window.left_out.size).toBe(0);
  expect(requestsOf(window, 'large', 0, 25 * MINUTE)).toBe(300 * 30 * 25);
  expect(window.orgs.get('openai\nlarge')?.isCoarse).toBe(false);
  await store.close();
}, 300_000);

test('late counts are read at the next step if under 5 minutes old, and within a minute if older', async () => {
  const store = await stored(traffic([{ ...failing, to: 40 }]));
  const window = new CountWindow();
  const at = 30 * MINUTE;
  await advance(store, window, at);
  expect(requestsOf(window, 'small', 0, at)).toBe(900);
  const late = (minute: number, token: string): Promise<void> =>
    insertCounts(store, traffic([{ ...failing, from: minute, to: minute + 1, client: 'late' }]), token);
  await late(28, 'young');
  await late(5, 'old');
  await advance(store, window, at + 10);
  expect(requestsOf(window, 'small', 28 * MINUTE, 29 * MINUTE)).toBe(60);
  expect(requestsOf(window, 'small', 5 * MINUTE, 6 * MINUTE)).toBe(30);
  await advance(store, window, at + 20);
  expect(requestsOf(window, 'small', 5 * MINUTE, 6 * MINUTE)).toBe(30);
  await advance(store, window, at + 30);
  expect(requestsOf(window, 'small', 5 * MINUTE, 6 * MINUTE)).toBe(60);
  expect(requestsOf(window, 'small', 0, at + 30)).toBe(915 + 60);
  await store.close();
}, 300_000);

test('a history has the same counts, read in pieces or at once', async () => {
  const store = await stored(
    traffic([
      ...many(7, 'client', { ...failing, to: 30, cost_usd: 0.25, retries: 1 }),
      ...many(5, 'project', { ...failing, org: 'other', from: 3, to: 20, class: 'ok', input_tokens: 70_000 }),
    ]),
  );
  const range = { from: START, to: START + 30 * MINUTE, requests: 1e9 };
  const orgs = ['small', 'nobody', 'other'].map((org) => ({ provider: 'openai', org }));
  const read = async (rowsAtOnce: number, limit = 64 * MIB): Promise<object[]> => {
    const found: object[] = [];
    for await (const some of readHistory(store, range, orgs, limit, rowsAtOnce))
      for (const one of some) found.push({ org: one.org, coarse: one.isCoarse, rows: inOrder(one.rows) });
    return found;
  };
  const whole = await read(1e9);
  expect(whole).toMatchObject([{ org: 'small' }, { org: 'nobody', rows: [] }, { org: 'other' }]);
  expect((whole[0] as { rows: unknown[] }).rows).toHaveLength(7 * 180);
  for (const rowsAtOnce of [1, 50, 333, 1_300]) expect(await read(rowsAtOnce)).toEqual(whole);
  // Now with limits so small that the same counts have to be summed up over key, client and region.
  const coarse = await read(50, 10_000);
  expect(coarse).toMatchObject([{ coarse: true }, { coarse: false }, {}]);
  expect(await read(333, 10_000)).toEqual(coarse);
  await store.close();
}, 300_000);

function inOrder(rows: readonly object[]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}

test('what names no organization is read with an organization that no success names', async () => {
  const store = await stored(
    traffic([
      { ...failing, org: 'acme' },
      { ...failing, org: '', class: 'ok' },
      { ...failing, org: 'beta', class: 'ok' },
    ]),
  );
  const window = new CountWindow();
  for (const second of [40 * MINUTE, 40 * MINUTE + 10]) {
    await advance(store, window, second);
    expect([...window.orgs.keys()].sort()).toEqual(['openai\n', 'openai\nacme']);
    const both = window.with_unnamed('openai\nacme');
    expect(both?.between(START + second - MINUTE, START + second).total().requests).toBe(60);
  }
});

test('what names no organization is not read when the failing organization has successes', async () => {
  const store = await stored(
    traffic([
      { ...failing, org: 'acme' },
      { ...failing, org: 'acme', class: 'ok', to: 5 },
      { ...failing, org: '', class: 'ok' },
    ]),
  );
  const window = new CountWindow();
  await advance(store, window, 40 * MINUTE);
  expect([...window.orgs.keys()]).toEqual(['openai\nacme']);
  expect(window.with_unnamed('openai\nacme')).toBeNull();
});
