import { expect, test } from 'vitest';
import { rangeQuery, rangeSeconds, stepFor } from './view-state.js';

test.each([
  [3_600, 450, true, 60],
  [86_400, 450, true, 1_200],
  [86_400, 1_000, true, 600],
  [86_400, 450, false, 600],
  [604_800, 450, true, 10_800],
  [604_800, 0, true, 43_200],
])('%d s on %d pixels (bars: %s) are drawn in steps of %d s', (seconds, pixels, isBars, expected) => {
  expect(stepFor(seconds, pixels, isBars)).toBe(expected);
});

test('a named range is asked for relative to the present, a drawn one by its ends', () => {
  const named = { dashboard: null, range: '6h' as const, filters: {} };
  const drawn = { dashboard: null, range: { from: 1_000.4, to: 61_000.4 }, filters: {} };
  expect(String(rangeQuery(named))).toBe('from=now-6h&to=now');
  expect(String(rangeQuery(drawn))).toBe('from=1000&to=61000');
  expect([rangeSeconds(named), rangeSeconds(drawn)]).toEqual([21_600, 60]);
});
