import { describe, expect, test } from 'vitest';
import { defaultRetention, type Retention, toRetention } from '../domain/retention.ts';
import type { BrokenLink, LedgerDay, LedgerSum, StoredDay } from '../store/queries/reconcile.ts';
import { daysOf, forgettingTables, ttlOf } from '../store/retention.ts';
import { encodeMetadata } from './protocol.ts';
import { type BrokerFacts, type ReconcileFacts, reconcile } from './reconcile.ts';
import { horizonsOf } from './reconcile-horizons.ts';

const DAY = 86_400;
const now = Date.parse('2026-11-27T12:00:00Z') / 1000;
const today = Math.floor(now / DAY);
const ID = { topic: 't', partition: 0 };

const forgetting = (retention: Retention = toRetention(defaultRetention)) =>
  forgettingTables.map((table) => {
    const ttl = ttlOf(table, retention);
    return { table, ttl, days: daysOf(ttl), gone_before: 0 };
  });

const sum = (fields: Partial<LedgerSum> = {}): LedgerSum => ({
  ...ID,
  incarnation: 0,
  from: 0,
  to: 100,
  counted: 100,
  failed: 0,
  skipped: 0,
  dead: 0,
  holes: 0,
  per_offset: 1,
  ...fields,
});

function facts(fields: Partial<ReconcileFacts> = {}): ReconcileFacts {
  return {
    sums: [sum()],
    endsByDay: [{ ...ID, incarnation: 0, to: 100, stored_from: today }],
    broken: [],
    broker: [],
    days: { before: [], stored: [], after: [] },
    dead: { before: [], stored: [], after: [] },
    repeated: [],
    unspread: { batches: 0, requests: 0 },
    failed: 0,
    forgetting: forgetting(),
    now,
    ...fields,
  };
}

const link = (fields: Partial<BrokenLink>): BrokenLink => ({
  ...ID,
  kind: 'batch',
  from: 10,
  to: 20,
  accounted: 10,
  reached: 10,
  ...fields,
});

const broker = (fields: Partial<BrokerFacts>): BrokerFacts => ({
  ...ID,
  offset: 100,
  metadata: encodeMetadata(0, null),
  earliest: 0,
  latest: 100,
  ...fields,
});

const counts = (day: number, least: number, most = least): LedgerDay => ({
  table: 'request_counts',
  topic: null,
  partition: null,
  day,
  least,
  most,
});
const stored = (day: number, n: number): StoredDay => ({
  table: 'request_counts',
  topic: null,
  partition: null,
  day,
  stored: n,
});
const days = (ledger: LedgerDay[], table: StoredDay[]) => ({
  days: { before: ledger, stored: table, after: ledger },
});

describe('the chain of a partition', () => {
  test('that is complete is not a difference', () => {
    expect(reconcile(facts({ broker: [broker({ latest: 120 })] }))).toEqual({
      partitions: [
        {
          ...ID,
          incarnation: 0,
          from: 0,
          to: 100,
          counted: 100,
          failed: 0,
          skipped: 0,
          dead: 0,
          holes: 0,
          lag: 20,
        },
      ],
      differences: [],
      unfinished: [],
      notes: [],
    });
  });

  test.each([
    ['a gap', { reached: 5 }, [{ kind: 'gap', from: 5, to: 10 }]],
    ['an overlap', { reached: 15 }, [{ kind: 'overlap', from: 10, to: 15 }]],
    ['an overlap of all of it', { reached: 50 }, [{ kind: 'overlap', from: 10, to: 20 }]],
    [
      'a wrong sum',
      { accounted: 9 },
      [{ kind: 'sum', from: 10, to: 20, what: '10 offsets announced, 9 accounted for' }],
    ],
    ['lost records', { kind: 'lost', accounted: 0 }, [{ kind: 'lost', from: 10, to: 20 }]],
    ['a wrong sum of the first batch', { reached: null, accounted: 11 }, [{ kind: 'sum' }]],
    ['a gap and a wrong sum', { reached: 5, accounted: 9 }, [{ kind: 'gap' }, { kind: 'sum' }]],
  ] as const)('shows %s with its range', (_name, broken, differences) => {
    expect(reconcile(facts({ broken: [link(broken)] })).differences).toEqual(
      differences.map((difference) => expect.objectContaining(difference)),
    );
  });

  test('that is broken in too many places reports this', () => {
    const broken = Array.from({ length: 1_001 }, (_, i) =>
      link({ reached: 5, from: 10 + i * 20, to: 30 + i * 20 }),
    );
    const { differences } = reconcile(facts({ broken }));
    expect(differences.at(-1)).toMatchObject({
      kind: 'more',
      what: expect.stringContaining('more than 1000'),
    });
  });
});

