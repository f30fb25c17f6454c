import { type OffsetAt } from './time-zone.ts';

const DAY_MS = 86_400_000;
/** No LLM API is older: an earlier time comes from an unset clock or a wrong unit. */
const EARLIEST_MS = Date.UTC(2015, 0, 1);
const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?[ ]?(Z|z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?)?$/;
const DIGITS = /^\d{9,20}(?:\.\d{1,12})?$/;
const ZONE = String.raw`(Z|UTC|GMT|(?:GMT|UTC)?[+-]\d\d:?\d\d)?`;
const CLOCK = String.raw`(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,12}))?`;
/**
 * Other notations of servers and programming languages. Each form has the groups year, month and day, in the order that
 * `order` gives, then hour, minute, second, fraction and zone.
 */
const WRITTEN: readonly { form: RegExp; order: string }[] = [
  // `Mon, 01 Jun 2026 12:00:00 GMT` (RFC 1123), `01 Jun 2026 12:00:00`
  {
    form: new RegExp(
      String.raw`^(?:[A-Z][a-z]{2,8}, )?(\d{1,2})[ -]([A-Z][a-z]{2,8})[ -](\d{4}) ${CLOCK} ?${ZONE}$`,
    ),
    order: 'DMY',
  },
  // `01/Jun/2026:12:00:00 +0200`, access logs
  { form: new RegExp(String.raw`^\[?(\d{1,2})/([A-Z][a-z]{2})/(\d{4}):${CLOCK} ?${ZONE}\]?$`), order: 'DMY' },
  // `Mon Jun 01 2026 12:00:00 GMT+0200 (Central European Summer Time)`, JavaScript
  {
    form: new RegExp(
      String.raw`^(?:[A-Z][a-z]{2} )?([A-Z][a-z]{2}) +(\d{1,2}) (\d{4}) ${CLOCK} ?${ZONE}(?: \([^()]{1,60}\))?$`,
    ),
    order: 'MDY',
  },
  // `Mon Jun  1 12:00:00 2026`, C and Python
  {
    form: new RegExp(String.raw`^[A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d{1,2}) ${CLOCK} (\d{4})$`),
    order: 'MDY-year-last',
  },
  // `2026/06/01 12:00:00.123`, Go and nginx
  { form: new RegExp(String.raw`^(\d{4})/(\d\d)/(\d\d) ${CLOCK} ?${ZONE}$`), order: 'YMD' },
  // `2026-06-01 12:00:00.123 +0200 CEST m=+0.01`, what Go prints
  {
    form: new RegExp(
      String.raw`^(\d{4})-(\d\d)-(\d\d) ${CLOCK} ([+-]\d{4}) [A-Z]{3,5}(?: m=[+-][\d.]{1,24})?$`,
    ),
    order: 'YMD',
  },
];
const MONTHS = 'janfebmaraprmayjunjulaugsepoctnovdec';
const LONGEST = 100;

/** Why a time cannot be the time of a request; used as a reject reason. */
export type BadTime = 'bad_timestamp' | 'future_timestamp';

/**
 * Epoch milliseconds (whole) of a text in the notation of ISO-8601, RFC 1123, access logs or JavaScript (UTC when it
 * names no zone), or of a number of seconds, milli-, micro- or nanoseconds since 1970, distinguished by size. A time
 * before 2015 is bad; a time more than a day after `now` is in the future.
 */
export function parseTimestamp(value: unknown, now: number): number | BadTime {
  const ms = epochMs(value);
  // Written this way so that NaN is bad.
  if (!(ms >= EARLIEST_MS)) return 'bad_timestamp';
  return ms > now + DAY_MS ? 'future_timestamp' : ms;
}

/**
 * Like `parseTimestamp`, but for a time in any year: epoch milliseconds, or NaN when the value is not a time.
 * `offsetAt` gives the zone of texts that name none; without it they are in UTC.
 */
export function epochMs(value: unknown, offsetAt?: OffsetAt): number {
  if (typeof value === 'number') return fromEpoch(value);
  return typeof value === 'string' ? parseTimeText(value, offsetAt) : Number.NaN;
}

/** Like `epochMs`, for a text. */
export function parseTimeText(text: string, offsetAt?: OffsetAt): number {
  const plain = parsePlain(text);
  if (plain >= 0) return plain;
  const trimmed = text.trim();
  if (trimmed !== text) return parseTimeText(trimmed, offsetAt);
  const match = ISO.exec(text);
  if (match === null) return DIGITS.test(text) ? fromEpoch(Number(text)) : parseWritten(text, offsetAt);
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction, zone] = match;
  const ms = civil(Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second));
  return toUtc(ms, fraction, zone, offsetAt);
}

