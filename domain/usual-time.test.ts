import { expect, test } from 'vitest';
import { usualTimeOf } from './usual-time.ts';

const HOUR = 3_600;
const noon = Date.UTC(2026, 2, 10, 12) / 1_000;

test.each([
  ['ten minutes with the hour before', 600, HOUR],
  ['an hour with the hour before', HOUR, HOUR],
  ['a day with the day before', 24 * HOUR, 24 * HOUR],
  ['a week with the week before', 168 * HOUR, 168 * HOUR],
])('compares %s', (_, seconds, before) => {
  expect(usualTimeOf({ from: noon, to: noon + seconds })).toEqual({ from: noon - before, to: noon });
});
