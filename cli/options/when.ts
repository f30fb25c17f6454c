import { durationSeconds, parseMoment } from '../../domain/moment.ts';
import { UserError } from '../errors.ts';

/** Seconds of a duration such as `90m`, `24h` or `1h30m`; throws `UserError` naming the flag. */
export function parseDuration(text: string, flag: string): number {
  const seconds = durationSeconds(text.trim());
  if (seconds !== null && seconds > 0) return seconds;
  throw new UserError(`${flag} is ${JSON.stringify(text)}: must be a duration such as 30s, 5m, 24h or 7d`);
}

/** Epoch milliseconds of a moment as `parseMoment` reads it; throws `UserError` naming the flag. */
export function parseWhen(text: string, flag: string, now: number): number {
  const time = parseMoment(text.trim(), now);
  if (time !== null) return time;
  throw new UserError(
    `${flag} is ${JSON.stringify(text)}: must be a duration back from now such as 24h or 7d, a time such as 2026-03-01T12:00:00Z, or epoch seconds, from 2000 to 2099`,
  );
}
