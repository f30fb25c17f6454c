import type { TimeSpan } from './time-span.ts';

/** Shortest time that a span is compared with: a shorter one has too few requests to show what is usual. */
const LEAST_SECONDS = 3_600;

/**
 * The time that a span is compared with unless another is named: the time before it, as long as the span, at least an
 * hour. A day is compared with the day before and a week with the week before, so that nights and weekends are in both.
 */
export function usualTimeOf({ from, to }: TimeSpan): TimeSpan {
  return { from: from - Math.max(LEAST_SECONDS, to - from), to: from };
}

/** The text that incidents, commands and the console show in place of a usual rate that is not known. */
export const NOTHING_BEFORE = 'too little earlier traffic to compare with';
