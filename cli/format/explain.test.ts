import { expect, it } from 'vitest';
import { planExplainSums } from '../../store/queries/explain-sums.ts';
import type { ExplainedSpan } from '../../dashboards/console/v1/read-explanation.ts';
import { bar, explainedAsJson, explainedAsTable } from './explain.ts';

const noon = Date.UTC(2026, 2, 10, 12) / 1_000;
const plan = planExplainSums({
  by: null,
  where: [],
  classes: ['rate_limit'],
  window: { from: noon, to: noon + 600 },
  against: { from: noon - 3_600, to: noon },
  now: null,
});
const found: ExplainedSpan = {
  plan,
  isCompared: true,
  notes: [],
  total: { requests: 12_000, failures: 900, expected: 120.456, excess: 779.544 },
  scopes: [
    {
      scope: { model: 'gpt-5', api_key: 'sk-…1f#09' },
      requests: 1_000,
      failures: 700,
      expected: 4.256,
      excess: 695.744,
      share: 0.892_5,
    },
  ],
};

it('JSON has the keys of an incident, ISO times and exact counts', () => {
  expect(JSON.parse(explainedAsJson(found))).toEqual({
    window: { from: '2026-03-10T12:00:00.000Z', to: '2026-03-10T12:10:00.000Z' },
    against: { from: '2026-03-10T11:00:00.000Z', to: '2026-03-10T12:00:00.000Z' },
    compared: true,
    notes: [],
    total: { requests: 12_000, failures: 900, expected: 120.46, excess: 779.54 },
    scopes: [
      {
        scope: { key: 'sk-…1f#09', model: 'gpt-5', class: 'rate_limit' },
        requests: 1_000,
        failures: 700,
        expected: 4.26,
        excess: 695.74,
        share: 0.892_5,
      },
    ],
  });
});

it('the table shows one row per scope with a bar, and all traffic below', () => {
  const lines = explainedAsTable(found, { width: 160, color: false });
  expect(lines[0]).toBe(
    'rate_limit, 2026-03-10 12:00 to 2026-03-10 12:10 UTC (10m) against 2026-03-10 11:00 to 2026-03-10 12:00',
  );
  expect(lines[3]).toMatch(/^key sk-…1f#09, model gpt-5 +1,000 +700 +4\.3 +\+696 +89\.3 % +█{17}▉$/);
  expect(lines[4]).toMatch(/^all traffic +12,000 +900 +120 +\+780 +–$/);
  for (const width of [40, 60, 80])
    for (const line of explainedAsTable(found, { width, color: false }).slice(2))
      expect(line.length).toBeLessThanOrEqual(Math.max(width, 68));
  expect(explainedAsTable({ ...found, scopes: [] }, { width: 80, color: false }).at(-1)).toBe(
    'no part of the traffic fails more than usual, beyond chance',
  );
});

it('a bar shows every share above zero, and ends at its width', () => {
  expect(bar(0, 8)).toBe('');
  expect(bar(null, 8)).toBe('');
  expect(bar(0.001, 8)).toBe('▏');
  expect(bar(0.5, 8)).toBe('████');
  expect(bar(3, 8)).toBe('████████');
});
