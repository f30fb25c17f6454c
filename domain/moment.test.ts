import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { durationSeconds, parseMoment } from './moment.ts';

const now = Date.UTC(2026, 2, 10, 12);

it.each([
  ['now', '2026-03-10T12:00:00.000Z'],
  ['24h', '2026-03-09T12:00:00.000Z'],
  ['now-24h', '2026-03-09T12:00:00.000Z'],
  ['90m', '2026-03-10T10:30:00.000Z'],
  ['now-90s', '2026-03-10T11:58:30.000Z'],
  ['7d', '2026-03-03T12:00:00.000Z'],
  ['now-2w', '2026-02-24T12:00:00.000Z'],
  ['1h30m', '2026-03-10T10:30:00.000Z'],
  ['1.5h', '2026-03-10T10:30:00.000Z'],
  ['0s', '2026-03-10T12:00:00.000Z'],
  ['2026-03-01', '2026-03-01T00:00:00.000Z'],
  ['2026-03-01T12:34', '2026-03-01T12:34:00.000Z'],
  ['2026-03-01 12:34:56', '2026-03-01T12:34:56.000Z'],
  ['2026-03-01T12:00:00.5+02:00', '2026-03-01T10:00:00.500Z'],
  ['1772323200', '2026-03-01T00:00:00.000Z'],
  ['1772323200123', '2026-03-01T00:00:00.123Z'],
])('%s is %s', (text, expected) =>
  expect(new Date(parseMoment(text, now) ?? 0).toISOString()).toBe(expected),
);

it.each([
  '',
  'yesterday',
  '24',
  '24 h',
  '-1h',
  'now+1h',
  'now-',
  'now-now',
  'now-1y',
  'now-2026-03-01',
  'now-1h-1h',
  '2026-02-30',
  '2026-13-01',
  '2026-13-45',
  '2026-03-01T25:00',
  '99999999999999',
  '1e12',
  '-5',
  '1h30',
  'NaN',
  '9999999w',
  '1970-01-01',
  '1999-12-31T23:59:59Z',
  '2100-01-01',
])('%j is no moment', (text) => expect(parseMoment(text, now)).toBeNull());

it('any text is a moment between 2000 and 2099, or none', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const time = parseMoment(text, now);
      expect(time === null || (time >= Date.UTC(2000) && time < Date.UTC(2100))).toBe(true);
    }),
  );
});

it.each([
  ['30s', 30],
  ['5m', 300],
  ['1h30m', 5_400],
  ['1d', 86_400],
  ['0s', 0],
  ['', null],
  ['5', null],
  ['m', null],
  ['5 m', null],
  ['5min', null],
  ['-5m', null],
])('%j has %s seconds', (text, seconds) => expect(durationSeconds(text)).toBe(seconds));
