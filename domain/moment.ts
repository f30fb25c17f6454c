const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };
const DURATION = /^(?:\d{1,7}(?:\.\d{1,3})?[smhdw]){1,5}$/;
const ISO =
  /^(?<date>\d{4}-\d\d-\d\d)(?:[T ](?<time>\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(?<zone>Z|[+-]\d\d:?\d\d)?)?$/i;
/**
 * A moment lies in the years 2000 to 2099, in epoch milliseconds. A number outside them is not the time of a request:
 * it has the wrong unit. Besides, a range is compared with the time before it, and the store has no times before 1970.
 */
const EARLIEST = 946_684_800_000;
const LATEST = 4_102_444_800_000;

/** Seconds of a duration such as `90m`, `24h` or `1h30m` (units s, m, h, d, w); null for any other text. */
export function durationSeconds(text: string): number | null {
  if (!DURATION.test(text)) return null;
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)([smhdw])/g)) {
    seconds += Number(amount) * (unitSeconds[unit ?? ''] ?? 0);
  }
  return seconds;
}

/**
 * Epoch milliseconds of a moment as people write it on the command line, in an address and to the API: `now`, a
 * duration before it (`24h` or `now-24h`), ISO-8601 (UTC where no zone is given), or epoch seconds or milliseconds.
 * null for any other text, and for a moment before 2000 or after 2099.
 */
export function parseMoment(text: string, now: number): number | null {
  const time =
    text === 'now' ? now : (earlierTime(text.replace(/^now-/, ''), now) ?? epochTime(text) ?? isoTime(text));
  return time !== null && time >= EARLIEST && time < LATEST ? time : null;
}

function earlierTime(text: string, now: number): number | null {
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
