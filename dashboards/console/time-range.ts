/** A range of event time in epoch seconds. Both ends are multiples of the step; `to` is exclusive. */
export interface TimeRange {
  from: number;
  to: number;
  step: number;
}

/** Steps that are easy to read on a time axis, in seconds. The shortest is the counting interval. */
const STEPS = [
  10, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400,
] as const;

/** A chart never gets more points than this, whatever step a client asks for. */
export const MAX_POINTS = 2_000;
/** How many points a chart gets when no step is asked for. */
export const GOOD_POINTS = 500;

/** Widens a range to multiples of the step, so that equal questions within one step get equal ranges. */
export function alignRange(fromMs: number, toMs: number, step: number): TimeRange {
  return {
    from: Math.floor(fromMs / 1_000 / step) * step,
    to: Math.ceil(toMs / 1_000 / step) * step,
    step,
  };
}

/** The shortest step that divides a range of this many milliseconds into at most `points` points. */
export function stepFor(rangeMs: number, points: number = GOOD_POINTS): number {
  const least = rangeMs / 1_000 / points;
  return STEPS.find((step) => step >= least) ?? Math.ceil(least / 86_400) * 86_400;
}