describe('an announced range', () => {
  const announced = broker({ metadata: encodeMetadata(0, 150), latest: 200 });

  test('that is not in the ledger is unfinished, and not a difference', () => {
    expect(reconcile(facts({ broker: [announced] }))).toMatchObject({
      differences: [],
      unfinished: [{ ...ID, from: 100, to: 150 }],
    });
  });

  test('of a partition that the ledger does not know yet is unfinished, too', () => {
    const first = broker({ offset: 0, metadata: encodeMetadata(0, 50) });
    expect(reconcile(facts({ sums: [], endsByDay: [], broker: [first] }))).toMatchObject({
      differences: [],
      unfinished: [{ ...ID, from: 0, to: 50 }],
    });
  });

  test('that is in the ledger is finished', () => {
    const finished = broker({ offset: 50, metadata: encodeMetadata(0, 100) });
    expect(reconcile(facts({ broker: [finished] }))).toMatchObject({ differences: [], unfinished: [] });
  });

  test('after a gap in the ledger is unfinished, and the gap is a difference', () => {
    const later = broker({ offset: 120, metadata: encodeMetadata(0, 150), latest: 200 });
    expect(reconcile(facts({ broker: [later] }))).toMatchObject({
      differences: [{ kind: 'gap', from: 100, to: 120 }],
      unfinished: [{ from: 120, to: 150 }],
    });
  });

  test('may have stored its rows, but no more than it has', () => {
    const table = (n: number) =>
      facts({ broker: [announced], ...days([counts(today, 100)], [stored(today, n)]) });
    expect(reconcile(table(150)).differences).toEqual([]);
    expect(reconcile(table(150)).notes).toEqual([
      expect.stringContaining('50 requests that the ledger does not know'),
    ]);
    expect(reconcile(table(151)).differences).toMatchObject([{ kind: 'rollup' }]);
    expect(reconcile(table(99)).differences).toMatchObject([{ kind: 'rollup' }]);
  });

  test('of messages that hold many requests may have stored more', () => {
    const many = facts({
      sums: [sum({ per_offset: 7 })],
      broker: [announced],
      ...days([counts(today, 100)], [stored(today, 400)]),
    });
    expect(reconcile(many).differences).toEqual([]);
  });
});

describe('a partition whose single batches are gone', () => {
  test('is known by its end: acknowledged offsets are not a gap', () => {
    const old = facts({ sums: [], broker: [broker({})] });
    expect(reconcile(old)).toMatchObject({ differences: [], partitions: [{ from: 100, to: 100, lag: 0 }] });
  });

  test('is named, because its offsets are not compared again', () => {
    const endsByDay = [{ ...ID, incarnation: 0, to: 100, stored_from: today - 91 }];
    expect(reconcile(facts({ endsByDay })).notes).toEqual([
      'offsets of batches stored before 2026-08-29 are not compared: the ledger keeps them by day only',
    ]);
  });
});

describe('the counts of a day', () => {
  test('are compared separately: 93 of 100 missing ones show beside a record of 2016', () => {
    const old = Math.floor(Date.UTC(2016, 0, 1) / 1000 / DAY);
    const ledger = [counts(today, 99), counts(old, 0, 1)];
    const { differences, notes } = reconcile(facts(days(ledger, [stored(today, 7)])));
    expect(differences).toMatchObject([
      { kind: 'rollup', topic: '*', what: 'request_counts holds 7 requests of 2026-11-27, the ledger 99' },
    ]);
    expect(notes).toEqual([
      expect.stringMatching(/^request_counts may have dropped requests from before 2026-11-21 /),
    ]);
  });

  test.each([
    ['all there', 100, 0],
    ['partly dropped', 40, 0],
    ['dropped', 0, 0],
    ['stored twice', 101, 1],
  ])(
    'that may have been dropped and are %s: %i of 100 stored are %i differences',
    (_name, n, differences) => {
      const ledger = [counts(today - 8, 0, 100)];
      expect(reconcile(facts(days(ledger, [stored(today - 8, n)]))).differences).toHaveLength(differences);
    },
  );

  test('are not too many if the ledger itself may have dropped batches of that day', () => {
    const ancient = today - 3 * 365 - 1;
    expect(reconcile(facts(days([], [stored(ancient, 5)]))).differences).toEqual([]);
    expect(reconcile(facts(days([], [stored(ancient + 3, 5)]))).differences).toHaveLength(1);
  });

  test('that were stored during the comparison are not a difference', () => {
    const read = {
      before: [counts(today, 100)],
      stored: [stored(today, 150)],
      after: [counts(today, 200)],
    };
    expect(reconcile(facts({ days: read })).differences).toEqual([]);
  });

  test('of many days that differ are one line', () => {
    const ledger = Array.from({ length: 90 }, (_, i) => counts(today - i, 10));
    const { differences } = reconcile(facts(days(ledger, [])));
    expect(differences).toHaveLength(1);
    expect(differences[0]?.what).toMatch(/; and 85 more days differ$/);
  });
});

