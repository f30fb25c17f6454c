import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cleaner } from '../fields/clean.ts';
import { PlainReader } from './plain-reader.ts';
import { parseTimestamp } from '../fields/timestamp.ts';

const now = Date.UTC(2030, 0, 1);

/** A time as a logger writes it, and as `Date.parse` reads it. */
interface Written {
  text: string;
  expected: number | 'bad_timestamp';
}

const two = (n: number): string => String(n).padStart(2, '0');

const minutes = fc.record({
  year: fc.integer({ min: 2015, max: 2029 }),
  month: fc.constantFrom(1, 2, 6, 12),
  day: fc.constantFrom(1, 15, 28, 29, 30, 31),
  hour: fc.constantFrom(0, 1, 11, 12, 23),
  minute: fc.constantFrom(0, 29, 59),
});
const offsets = fc
  .tuple(fc.constantFrom('+', '-'), fc.integer({ min: 0, max: 14 }), fc.constantFrom(0, 30, 45))
  .chain(([sign, hours, rest]) =>
    fc.constantFrom(
      `${sign}${two(hours)}:${two(rest)}`,
      `${sign}${two(hours)}${two(rest)}`,
      `${sign}${two(hours)}`,
    ),
  );
/** The part after the minute in the forms that loggers use; most have milliseconds and Z. */
const rests = fc.record({
  second: fc.oneof(fc.constantFrom(58, 59, 60, 0, null), fc.integer({ min: 0, max: 60 })),
  fraction: fc.oneof(
    { weight: 4, arbitrary: fc.stringMatching(/^[0-9]{3}$/) },
    fc.constant(''),
    fc.stringMatching(/^[0-9]{1,9}$/),
  ),
  separator: fc.constantFrom('T', 'T', 'T', 't', ' '),
  point: fc.constantFrom('.', '.', '.', ','),
  zone: fc.oneof({ weight: 4, arbitrary: fc.constant('Z') }, fc.constantFrom('z', '', ' UTC'), offsets),
});
type Of<T> = T extends fc.Arbitrary<infer Value> ? Value : never;

/** Times within few minutes, as records come. */
const times: fc.Arbitrary<Written[]> = fc
  .array(fc.tuple(minutes, fc.array(rests, { minLength: 1, maxLength: 8 })), { minLength: 1, maxLength: 3 })
  .map((groups) => groups.flatMap(([minute, several]) => several.map((rest) => write(minute, rest))));

function write(start: Of<typeof minutes>, rest: Of<typeof rests>): Written {
  const { year, month, day, hour, minute } = start;
  const { second, fraction, separator, point, zone } = rest;
  const date = `${year}-${two(month)}-${two(day)}`;
  const clock = `${two(hour)}:${two(minute)}`;
  const seconds = second === null ? '' : `:${two(second)}${fraction === '' ? '' : `${point}${fraction}`}`;
  // Second 60 comes one second after second 59, which is the last that Date.parse knows.
  const leap = second === 60 ? 1_000 : 0;
  const ms = second === null ? '' : `:${two(Math.min(second, 59))}.${fraction.slice(0, 3).padEnd(3, '0')}`;
  const offset = /^[+-]/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3).replace(':', '') || '00'}` : 'Z';
  const time = Date.parse(`${date}T${clock}${ms}${offset}`) + leap;
  // Date.parse reads the 30th of February as the 2nd of March.
  const isDate = new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day;
  const isGood = isDate && time >= Date.UTC(2015, 0, 1);
  return { text: `${date}${separator}${clock}${seconds}${zone}`, expected: isGood ? time : 'bad_timestamp' };
}

const cleaner = new Cleaner();

function readPlain(reader: PlainReader, text: string): number | 'bad_timestamp' {
  const bytes = Buffer.from(JSON.stringify({ ts: text, status: 200 }));
  return reader.read(bytes, 0, bytes.length, now, 'success')?.ts ?? 'bad_timestamp';
}

describe('both readers of times', () => {
  it('agree with Date.parse on every form, whatever was read before', () => {
    const long = new PlainReader(cleaner);
    fc.assert(
      fc.property(times, (several) => {
        const fresh = new PlainReader(cleaner);
        for (const { text, expected } of several) {
          expect(parseTimestamp(text, now), text).toBe(expected);
          expect(readPlain(long, text), text).toBe(expected);
          expect(readPlain(fresh, text), text).toBe(expected);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('read a minute the same before and after its leap second', () => {
    const reader = new PlainReader(cleaner);
    const minute = '2026-06-01T11:59';
    const ordinary = Date.UTC(2026, 5, 1, 11, 59, 30, 250);
    const leap = Date.UTC(2026, 5, 1, 12, 0, 0, 0);
    for (const [text, expected] of [
      [`${minute}:30.250Z`, ordinary],
      [`${minute}:60.000Z`, leap],
      [`${minute}:30.250Z`, ordinary],
      [`${minute}:60.999Z`, leap + 999],
      ['2026-06-01T12:00:00.000Z', leap],
    ] as const) {
      expect(parseTimestamp(text, now), text).toBe(expected);
      expect(readPlain(reader, text), text).toBe(expected);
    }
  });

  it('detect a time in the future within a known minute', () => {
    const reader = new PlainReader(cleaner);
    const close = Date.UTC(2026, 5, 1, 12);
    const read = (text: string, at: number) => {
      const bytes = Buffer.from(JSON.stringify({ ts: text, status: 200 }));
      return reader.read(bytes, 0, bytes.length, at, 'success')?.ts ?? null;
    };
    expect(read('2026-06-02T11:59:59.999Z', close)).toBe(close + 86_400_000 - 1);
    expect(read('2026-06-02T11:59:59.999Z', close - 60_000)).toBe(null);
    expect(parseTimestamp('2026-06-02T11:59:59.999Z', close - 60_000)).toBe('future_timestamp');
  });
});
