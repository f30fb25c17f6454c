/** A range of event time in epoch seconds, both ends multiples of the step; `to` is exclusive. */
export interface TimeRange {
  from: number;
  to: number;
  step: number;
}

/** Steps that read well on a time axis, in seconds; the shortest is the counting interval. */
const STEPS = [
  10, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400,
] as const;

/** A chart never gets more points than this, whatever step was asked for. */
export const MAX_POINTS = 2_000;
/** What a chart gets when no step is asked for. */
export const GOOD_POINTS = 500;

/** The range with both ends moved outwards to the step, so that equal questions are asked within one step. */
export function alignRange(fromMs: number, toMs: number, step: number): TimeRange {
  return {
    from: Math.floor(fromMs / 1_000 / step) * step,
    to: Math.ceil(toMs / 1_000 / step) * step,
    step,
  };
}

/** The shortest step that gives a range of so many milliseconds at most `points` points. */
export function stepFor(rangeMs: number, points: number = GOOD_POINTS): number {
  const least = rangeMs / 1_000 / points;
  return STEPS.find((step) => step >= least) ?? Math.ceil(least / 86_400) * 86_400;
}
