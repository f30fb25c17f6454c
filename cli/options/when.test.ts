import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.ts';
import { parseDuration, parseWhen } from './when.ts';

const now = Date.UTC(2026, 2, 10, 12);
const iso = (text: string) => new Date(parseWhen(text, '--since', now)).toISOString();

describe('a time', () => {
  it.each([
    ['24h', '2026-03-09T12:00:00.000Z'],
    ['90m', '2026-03-10T10:30:00.000Z'],
    ['7d', '2026-03-03T12:00:00.000Z'],
    ['2w', '2026-02-24T12:00:00.000Z'],
    ['1h30m', '2026-03-10T10:30:00.000Z'],
    ['1.5h', '2026-03-10T10:30:00.000Z'],
    ['0s', '2026-03-10T12:00:00.000Z'],
    ['now', '2026-03-10T12:00:00.000Z'],
    ['2026-03-01', '2026-03-01T00:00:00.000Z'],
    ['2026-03-01T12:34', '2026-03-01T12:34:00.000Z'],
    ['2026-03-01 12:34:56', '2026-03-01T12:34:56.000Z'],
    ['2026-03-01T12:00:00.5+02:00', '2026-03-01T10:00:00.500Z'],
    ['1772323200', '2026-03-01T00:00:00.000Z'],
    ['1772323200123', '2026-03-01T00:00:00.123Z'],
  ])('%s is %s', (text, expected) => expect(iso(text)).toBe(expected));

  it.each([
    '',
    'yesterday',
    '24',
    '24 h',
    '-1h',
    '2026-02-30',
    '2026-13-01',
    '2026-03-01T25:00',
    '99999999999999',
    '1h30',
    'NaN',
    '9999999w',
  ])('%j is refused with the flag and what is allowed', (text) => {
    expect(() => parseWhen(text, '--since', now)).toThrow(
      /^--since is ".*": must be a duration back from now such as 24h/,
    );
  });

  it('is a number or an error for any text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          expect(Number.isFinite(parseWhen(text, '--since', now))).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
      }),
    );
  });
});

describe('a duration', () => {
  it.each([
    ['30s', 30],
    ['5m', 300],
    ['1h30m', 5_400],
    ['1d', 86_400],
  ])('%s has %d seconds', (text, seconds) => expect(parseDuration(text, '--step')).toBe(seconds));

  it.each(['', '0s', '5', 'm', '5 m', '5min', '-5m'])('%j is refused', (text) => {
    expect(() => parseDuration(text, '--step')).toThrow('--step is');
  });
});
