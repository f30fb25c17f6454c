import { expect, test } from 'vitest';
import type { Panel } from '../panel.ts';
import { checked } from './checked.ts';
import { panelParameters, panelQuery } from './parameters.ts';

const PRESENT = Date.parse('2026-03-01T12:00:00Z');
const panel = (kind: Panel['kind'], minStep?: number): Panel => ({
  slug: 's',
  title: 't',
  description: 'd',
  kind,
  unit: 'count',
  sql: '',
  width: 1,
  height: 1,
  ...(minStep === undefined ? {} : { minStep }),
});

test('without parameters a chart covers the last 24 hours in at most 500 points', () => {
  const { range, filters } = panelParameters(checked(panelQuery, {}), PRESENT, panel('bars'));
  expect(range).toEqual({ from: PRESENT / 1_000 - 86_400, to: PRESENT / 1_000, step: 300 });
  expect(filters).toEqual({});
});

test('the step is never shorter than that of the table that the panel reads', () => {
  expect(
    panelParameters(checked(panelQuery, { from: 'now-10m', step: '10' }), PRESENT, panel('bars', 60)).range
      .step,
  ).toBe(60);
});

test('the range of a single figure is not widened to whole steps', () => {
  const { range } = panelParameters(
    checked(panelQuery, { from: 'now-1h', step: '3600' }),
    PRESENT + 10_000,
    panel('stat'),
  );
  expect(range).toMatchObject({ from: PRESENT / 1_000 - 3_590, to: PRESENT / 1_000 + 10 });
});

test('a filter given once or more times is a list', () => {
  const { filters } = panelParameters(
    checked(panelQuery, { provider: 'openai', model: ['a', 'b'] }),
    PRESENT,
    panel('bars'),
  );
  expect(filters).toEqual({ provider: ['openai'], model: ['a', 'b'] });
});

test.each([
  [{ from: 'soon' }, 'from: is not a time such as now-6h, 2026-03-01T12:00:00Z or epoch milliseconds'],
  [{ from: 'now', to: 'now-1h' }, 'to: is not after from'],
  [
    { from: '2026-02-01', to: '2199-01-01' },
    'to: is not a time such as now-6h, 2026-03-01T12:00:00Z or epoch milliseconds, from 2000 to 2099',
  ],
  [{ from: 'now-300w' }, 'from: the range is longer than 1100 days'],
  [{ step: 'abc' }, 'step: is not a whole number of seconds'],
  [{ step: '5' }, 'step: is below 10 seconds, the counting interval'],
  [{ step: '10' }, 'step: gives more than 2000 points; leave it out or use a longer step'],
  [{ step: ['60', '120'] }, 'step: is given more than once'],
  [{ class: 'slow_down' }, 'class: is not a known parameter'],
  [{ provider: 'x'.repeat(513) }, 'provider: is too long'],
])('%j is refused in one line that names the parameter', (query, message) => {
  expect(() => panelParameters(checked(panelQuery, query), PRESENT, panel('bars'))).toThrow(message);
});
