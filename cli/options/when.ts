import { UserError } from '../errors.ts';

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };
const DURATION = /^(?:\d{1,7}(?:\.\d{1,3})?[smhdw]){1,5}$/;
const ISO =
  /^(?<date>\d{4}-\d\d-\d\d)(?:[T ](?<time>\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(?<zone>Z|[+-]\d\d:?\d\d)?)?$/i;

/** Seconds of a duration such as `90m`, `24h` or `1h30m`; throws `UserError` naming the flag. */
export function parseDuration(text: string, flag: string): number {
  const seconds = durationSeconds(text.trim());
  if (seconds !== null && seconds > 0) return seconds;
  throw new UserError(`${flag} is ${JSON.stringify(text)}: must be a duration such as 30s, 5m, 24h or 7d`);
}

/**
 * Epoch milliseconds of a time: a duration back from now (`24h`), `now`, ISO-8601 (UTC unless a zone is given), or
 * epoch seconds or milliseconds. Throws `UserError` naming the flag.
 */
export function parseWhen(text: string, flag: string, now: number): number {
  const trimmed = text.trim();
  const time = trimmed === 'now' ? now : (agoTime(trimmed, now) ?? epochTime(trimmed) ?? isoTime(trimmed));
  if (time !== null && time >= 0 && time < 4_102_444_800_000) return time;
  throw new UserError(
    `${flag} is ${JSON.stringify(text)}: must be a duration back from now such as 24h or 7d, a time such as 2026-03-01T12:00:00Z, or epoch seconds`,
  );
}

function durationSeconds(text: string): number | null {
  if (!DURATION.test(text)) return null;
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)([smhdw])/g)) {
    seconds += Number(amount) * (unitSeconds[unit ?? ''] ?? 0);
  }
  return seconds;
}

function agoTime(text: string, now: number): number | null {
  const seconds = durationSeconds(text);
  return seconds === null ? null : now - seconds * 1_000;
}

function epochTime(text: string): number | null {
  if (/^\d{12,13}$/.test(text)) return Number(text);
  return /^\d{9,10}(\.\d{1,3})?$/.test(text) ? Number(text) * 1_000 : null;
}

function isoTime(text: string): number | null {
  const parts = ISO.exec(text)?.groups;
  if (parts === undefined) return null;
  const date = parts['date'] ?? '';
  const midnight = Date.parse(`${date}T00:00:00Z`);
  // Date.parse reads the 30th of February as the 2nd of March.
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(date)) return null;
  const time = Date.parse(`${date}T${parts['time'] ?? '00:00'}${(parts['zone'] ?? 'Z').toUpperCase()}`);
  return Number.isNaN(time) ? null : time;
}
