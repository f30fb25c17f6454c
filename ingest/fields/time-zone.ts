import { boundedMemo } from '../bounded-memo.ts';

/**
 * Milliseconds by which local time is ahead of UTC. The argument is a local time, in epoch milliseconds as if it were
 * UTC.
 */
export type OffsetAt = (localMs: number) => number;

const FIXED = /^([+-])(\d\d):?(\d\d)$/;
const HOUR_MS = 3_600_000;

/** The offsets of `UTC`, `+02:00` or a name such as `Europe/Berlin`; null when there is no such zone. */
export function timeZone(name: string): OffsetAt | null {
  const fixed = FIXED.exec(name);
  if (fixed !== null) {
    const ms = (Number(fixed[2]) * 60 + Number(fixed[3])) * 60_000 * (fixed[1] === '-' ? -1 : 1);
    return () => ms;
  }
  let clock: Intl.DateTimeFormat;
  try {
    clock = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  } catch {
    return null;
  }
  // Offsets change only at quarters of an hour, so one answer per quarter is remembered: asking the formatter costs
  // microseconds.
  const atQuarter = boundedMemo(512, (quarter) => offsetOf(clock, Number(quarter) * (HOUR_MS / 4)));
  const offset = (utcMs: number): number => atQuarter(String(Math.floor(utcMs / (HOUR_MS / 4))));
  return (localMs) => {
    const first = offset(localMs - offset(localMs));
    // Near a change of the offset, the first guess may be the offset on the wrong side of the change.
    return offset(localMs - first);
  };
}

function offsetOf(clock: Intl.DateTimeFormat, utcMs: number): number {
  const text = clock.formatToParts(utcMs).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const match = /([+-])(\d\d):(\d\d)/.exec(text);
  if (match === null) return 0;
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3])) * 60_000;
}
