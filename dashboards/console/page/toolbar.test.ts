import { expect, test } from 'vitest';
import { parseRange } from './toolbar.js';

test.each([
  ['90m', '90m'],
  ['last 3d', '3d'],
  [' 2 W ', '2w'],
  ['2026-03-01 12:00 to 2026-03-01 18:00', { from: 1_772_366_400_000, to: 1_772_388_000_000 }],
  ['2026-03-01 to 2026-03-02', { from: 1_772_323_200_000, to: 1_772_409_600_000 }],
  ['2026-03-01T12:00Z – 2026-03-01T13:00+00:00', { from: 1_772_366_400_000, to: 1_772_370_000_000 }],
  ['2026-03-02 to 2026-03-01', null],
  ['yesterday', null],
  ['0m', null],
  ['', null],
])('"%s" is the range %o', (text, expected) => {
  expect(parseRange(text, true)).toEqual(expected);
});
