import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { settingsSchema } from '../domain/settings.ts';
import { createRecordReader } from '../ingest/read-record.ts';
import {
  type LetterReplayOptions,
  type ReplayResult,
  replayDeadLetters,
} from '../ingest/replay-dead-letters.ts';
import { openStore } from '../store/connect.ts';
import { announceReplay } from '../store/queries/dead-letter-replays.ts';
import { migrate } from '../store/migrate.ts';
import { readDeadLetters } from '../store/queries/dead-letters.ts';
import type { Store } from '../store/store.ts';
import { tsvRow } from '../store/tsv.ts';
import { deadColumns } from '../store/write-batch.ts';

// Each dead letter is counted once, whichever processes read it again and wherever they are interrupted.

const NOW = Date.now();
const unreadable = createRecordReader(settingsSchema.parse({ format: 'native' }));
const readable = createRecordReader(
  settingsSchema.parse({
    format: 'mapped',
    mapping: { ts: '$.when', status: '$.code', client: '$.who', error: '$.text' },
  }),
);

let folder: string;
let store: Store;
let topic = '';
let topics = 0;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'faultline-dead-letters-'));
  store = await openStore(settingsSchema.parse({ clickhouse: { path: folder } }).clickhouse);
  await migrate(store);
});

afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(() => {
  topic = `t${++topics}`;
});

/** Stores dead letters at the offsets from 0 on. */
async function bury(bodies: readonly string[]): Promise<void> {
  const rows = bodies.map((body, offset) =>
    tsvRow([topic, 0, offset, 0, 'schema', 'ts: missing', body, Buffer.byteLength(body)]),
  );
  const body = Buffer.from(rows.join(''));
  await store.insert({ table: 'dead_letters', columns: deadColumns, body, token: topic });
}

/** A record of the present test, in a format that `readable` knows and `unreadable` does not. */
const letter = (code: number, who = topic): string =>
  JSON.stringify({ when: NOW - 60_000, code, who, ...(code < 400 ? {} : { text: 'Internal error' }) });

const everything = (): ReturnType<typeof letter>[] => [
  letter(200),
  'no json',
  letter(500),
  letter(200),
  '{}',
];

function again(more: Partial<LetterReplayOptions> = {}, on: Store = store): Promise<ReplayResult> {
  const worker = `test-${Math.round(performance.now() * 1_000)}`;
  return replayDeadLetters(
    on,
    { topic, reason: '', since: 0 },
    { reader: readable, now: NOW, worker, ...more },
  );
}

interface Stored {
  counts: number[];
  events: number;
  ledger: { counted: number; failed: number; letters: number };
}

/** What the tables hold about the present topic. Counts have no topic, so they are found by the client of the test. */
async function stored(): Promise<Stored> {
  const counts = await Promise.all(
    ['request_counts', 'request_counts_1m', 'request_counts_1h'].map(async (table) => {
      const [row] = await store.query<{ n: number }>(
        `SELECT sum(requests) AS n FROM ${table} WHERE client = {topic:String}`,
        { topic },
      );
      return row?.n ?? 0;
    }),
  );
  const [events] = await store.query<{ n: number }>(
    'SELECT count() AS n FROM error_events WHERE topic = {topic:String}',
    { topic },
  );
  const [ledger] = await store.query<Stored['ledger']>(
    `SELECT sum(counted) AS counted, sum(failed) AS failed, count() AS letters FROM ingest_batches WHERE topic = {topic:String}`,
    { topic },
  );
  return { counts, events: events?.n ?? 0, ledger: ledger ?? { counted: 0, failed: 0, letters: 0 } };
}

const once: Stored = { counts: [3, 3, 3], events: 1, ledger: { counted: 3, failed: 1, letters: 3 } };

/**
 * The same store, but insert number `at` fails: before the rows are stored, or after they are stored, so that the
 * caller does not learn that they are.
 */
function breaking(at: number, when: 'before' | 'after'): Store {
  let inserts = 0;
  return {
    ...store,
    async insert(insert) {
      const isLast = ++inserts === at;
      if (isLast && when === 'before') throw new Error('killed');
      await store.insert(insert);
      if (isLast) throw new Error('killed');
    },
  };
}

