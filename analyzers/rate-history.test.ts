import { expect, test } from 'vitest';
import { rateHistory, safeRate } from './rate-history.ts';
import { START, traffic } from '../tests/fixtures/traffic.ts';

const at = (minute: number): number => START + minute * 60;
const history = (rate: (minute: number) => number, start = 40) =>
  rateHistory(traffic([{ from: 0, to: start, per_minute: rate }]), at(start), START);

test.each<[string, (minute: number) => number, number, number]>([
  ['a sudden rise', (m) => (m < 36 ? 60 : 300), 60, 36],
  ['a gradual rise', (m) => (m < 30 ? 60 : 60 + (m - 29) * 30), 60, 30],
  ['a rise with a dip in it', (m) => (m < 34 || m === 37 ? 60 : 300), 60, 34],
  ['no rise', () => 60, 60, 40],
  ['an old peak is not a ramp', (m) => (m > 10 && m < 14 ? 300 : 60), 60, 40],
  ['a rise from nothing', (m) => (m < 36 ? 0 : 300), 0, 36],
])('%s', (_name, rate, original, ramp) => {
  const found = history(rate);
  expect(found.original).toBeCloseTo(original, 0);
  expect(found.ramp_started_at).toBe(at(ramp));
});

test('without counts before the start nothing is known', () => {
  expect(history(() => 60, 0)).toEqual({
    original: null,
    ramp_started_at: START,
    original_from: START,
    original_to: START,
  });
});

test('minutes before the first counts are unknown, not zero', () => {
  const rows = traffic([{ from: 30, to: 40, per_minute: 60 }]);
  expect(rateHistory(rows, at(40), at(30)).original).toBe(60);
});

test.each([
  [0, 1],
  [4, 8],
  [100, 120],
  [1_000, 1_100],
])('for an original rate of %d, %d is safe', (original, safe) => {
  expect(safeRate(original)).toBe(safe);
});
