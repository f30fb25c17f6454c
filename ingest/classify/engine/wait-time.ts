import type { ClassifierInput } from '../../../domain/classification.ts';

const unitSeconds: Readonly<Record<string, number>> = {
  d: 86_400,
  h: 3600,
  m: 60,
  s: 1,
  ms: 1e-3,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ns: 1e-9,
};

/** A limit that ends within this many seconds is a rate limit, for which callers can wait; a longer one is a quota. */
export const LONG_WAIT = 3600;

/** Longer waiting times are not credible. */
const MAX_SECONDS = 366 * 86_400;

/** Seconds of a Go duration such as `7m12s`, `120ms` or `1.5s`; null for anything else. */
export function goDuration(text: string): number | null {
  if (!/^(?:\d{1,15}(?:\.\d{1,12})?(?:ns|us|µs|μs|ms|d|h|m|s)){1,8}$/.test(text)) return null;
  let seconds = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|μs|ms|d|h|m|s)/g)) {
    seconds += Number(number) * (unitSeconds[unit ?? ''] ?? Number.NaN);
  }
  return sensible(seconds);
}

/**
 * The waiting time in the headers, in seconds: `retry-after-ms`, otherwise `retry-after` in seconds or as a date; null
 * when there is none that can be read.
 */
export function waitFromHeaders(headers: ClassifierInput['headers']): number | null {
  if (headers === null) return null;
  const milliseconds = headers['retry-after-ms']?.trim();
  if (milliseconds !== undefined && /^\d{1,12}(?:\.\d{1,9})?$/.test(milliseconds))
    return sensible(Number(milliseconds) / 1000);
  const after = headers['retry-after']?.trim();
  if (after === undefined) return null;
  if (/^\d{1,10}(?:\.\d{1,9})?$/.test(after)) return sensible(Number(after));
  // The date is compared with the clock of the answer (`date`), because the clock of this machine may differ.
  const until = httpDate(after);
  const sent = httpDate(headers['date'] ?? '');
  return /[a-z]/i.test(after) && until >= sent ? sensible((until - sent) / 1000) : goDuration(after);
}

/**
 * Epoch milliseconds of a date in a header. Dates in HTTP are always in UTC, even without a zone (`Sun Nov 6 08:49:37
 * 1994`).
 */
function httpDate(text: string): number {
  return Date.parse(/(?:[A-Z]|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text} GMT`);
}

/** The waiting time at `from`, right after words such as "try again in", in seconds; null when no duration is there. */
export function waitFromText(text: string, from: number): number | null {
  if (from < 0) return null;
  // .NET writes days before the hours: `10.00:00:00`.
  const clock = /^[\s\\'"`:=>~]{0,12}(?:(\d{1,3})\.)?(\d{1,3}):([0-5]\d):([0-5]\d)\b/.exec(
    text.slice(from, from + 40),
  );
  if (clock !== null) {
    const [, days, hours, minutes, seconds] = clock.map((part) => Number(part ?? 0));
    return sensible((days ?? 0) * 86_400 + (hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0));
  }
  const match =
    /^[\s\\'"`:=>~]{0,12}(?:about |for |in |after |approximately |at least )?(\d{1,9}(?:\.\d{1,9})?)\s?(milliseconds|millisecond|seconds|second|secs|sec|minutes|minute|mins|hours|hour|days|day|[a-zµμ]{1,2}\b)?((?:\d{1,9}(?:\.\d{1,9})?[a-zµμ]{1,2})*)/i.exec(
      text.slice(from, from + 80),
    );
  if (match === null) return null;
  const [, number = '', unit = '', rest = ''] = match;
  const name = unit.toLowerCase();
  if (name === '') {
    const compound = /^[\s\\'"`:=>~]{0,12}((?:\d+(?:\.\d+)?(?:ns|us|µs|ms|d|h|m|s))+)/.exec(
      text.slice(from, from + 80),
    )?.[1];
    return compound === undefined ? sensible(Number(number)) : goDuration(compound);
  }
  if (name.length <= 2) return goDuration(number + name + rest);
  let seconds = Number(number) * secondsOf(name);
  const words = /,?\s(?:and\s)?(\d{1,9})\s?(seconds?|secs?|minutes?|mins?|hours?|days?)\b/iy;
  words.lastIndex = from + match[0].length;
  for (let next = words.exec(text); next !== null; next = words.exec(text))
    seconds += Number(next[1]) * secondsOf((next[2] ?? '').toLowerCase());
  return sensible(seconds);
}

/** Seconds in a unit that is written as a word. */
function secondsOf(name: string): number {
  if (name.startsWith('milli')) return 1e-3;
  if (name.startsWith('sec')) return 1;
  if (name.startsWith('min')) return 60;
  return name.startsWith('hour') ? 3600 : 86_400;
}

function sensible(seconds: number): number | null {
  return seconds >= 0 && seconds <= MAX_SECONDS ? Math.round(seconds * 1e6) / 1e6 : null;
}
