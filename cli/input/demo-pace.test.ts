import fc from 'fast-check';
import { expect, test } from 'vitest';
import { eventTimes } from './demo-pace.ts';

const day = [
  { after_ms: 1_000, lasts_ms: 200 },
  { after_ms: 5_000, lasts_ms: 400 },
];

test.each([
  ['the start', 0, 0],
  ['before the first incident', 50, 500],
  ['the start of an incident', 100, 1_000],
  ['the middle of an incident', 150, 1_100],
  ['the end of an incident', 200, 1_200],
  ['between two incidents', 300, 2_200],
  ['the end of the second', 680, 5_400],
  ['long after the last', 780, 6_400],
])('%s', (_when, real, expected) => {
  expect(eventTimes(day, { speed: 10, incidentMs: 100 })(real)).toBeCloseTo(expected);
});

test('without a least time for incidents the pace is even', () => {
  expect(eventTimes(day, { speed: 10, incidentMs: 0 })(520)).toBe(5_200);
});

test('event time never goes back, and never goes faster than the speed', () => {
  const span = fc.record({ after_ms: fc.nat(10_000), lasts_ms: fc.nat(1_000) });
  fc.assert(
    fc.property(fc.array(span, { maxLength: 5 }), fc.nat(5_000), fc.nat(500), (incidents, real, more) => {
      const timeAfter = eventTimes(incidents, { speed: 7, incidentMs: 60 });
      const gone = timeAfter(real + more) - timeAfter(real);
      expect(gone).toBeGreaterThanOrEqual(0);
      expect(gone).toBeLessThanOrEqual(7 * more + 1e-6);
    }),
  );
});
