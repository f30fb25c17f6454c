import { beforeEach, expect, test } from 'vitest';
import {
  age,
  countdown,
  duration,
  nearTime,
  number,
  setUtc,
  short,
  withNearTimes,
  words,
  zoneName,
} from './format.js';

beforeEach(() => setUtc(true));

test.each([
  [0.0591, 'ratio', '5.91 %'],
  [0.17, 'ratio', '17 %'],
  [0, 'ratio', '0 %'],
  [0.00004, 'ratio', '< 0.01 %'],
  [1_058_950, 'count', '1,058,950'],
  [4.15, 'per_minute', '4.15/min'],
  [113.4, 'per_minute', '113/min'],
  [3, 'seconds', '3 s'],
  [1.58, 'seconds', '1.58 s'],
  [3_900, 'seconds', '1 h 5 min'],
  [900, 'ms', '900 ms'],
  [12_500, 'ms', '12.5 s'],
  [1234.5, 'usd', '$1,234.50'],
] as const)('%d as %s is written %s', (value, unit, expected) => {
  expect(number(value, unit)).toBe(expected);
});

test.each([
  [1_500, 'per_minute', '1.5k'],
  [2_000_000, 'count', '2M'],
  [0.5, 'per_minute', '0.5'],
  [0.15, 'ratio', '15 %'],
  [0.5, 'seconds', '0.5 s'],
] as const)('%d as %s on an axis is %s', (value, unit, expected) => {
  expect(short(value, unit)).toBe(expected);
});

test.each([
  [59_000, '59 s', '59 s'],
  [134_000, '2 min 14 s', '2 min'],
  [3_120_000, '52 min', '52 min'],
  [23_700_000, '6 h 35 min', '6 h'],
  [200_000_000, '2 d 7 h', '2 d'],
  [-5, '0 s', '0 s'],
])('%d ms is %s, and %s in a column', (ms, long, column) => {
  expect(duration(ms)).toBe(long);
  expect(age(ms)).toBe(column);
});

test.each([
  [564_000, '09:24'],
  [3_724_000, '1:02:04'],
  [-1, '00:00'],
])('%d ms are counted down as %s', (ms, expected) => {
  expect(countdown(ms)).toBe(expected);
});

test('a time of another day is shown with its day, even if it is only minutes away', () => {
  const present = Date.parse('2026-03-02T00:10:00Z');
  expect(nearTime(present - 60_000, present)).toBe('00:09');
  expect(nearTime(present - 11 * 60_000, present)).toBe('1 Mar, 23:59');
  expect(nearTime(present - 13 * 3_600_000, present)).toBe('1 Mar, 11:10');
  expect(zoneName()).toBe('UTC');
});

test('ISO-8601 times in a text of the server are written in the style of the page', () => {
  const present = Date.parse('2026-03-02T12:00:00Z');
  expect(withNearTimes('from 2026-03-01T20:01:40.000Z to 2026-03-02T08:00:00Z', present)).toBe(
    'from 1 Mar, 20:01 to 08:00',
  );
  expect(withNearTimes('at 2026-99-99T99:99:99Z', present)).toBe('at 2026-99-99T99:99:99Z');
});

test('names of evidence become words', () => {
  expect(words('original_rate_per_minute')).toBe('Original rate per minute');
});
