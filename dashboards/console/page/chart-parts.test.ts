import { expect, test } from 'vitest';
import { chartData, lonePoints, seriesColors, timeLabels } from './chart-parts.js';
import { setUtc } from './format.js';

const series = [
  { name: 'a', label: 'A', color: null, values: [1, 2, 0] },
  { name: 'b', label: 'B', color: '#123456', values: [10, 0, 5] },
];

test('a stack is summed from the bottom and drawn from the top', () => {
  expect(chartData([0, 1, 2], series, true, new Set())).toEqual([
    [0, 1, 2],
    [11, null, 5],
    [1, 2, null],
  ]);
});

test('a hidden series takes no room in a stack', () => {
  expect(chartData([0, 1, 2], series, true, new Set(['a']))).toEqual([
    [0, 1, 2],
    [10, null, 5],
    [null, null, null],
  ]);
});

test('lines that are not stacked keep their values, and a hidden line is empty', () => {
  expect(chartData([0, 1, 2], series, false, new Set(['b']))).toEqual([
    [0, 1, 2],
    [1, 2, 0],
    [null, null, null],
  ]);
});

test('a series keeps its colour when the order of the series changes', () => {
  const named = (name: string) => ({ name, label: name, color: null, values: [] });
  const [first, second] = seriesColors([named('x'), named('y')]);
  expect(seriesColors([named('y'), named('x')])).toEqual([second, first]);
  expect(seriesColors(series)[1]).toBe('#123456');
});

test('a point without a neighbour is found, because a line would not show it', () => {
  expect(lonePoints([1, null, 2, 3, null, 4])).toEqual([0, 5]);
});

test('the time axis names the day where a new day starts', () => {
  setUtc(true);
  const midnight = Date.parse('2026-03-02T00:00:00Z') / 1_000;
  expect(timeLabels([midnight - 14_400, midnight, midnight + 14_400], 14_400)).toEqual([
    '20:00',
    '2 Mar',
    '04:00',
  ]);
  expect(timeLabels([midnight + 43_200], 86_400)).toEqual(['2 Mar']);
});
