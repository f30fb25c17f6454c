import type { LoadChange, Surge } from './scenario.ts';

const DAY_MS = 86_400_000;
/** A caller may grow by this factor before the API answers Slow Down. */
export const SAFE_FACTOR = 1.5;
/** At the end of a surge the rate returns to the usual rate within a minute, as if somebody throttled the job. */
const RETURN_MS = 60_000;

/**
 * Rate at a time of day (UTC) relative to the mean of the day: a working day with its peak at 14:00 and its lowest
 * point at 02:00. It never grows faster than 5 % in 15 minutes, so that the curve alone is no ramp.
 */
export function dayCurve(ts: number): number {
  return 1 - 0.6 * Math.cos((2 * Math.PI * ((ts % DAY_MS) - DAY_MS / 12)) / DAY_MS);
}

/** The highest value of `dayCurve`. */
export const DAY_CURVE_MAX = 1.6;

/** The rate of a caller as a multiple of its usual rate, `elapsed` milliseconds after the start of the traffic. */
export function surgeFactor(surge: Surge | LoadChange, elapsed: number): number {
  const since = elapsed - surge.after_ms;
  const left = surge.lasts_ms - since;
  if (since <= 0 || left <= 0) return 1;
  const up = Math.min(1, since / surge.ramp_ms);
  const down = Math.min(1, left / RETURN_MS);
  return 1 + (surge.factor - 1) * Math.min(up, down);
}

/** Chance that a request at this multiple of the usual rate is answered with Slow Down. */
export function slowDownChance(factor: number): number {
  return factor <= SAFE_FACTOR ? 0 : Math.min(0.55, 0.85 * (1 - SAFE_FACTOR / factor));
}

/** The span, after the start of the traffic, in which `slowDownChance` is above 0. */
export function slowDownSpan(surge: Surge): { from: number; to: number } {
  const share = (SAFE_FACTOR - 1) / (surge.factor - 1);
  return {
    from: surge.after_ms + surge.ramp_ms * share,
    to: surge.after_ms + surge.lasts_ms - RETURN_MS * share,
  };
}
