import { assert, integer, property } from 'fast-check';
import { expect, test } from 'vitest';
import { alignRange, stepFor } from './time-range.ts';

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
