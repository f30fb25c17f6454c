import { expect, test } from 'vitest';
import { defaultRetention, toRetention } from '../../domain/retention.ts';
import { comparedTime, planExplainSums } from './explain-sums.ts';

const HOUR = 3_600;
const DAY = 24 * HOUR;
const now = Date.UTC(2026, 2, 31) / 1_000;
const plan = (days: number, by: readonly string[] | null = null) =>
  planExplainSums({
    by,
    where: [],
    classes: [],
    window: { from: now - days * DAY, to: now },
    against: null,
    now,
    retention: {
      ...toRetention(defaultRetention),
      request_counts: 7,
      request_counts_1m: 30,
      request_counts_1h: 400,
    },
  });

test.each([
  ['a day with the day before, in the finest table', 1, 'request_counts'],
  ['a week with the week before, in the table per minute', 7, 'request_counts_1m'],
  ['a quarter of a year with as long before, in the table per hour', 90, 'request_counts_1h'],
])('compares %s', (_, days, table) => {
  const { against, ...chosen } = plan(days);
  expect([chosen.table, against]).toEqual([table, { from: now - 2 * days * DAY, to: now - days * DAY }]);
});

test('where only a table with fewer dimensions has all of the time before, it is shortened for a named dimension', () => {
  const { table, against } = plan(5, ['endpoint']);
  expect([table, against]).toEqual(['request_counts', { from: now - 7 * DAY, to: now - 5 * DAY }]);
});

test('the time that is not named begins with its first request', () => {
  const against = { from: now - DAY, to: now };
  const rows = [{ usual_first: 0 }, { usual_first: now - HOUR }, { usual_first: now - 2 * HOUR }];
  expect(comparedTime({ against, is_usual_assumed: true }, rows)).toEqual({ from: now - 2 * HOUR, to: now });
  expect(comparedTime({ against, is_usual_assumed: false }, rows)).toEqual(against);
  expect(comparedTime({ against, is_usual_assumed: true }, [{ usual_first: 0 }])).toEqual(against);
});
