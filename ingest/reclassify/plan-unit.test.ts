import { describe, expect, it, test } from 'vitest';
import { type CountedEnd, shapeOf } from '../../store/queries/reclassify-counts.ts';
import type { StoredJudgement, StoredError } from '../../store/queries/reclassify-events.ts';
import { storedErrorOf } from '../../tests/fixtures/stored-error.ts';
import { partitionKey } from '../partition-id.ts';
import { horizonsOf } from '../reconcile-horizons.ts';
import { judgeAgain, judgeStored } from './judge-again.ts';
import { cutSpans, heldTables, isInLedger, planUnit } from './plan-unit.ts';

const DAY = 86_400;
const day = 20_000 * DAY;

describe('the spans of a day', () => {
  test.each([
    [
      'hold as many errors as fit',
      [
        [0, 5],
        [10, 5],
        [20, 1],
      ],
      [
        [0, 20],
        [20, 30],
      ],
    ],
    [
      'reach over times without errors',
      [
        [0, 5],
        [500, 5],
      ],
      [[0, 510]],
    ],
    [
      'hold one interval that is too large alone',
      [
        [0, 1],
        [10, 50],
        [20, 1],
      ],
      [
        [0, 10],
        [10, 20],
        [20, 30],
      ],
    ],
    [
      'end with the day',
      [
        [DAY - 10, 1],
        [DAY, 1],
      ],
      [
        [DAY - 10, DAY],
        [DAY, DAY + 10],
      ],
    ],
    ['are none without errors', [], []],
  ])('%s', (_name, counts, spans) => {
    const given = counts.map(([at = 0, errors = 0]) => ({ at: day + at, errors, bytes: 0 }));
    expect(cutSpans(given, 10)).toEqual(
      spans.map(([from = 0, to = 0]) => ({ from: day + from, to: day + to })),
    );
  });
});

test('a span of long texts ends before its texts are too many', () => {
  const counts = [0, 10, 20].map((at) => ({ at: day + at, errors: 1, bytes: 60 }));
  expect(cutSpans(counts, 10, 120)).toEqual([
    { from: day, to: day + 20 },
    { from: day + 20, to: day + 30 },
  ]);
});

describe('the tables that hold a day in full', () => {
  const now = day + 40 * DAY;
  const tables = (
    [
      'request_counts',
      'request_counts_1m',
      'request_counts_1h',
      'error_events',
      'dead_letters',
      'incidents',
      'notifications',
      'ingest_batches',
      'ingest_days',
    ] as const
  ).map((table) => ({
    table,
    ttl: '',
    gone_before: 0,
    days: table === 'request_counts' ? 7 : table === 'request_counts_1m' ? 30 : null,
  }));
  const horizons = horizonsOf(tables, now);
  const totals = (fine: number, minutes: number, hours: number) => ({
    request_counts: fine,
    request_counts_1m: minutes,
    request_counts_1h: hours,
  });
  test.each([
    ['all by their retention, whatever comes in between two readings', 35, totals(5, 4, 3), 3],
    ['those that a history was imported into lately', 0, totals(9, 9, 9), 3],
    ['not one that has dropped a part', 0, totals(4, 9, 9), 2],
    ['nor one that has dropped all', 0, totals(0, 4, 9), 1],
  ])('are %s', (_name, at, held, n) => {
    const all = ['request_counts', 'request_counts_1m', 'request_counts_1h'];
    expect(heldTables(held, horizons, day + at * DAY)).toEqual(all.slice(3 - n));
  });
});

describe('an error is in the ledger', () => {
  const end: CountedEnd = { topic: 't', partition: 3, end: 100, since: 20_000 };
  const ends = new Map([[partitionKey(end), end]]);
  const error = (offset: number, inserted_on: number): StoredError => ({
    ...storedErrorOf({ topic: 't', partition: 3, offset }),
    inserted_on,
  });
  test.each([
    ['before the end of its partition', error(99, 20_001), true],
    ['not from the end on', error(100, 20_001), false],
    ['when it is of an earlier incarnation, which reached further', error(100, 19_999), true],
    ['not of a partition that the ledger does not know', { ...error(1, 0), topic: 'u' }, false],
  ])('%s', (_name, one, is) => {
    expect(isInLedger(one, ends)).toBe(is);
  });
});

describe('a stored error is judged again', () => {
  const judgedOf = (error: StoredError): StoredError => ({ ...error, judged: judgeStored(error) });
  const timeout = judgedOf(storedErrorOf({ provider: 'openai', status: 408, body: 'Request timed out.' }));
  test.each([
    ['the same', timeout, 'same'],
    ['otherwise', { ...timeout, judged: { ...timeout.judged, class: 'other' } }, 'changed'],
    [
      'otherwise in its advice only',
      { ...timeout, judged: { ...timeout.judged, wait_seconds: 3 } },
      'changed',
    ],
    ['not at all when its text was cut', { ...timeout, body: 'x'.repeat(8_192) }, 'cut'],
    ['as a success, which it is not made', storedErrorOf({ status: 200, body: '{"choices":[]}' }), 'success'],
    ['by its status where it has no text', judgedOf(storedErrorOf({ status: 0, body: '{}' })), 'same'],
  ] as const)('%s', (_name, error, kind) => {
    expect(judgeAgain(error, judgeStored).kind).toBe(kind);
  });

  it('what a plan finds adds up, and only what is counted is changed', () => {
    const old: StoredJudgement = { ...timeout.judged, class: 'other', rule: 'none' };
    const place = { topic: 't', partition: 0 };
    const errors = [
      timeout,
      { ...timeout, judged: old },
      { ...timeout, judged: old },
      { ...timeout, offset: 50 },
    ].map((error) => ({ ...error, ...place }));
    const count = { ts: 1_795_392_000, class: 'other', subclass: '', status: 408, requests: 1 };
    const dimensions = [...timeout.dimensions];
    const shape = shapeOf('request_counts');
    const ends = new Map([[partitionKey(place), { ...place, end: 10, since: 0 }]]);
    const facts = { errors, judge: judgeStored, rules: 9, ends };
    const { staged, report } = planUnit({
      ...facts,
      counts: { shape, failures: [{ ...count, dimensions }] },
    });
    expect(report).toMatchObject({
      judged: 4,
      same: 1,
      changed: 1,
      uncounted: 1,
      unfinished: 1,
      counts_gone: 0,
    });
    expect(report.moves).toMatchObject([{ from: { class: 'other' }, to: { class: 'timeout' }, errors: 1 }]);
    expect(staged).toMatchObject([{ old, error: { judged: timeout.judged }, counted_as: dimensions }]);
    expect(staged[0]?.error.row.split('\t')).toContain('9');
    // Of a day that no table holds any more only the events are changed.
    expect(planUnit({ ...facts, counts: null }).report).toMatchObject({
      changed: 2,
      counts_gone: 2,
      uncounted: 0,
    });
  });
});
