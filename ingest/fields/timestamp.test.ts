import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTimestamp } from './timestamp.ts';

const now = Date.UTC(2026, 5, 1, 12);
const moment = Date.UTC(2026, 4, 31, 23, 59, 58, 123);

describe('parseTimestamp', () => {
  it.each([
    ['2026-05-31T23:59:58.123Z', moment],
    ['2026-05-31T23:59:58.123456789Z', moment],
    ['2026-05-31T23:59:58.1Z', moment - 23],
    ['2026-05-31T23:59:58Z', moment - 123],
    ['2026-05-31t23:59:58.123z', moment],
    ['2026-06-01T01:59:58.123+02:00', moment],
    ['2026-06-01T01:59:58.123+0200', moment],
    ['2026-06-01T01:59:58.123+02', moment],
    ['2026-05-31T18:29:58,123-05:30', moment],
    ['2026-05-31T23:59:58.123', moment],
    ['2026-05-31 23:59:58.123', moment],
    ['2026-05-31 23:59:58.123 UTC', moment],
    ['2026-05-31T23:59', moment - 58_123],
    ['2026-05-31', Date.UTC(2026, 4, 31)],
    ['2026-05-30T23:59:60Z', Date.UTC(2026, 4, 31)],
    [moment / 1000, moment],
    [moment, moment],
    [moment * 1000, moment],
    [moment * 1e6, moment],
    [String(moment), moment],
    [`${Math.floor(moment / 1000)}.123`, moment],
    ['2016-02-29T00:00:00Z', Date.UTC(2016, 1, 29)],
  ])('reads %s', (text, expected) => {
    expect(Math.abs(Number(parseTimestamp(text, now)) - expected)).toBeLessThanOrEqual(1);
  });

  it.each([
    'yesterday',
    '',
    '2026-05-31T24:00:00Z',
    '2026-02-30T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-05-31T23:60:00Z',
    '2026-05-31T23:59:58.Z',
    '2026-05-31T23:59:58.1x3Z',
    '2026-05-31T23:59:5xZ',
    '1970-01-01T00:00:00Z',
    '2014-12-31T23:59:59Z',
    '2026-05-31T23:59:58+99:00',
    '20260531',
    0,
    -1,
    1,
    Number.NaN,
    Number.POSITIVE_INFINITY * -1,
    null,
    undefined,
    true,
    {},
    [],
    '２０２６-05-31T23:59:58Z',
  ])('rejects %s as bad', (value) => {
    expect(parseTimestamp(value, now)).toBe('bad_timestamp');
  });

  it.each([
    '2100-01-01T00:00:00Z',
    '2026-06-02T12:00:00.001Z',
    4_102_444_800,
    Number.MAX_VALUE,
    Number.POSITIVE_INFINITY,
  ])('rejects %s as in the future', (value) => {
    expect(parseTimestamp(value, now)).toBe('future_timestamp');
  });

  it.each([
    ' 2026-06-01T10:00:00Z ',
    '2026-06-01 12:00:00 +0200 CEST',
    '2026-06-01 10:00:00.5 +0000 UTC m=+0.013',
  ])('reads %j', (text) => {
    expect(Math.floor(Number(parseTimestamp(text, now)) / 1000)).toBe(Date.UTC(2026, 5, 1, 10) / 1000);
  });

  it('accepts a clock that is up to a day ahead', () => {
    expect(parseTimestamp('2026-06-02T12:00:00Z', now)).toBe(now + 86_400_000);
  });

  it('agrees with Date on every ISO text, in any order', () => {
    const ms = fc.integer({ min: Date.UTC(2015, 0, 1), max: now });
    const near = fc
      .tuple(ms, fc.integer({ min: 0, max: 120_000 }))
      .map(([at, later]) => [at, Math.min(now, at + later)]);
    fc.assert(
      fc.property(fc.array(near, { maxLength: 20 }), (times) => {
        for (const at of times.flat()) {
          expect(parseTimestamp(new Date(at).toISOString(), now)).toBe(at);
          expect(parseTimestamp(new Date(at).toISOString().replace(/\.\d+/, ''), now)).toBe(at - (at % 1000));
        }
      }),
    );
  });

  it('never throws, and returns whole milliseconds or a reason', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double(), fc.jsonValue(), fc.date().map(String)), (value) => {
        const parsed = parseTimestamp(value, now);
        expect(typeof parsed === 'string' || Number.isSafeInteger(parsed)).toBe(true);
      }),
    );
  });

  it('does not depend on the texts read before', () => {
    const damaged = fc
      .tuple(
        fc.integer({ min: 0, max: 23 }),
        fc.oneof(fc.string({ maxLength: 2 }), fc.integer({ min: 0, max: 99 }).map(String)),
      )
      .map(
        ([at, damage]) =>
          `2026-05-31T23:59:58.123Z`.slice(0, at) +
          damage +
          `2026-05-31T23:59:58.123Z`.slice(at + damage.length),
      );
    fc.assert(
      fc.property(damaged, (text) => {
        parseTimestamp('2020-02-02T02:02:02.222Z', now);
        const alone = parseTimestamp(text, now);
        parseTimestamp('2026-05-31T23:59:58.123Z', now);
        expect(parseTimestamp(text, now)).toBe(alone);
      }),
      { numRuns: 1000 },
    );
  });
});