function parseWritten(text: string, offsetAt: OffsetAt | undefined): number {
  if (text.length > LONGEST) return Number.NaN;
  for (const { form, order } of WRITTEN) {
    const groups = form.exec(text)?.slice(1);
    if (groups === undefined) continue;
    // The clock and the zone follow the date, except when the year comes last.
    const [a, b, ...rest] = groups;
    const [c, ...clock] = order === 'MDY-year-last' ? [rest[4], ...rest.slice(0, 4)] : rest;
    const [year, month, day] = order === 'YMD' ? [a, b, c] : order === 'DMY' ? [c, b, a] : [c, a, b];
    const [hour, minute, second, fraction, zone] = clock;
    const ms = civil(
      Number(year),
      monthOf(month ?? ''),
      Number(day),
      Number(hour),
      Number(minute),
      Number(second),
    );
    return toUtc(ms, fraction, zone?.replace(/^(?:GMT|UTC)(?=[+-])/, ''), offsetAt);
  }
  return Number.NaN;
}

function monthOf(text: string): number {
  if (/^\d/.test(text)) return Number(text);
  const at = MONTHS.indexOf(text.slice(0, 3).toLowerCase());
  return at % 3 === 0 ? at / 3 + 1 : Number.NaN;
}

function toUtc(
  ms: number,
  fraction: string | undefined,
  zone: string | undefined,
  offsetAt: OffsetAt | undefined,
): number {
  const offset = zone === undefined ? (Number.isNaN(ms) ? 0 : (offsetAt?.(ms) ?? 0)) : offsetMs(zone);
  return ms + Number((fraction ?? '').slice(0, 3).padEnd(3, '0')) - offset;
}

/**
 * Parses `YYYY-MM-DDTHH:MM:SS[.fff…]Z` without a regular expression, because nearly every logger writes it; -1 for any
 * other text.
 */
function parsePlain(text: string): number {
  const length = text.length;
  if (length < 20 || length > 30 || text.charCodeAt(length - 1) !== 90) return -1;
  if (
    text.charCodeAt(4) !== 45 ||
    text.charCodeAt(7) !== 45 ||
    text.charCodeAt(10) !== 84 ||
    text.charCodeAt(13) !== 58 ||
    text.charCodeAt(16) !== 58
  )
    return -1;
  let ms = 0;
  if (length > 20) {
    if (text.charCodeAt(19) !== 46 || length === 21) return -1;
    let scale = 100;
    for (let at = 20; at < length - 1; at++) {
      const digit = text.charCodeAt(at) - 48;
      if (digit < 0 || digit > 9) return -1;
      if (scale >= 1) ms += digit * scale;
      scale /= 10;
    }
  }
  // `two` returns -1 for a pair that is not two digits; `civil` then returns NaN.
  const century = two(text, 0);
  const rest = two(text, 2);
  if (century < 0 || rest < 0) return -1;
  const at = civil(
    century * 100 + rest,
    two(text, 5),
    two(text, 8),
    two(text, 11),
    two(text, 14),
    two(text, 17),
  );
  return at >= 0 ? at + ms : -1;
}

/** The two-digit number at a position; -1 when there is none. */
function two(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? -1 : tens * 10 + ones;
}

/**
 * Epoch milliseconds of a UTC date and time; NaN when no such moment exists. Second 60, a leap second, is second 0 of
 * the next minute, as in POSIX.
 */
function civil(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number {
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return Number.NaN;
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return Number.NaN;
  return daysSince1970(year, month, day) * DAY_MS + hour * 3_600_000 + minute * 60_000 + second * 1000;
}

/** Days since 1970 of a date. The year is taken to start in March, so that the leap day comes last. */
function daysSince1970(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const shifted = (month + 9) % 12;
  return (
    365 * y +
    Math.floor(y / 4) -
    Math.floor(y / 100) +
    Math.floor(y / 400) +
    Math.floor((153 * shifted + 2) / 5) +
    day -
    1 -
    719_468
  );
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function offsetMs(zone: string): number {
  const sign = zone.charCodeAt(0);
  if (sign !== 43 && sign !== 45) return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2)) * (zone.length > 3 ? 1 : 0);
  if (hours > 18 || minutes > 59) return Number.NaN;
  return (sign === 43 ? 1 : -1) * (hours * 3_600_000 + minutes * 60_000);
}

function fromEpoch(value: number): number {
  if (value < 1e11) return Math.floor(value * 1000);
  if (value < 1e14) return Math.floor(value);
  if (value < 1e17) return Math.floor(value / 1e3);
  return Math.floor(value / 1e6);
}