describe('the failures of a partition', () => {
  const failures = (n: number) => ({ ...counts(today, n), table: 'error_events' as const, ...ID });
  const events = (n: number, partition = 0) => ({
    ...stored(today, n),
    table: 'error_events' as const,
    topic: 't',
    partition,
  });

  test('are compared by partition', () => {
    const { differences } = reconcile(facts(days([failures(3)], [events(2), events(1, 1)])));
    expect(differences).toMatchObject([
      { kind: 'rows', ...ID, what: 'error_events holds 2 rows of 2026-11-27, the ledger 3' },
      { kind: 'rows', partition: 1, what: 'error_events holds 1 rows of 2026-11-27, the ledger 0' },
    ]);
  });
});

test('failures of days that error_events no longer keeps are named', () => {
  const failures = { ...counts(today, 3), table: 'error_events' as const, ...ID };
  const table = { ...stored(today, 3), table: 'error_events' as const, ...ID };
  expect(reconcile(facts({ ...days([failures], [table]), failed: 10 })).notes).toEqual([
    '7 failures from before 2026-10-29 are not compared: error_events keeps 30 days',
  ]);
});

describe('dead letters', () => {
  const dead = (ledger: number, least: number, most = least) => ({
    dead: {
      before: [{ ...ID, dead: ledger }],
      stored: [{ ...ID, least, most }],
      after: [{ ...ID, dead: ledger }],
    },
  });

  test.each([
    [3, 3, 3, 0],
    [3, 2, 2, 1],
    [3, 4, 4, 1],
    // Stored long before the ledger row of their batch.
    [3, 0, 3, 0],
  ])('%i in the ledger and %i to %i in the table are %i differences', (ledger, least, most, differences) => {
    expect(reconcile(facts(dead(ledger, least, most))).differences).toHaveLength(differences);
  });

  test('that are no longer kept are named', () => {
    const { notes } = reconcile(facts({ ...dead(3, 3), sums: [sum({ dead: 10 })] }));
    expect(notes).toEqual([
      '7 dead letters of batches stored before 2026-11-05 are not compared: dead_letters keeps 30 days',
    ]);
  });
});

describe('how far back a table is certainly complete', () => {
  test('is its retention, and never before it was told to keep rows longer', () => {
    const tables = forgetting().map((one) =>
      one.table === 'request_counts_1m' ? { ...one, gone_before: now - 10 * DAY } : one,
    );
    const { request_counts, request_counts_1m } = horizonsOf(tables, now);
    expect(request_counts.event).toBe(now - 7 * DAY + 3_600);
    expect(request_counts_1m.event).toBe(now - 10 * DAY);
  });

  test('is for ever when nothing is ever dropped', () => {
    const never = { ...toRetention(defaultRetention), request_counts_1h: null };
    const horizons = horizonsOf(forgetting(never), now);
    expect(horizons.request_counts_1h).toEqual({ event: 0, stored: 0 });
    // The sums by day, which are compared with it, are kept as long.
    expect(horizons.ingest_days).toEqual({ event: 0, stored: 0 });
  });
});

test('batches of an earlier version that span days are named', () => {
  expect(reconcile(facts({ unspread: { batches: 2, requests: 500 } })).notes).toEqual([
    expect.stringContaining('2 batches with 500 requests span more than one day'),
  ]);
});
