import { expect, test } from 'vitest';
import { countView, orgsWith, rowsBetween } from './count-view.ts';
import { countRow } from '../tests/fixtures/traffic.ts';

const rows = [30, 10, 20, 20].map((ts, i) =>
  countRow({ ts, org: i === 0 ? 'b' : 'a', class: i === 1 ? 'slow_down' : 'ok' }),
);

test('a range includes its start and not its end', () => {
  const sorted = [...rows].sort((a, b) => a.ts - b.ts);
  expect(rowsBetween(sorted, 10, 30).map((row) => row.ts)).toEqual([10, 20, 20]);
  expect(rowsBetween(sorted, 11, 20)).toEqual([]);
  expect(rowsBetween(sorted, 0, Infinity)).toHaveLength(4);
  expect(rowsBetween([], 0, 10)).toEqual([]);
});

test('rows are kept by organization in order of time', () => {
  expect(
    [...countView(rows).orgs.values()].map(({ org, rows: own }) => [org, own.map((row) => row.ts)]),
  ).toEqual([
    ['a', [10, 20, 20]],
    ['b', [30]],
  ]);
});

test('organizations with an answer of a class in a range are found', () => {
  const view = countView(rows);
  expect([...orgsWith(view, ['slow_down'], 0, 20)]).toEqual(['openai\na']);
  expect([...orgsWith(view, ['slow_down'], 20, 40)]).toEqual([]);
  expect([...orgsWith(view, ['ok', 'slow_down'], 0, 40)]).toEqual(['openai\na', 'openai\nb']);
});