test('letters that the present settings can read are counted once, however often they are read; the others stay', async () => {
  await bury(everything());
  expect(await again({ dryRun: true })).toMatchObject({ counted: 3, rejected: 2, cut: 0, next: null });
  expect((await stored()).ledger.letters).toBe(0);
  expect(await again({ reader: unreadable })).toMatchObject({ counted: 0, rejected: 5 });
  expect(await again()).toMatchObject({ counted: 3, rejected: 2, cut: 0, in_doubt: 0, next: null });
  expect(await stored()).toEqual(once);
  expect(await again()).toMatchObject({ counted: 0, rejected: 2 });
  expect(await stored()).toEqual(once);
  expect(await store.query("SELECT number FROM dead_letter_replays WHERE inserts != ''")).toEqual([]);
  const listed = await readDeadLetters(store, { topic, reason: '', since: 0, limit: 10 });
  expect(listed.map(({ replayed }) => replayed)).toEqual([0, 1, 1, 0, 1]);
});

describe.each(['before', 'after'] as const)('killed %s', (when) => {
  // The five inserts: announcement, events, counts, ledger, end.
  test.each([1, 2, 3, 4, 5])('insert %i, the replay is finished by the next process', async (at) => {
    await bury(everything());
    await expect(again({}, breaking(at, when))).rejects.toThrow('killed');
    // The settings of the next process can read no letter, but letters that were announced are counted all the same.
    await again({ reader: unreadable });
    if (at > 1 || when === 'after') expect(await stored()).toEqual(once);
    await again();
    expect(await stored()).toEqual(once);
  });
});

test('four replays at the same time count each letter once', async () => {
  await bury(Array.from({ length: 1_200 }, (_, i) => letter(i % 3 === 0 ? 500 : 200)));
  const results = await Promise.all([again(), again(), again(), again()]);
  expect(await stored()).toEqual({
    counts: [1_200, 1_200, 1_200],
    events: 400,
    ledger: { counted: 1_200, failed: 400, letters: 1_200 },
  });
  expect(results.every(({ next }) => next === null)).toBe(true);
});

test('a run that ended after a page can be continued there', async () => {
  await bury([...Array<string>(1_100).fill('no json'), letter(200), letter(500), letter(200)]);
  const first = await again({ isEnough: () => true });
  expect(first).toMatchObject({ counted: 0, rejected: 500 });
  expect(first.next).toMatchObject({ topic, partition: 0, offset: 499 });
  expect(await again({ after: first.next })).toMatchObject({ counted: 3, rejected: 600, next: null });
  expect(await stored()).toEqual(once);
});

test('a letter whose whole text is not stored is not counted in part', async () => {
  await bury([`${letter(200)}\n`.repeat(2_000), letter(200), letter(200), letter(500)]);
  expect(await again()).toMatchObject({ counted: 3, rejected: 0, cut: 1 });
  expect(await stored()).toEqual(once);
});

test('a row that the store refuses keeps only its own letter from being counted', async () => {
  await bury([letter(500, 'refuse-me'), ...everything()]);
  await store.command("ALTER TABLE error_events ADD CONSTRAINT c CHECK client != 'refuse-me'");
  try {
    expect(await again()).toMatchObject({ counted: 3, rejected: 3 });
    expect(await stored()).toEqual(once);
    expect(await again()).toMatchObject({ counted: 0, rejected: 3 });
  } finally {
    await store.command('ALTER TABLE error_events DROP CONSTRAINT c');
  }
});

test('what was counted before another process took the next number is reported, too', async () => {
  await bury([letter(500, 'refuse-me'), ...everything()]);
  await store.command("ALTER TABLE error_events ADD CONSTRAINT c CHECK client != 'refuse-me'");
  let announced = 0;
  const taking: Store = {
    ...store,
    async insert(insert) {
      const isAnnouncement = /^replay:\d+$/.test(insert.token ?? '');
      // The batch of all letters is refused, then each is announced alone: the third number is taken.
      if (isAnnouncement && ++announced === 4)
        await announceReplay(store, {
          number: Number(insert.token?.slice('replay:'.length)),
          holder: 'other',
          letters: 0,
          inserts: [],
        });
      return store.insert(insert);
    },
  };
  try {
    expect(await again({}, taking)).toMatchObject({ counted: 3, rejected: 3 });
    expect(await stored()).toEqual(once);
  } finally {
    await store.command('ALTER TABLE error_events DROP CONSTRAINT c');
  }
});

test('when the store no longer remembers the tokens, nothing is counted twice, and the letters are reported as in doubt', async () => {
  await bury(everything());
  await expect(again({}, breaking(3, 'after'))).rejects.toThrow('killed');
  await store.command(
    `INSERT INTO ingest_batches (topic, kind, days) SELECT 'many', 'lost', [toDate(1)] FROM numbers(20001)`,
  );
  expect(await again()).toMatchObject({ counted: 0, rejected: 2, in_doubt: 3 });
  // The counts had been stored; only the ledger rows were missing.
  expect(await stored()).toEqual(once);
  expect(await again()).toMatchObject({ counted: 0, in_doubt: 0 });
});
