import { assert, integer, property } from 'fast-check';
import { expect, test } from 'vitest';
import { alignRange, parseMoment, stepFor } from './time-range.ts';

const PRESENT = Date.parse('2026-03-01T12:00:00Z');

test.each([
  ['now', PRESENT],
  ['now-90s', PRESENT - 90_000],
  ['now-6h', PRESENT - 21_600_000],
  ['now-2w', PRESENT - 14 * 86_400_000],
  ['2026-03-01', Date.parse('2026-03-01T00:00:00Z')],
  ['2026-03-01T06:30:00Z', Date.parse('2026-03-01T06:30:00Z')],
  ['2026-03-01T06:30:00', Date.parse('2026-03-01T06:30:00Z')],
  ['2026-03-01T06:30:00+02:00', Date.parse('2026-03-01T04:30:00Z')],
  ['1772366400', 1_772_366_400_000],
  ['1772366400000', 1_772_366_400_000],
])('%s is a moment', (text, expected) => {
  expect(parseMoment(text, PRESENT)).toBe(expected);
});

test.each(['', 'yesterday', 'now+1h', 'now-', 'now-1y', '12', '2026-13-45', '1e12', '-5', 'now-1h-1h'])(
  '%j is no moment',
  (text) => {
    expect(parseMoment(text, PRESENT)).toBeNull();
  },
);

test('a range contains the requested one and consists of multiples of the step', () => {
  assert(
    property(integer({ min: 0, max: 4e12 }), integer({ min: 1, max: 1e10 }), (from, length) => {
      const step = stepFor(length);
      const range = alignRange(from, from + length, step);
      expect(range.from % step).toBe(0);
      expect(range.to % step).toBe(0);
      expect(range.from * 1_000).toBeLessThanOrEqual(from);
      expect(range.to * 1_000).toBeGreaterThanOrEqual(from + length);
      expect((range.to - range.from) / step).toBeLessThanOrEqual(502);
    }),
  );
});
