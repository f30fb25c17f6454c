import { expect, test } from 'vitest';
import type { Panel } from '../panel.ts';
import { panelData } from './panel-answer.ts';

const range = { from: 1_772_366_400, to: 1_772_366_400 + 180, step: 60 };
const panel = (kind: Panel['kind'], more: Partial<Panel> = {}): Panel => ({
  slug: 'p',
  title: 't',
  description: 'd',
  kind,
  unit: 'count',
  sql: '',
  width: 1,
  height: 1,
  ...more,
});
const rows = [
  { time: '2026-03-01 12:00:00', series: 'slow_down', value: 4 },
  { time: '2026-03-01 12:00:00', series: 'rate_limit', value: 1 },
  { time: '2026-03-01 12:02:00', series: 'slow_down', value: '6' },
];

test('bars without a row are zero, and classes have a fixed order and colour', () => {
  expect(panelData(panel('bars'), rows, range)).toEqual({
    shape: 'series',
    times: [1_772_366_400, 1_772_366_460, 1_772_366_520],
    series: [
      { name: 'rate_limit', label: 'Rate limit reached', color: '#f2cc0c', values: [1, 0, 0] },
      expect.objectContaining({ name: 'slow_down', label: 'Slow Down', values: [4, 0, 6] }),
    ],
  });
});

test('a line has a gap where there is no row', () => {
  expect(panelData(panel('timeseries'), rows, range)).toMatchObject({
    series: [{ values: [1, null, null] }, { values: [4, null, 6] }],
  });
});

test('rows with several number columns are one series per column, with names, colours and order of the panel', () => {
  const wide = panel('timeseries', {
    columns: [
      { name: 'a', title: 'first', unit: 'count' },
      { name: 'b', title: 'second', unit: 'count' },
    ],
    colors: { b: '#123456' },
  });
  expect(panelData(wide, [{ time: 1_772_366_460, a: 1, b: null }], range)).toMatchObject({
    series: [
      { label: 'first', color: null, values: [null, 1, null] },
      { label: 'second', color: '#123456', values: [null, null, null] },
    ],
  });
});

test('series named by data keep their names and are sorted by size', () => {
  const data = [
    { time: '2026-03-01 12:00:00', series: 'my_small_project', value: 1 },
    { time: '2026-03-01 12:00:00', series: 'constructor', value: 2 },
  ];
  expect(panelData(panel('bars'), data, range)).toMatchObject({
    series: [{ label: 'constructor', color: null }, { label: 'my_small_project' }],
  });
});

test('rows outside the range are left out', () => {
  expect(
    panelData(panel('bars'), [{ time: '2026-03-01 11:00:00', series: 'x', value: 1 }], range),
  ).toMatchObject({ series: [] });
});

test('a row whose column `time` holds no time is an error that names the panel', () => {
  expect(() => panelData(panel('bars'), [{ time: 'x', series: 'a', value: 1 }], range)).toThrow(
    'panel p: column time holds no time',
  );
});

test('a figure is the first column of the first row, or nothing', () => {
  expect(panelData(panel('stat'), [{ value: 3 }], range)).toEqual({ shape: 'stat', value: 3 });
  expect(panelData(panel('stat'), [{ value: null }], range)).toEqual({ shape: 'stat', value: null });
  expect(panelData(panel('stat'), [], range)).toEqual({ shape: 'stat', value: null });
});

test('a table keeps its columns; lists and NaN become readable cells', () => {
  expect(panelData(panel('table'), [{ a: ['x', 'y'], b: Number.NaN, c: true }], range)).toEqual({
    shape: 'table',
    columns: ['a', 'b', 'c'],
    rows: [['x, y', null, 'true']],
  });
});

test('series named by data get shades of the colour of the panel, which do not depend on their sizes', () => {
  const projects = (a: number, b: number) =>
    panelData(
      panel('bars', { color: '#e0226e' }),
      [
        { time: '2026-03-01 12:00:00', series: 'a', value: a },
        { time: '2026-03-01 12:00:00', series: 'b', value: b },
      ],
      range,
    );
  const colors = (data: ReturnType<typeof projects>) =>
    data.shape === 'series' ? Object.fromEntries(data.series.map(({ name, color }) => [name, color])) : {};
  expect(colors(projects(1, 2))).toEqual(colors(projects(2, 1)));
  expect(colors(projects(1, 2))['a']).toBe('#e0226e');
  expect(colors(projects(1, 2))['b']).toMatch(/^#[0-9a-f]{6}$/);
});

test('an interval that is still being counted is not shown', () => {
  const data = panelData(panel('bars'), rows, range, range.from + 150);
  expect(data).toMatchObject({ times: [1_772_366_400, 1_772_366_460], series: [{}, { values: [4, 0] }] });
});
