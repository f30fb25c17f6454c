import type { Level } from '../incident-life.ts';
import type { Given, KindSettings } from '../given.ts';
import type { LevelRule } from '../levels.ts';
import type { View } from '../view.ts';

/** When a growing amount reaches a limit. Epoch seconds; null: never at the present pace. */
export interface Forecast {
  spent: number;
  /** Per hour. */
  pace: number;
  at: number | null;
  /** The true time lies between the two in nineteen of twenty cases. */
  earliest: number | null;
  latest: number | null;
}

export interface CrossingLevel {
  level: Level;
  forecast: Forecast | null;
}

const HOUR = 3_600;
const DEVIATIONS = 1.96;
/** Fewer hours do not show how much hours differ. */
const LEAST_HOURS = 6;

/**
 * When the amount reaches `limit`, going on from `spent` at `now` as in `hours` (amounts of whole hours, oldest first).
 * The interval covers the error of the mean pace and the variation of the hours to come, which add up like a random
 * walk. Null: too few hours are known.
 */
export function forecastOf(
  hours: readonly number[],
  spent: number,
  limit: number,
  now: number,
): Forecast | null {
  if (hours.length < LEAST_HOURS) return null;
  const pace = hours.reduce((sum, amount) => sum + amount, 0) / hours.length;
  const variance = hours.reduce((sum, amount) => sum + (amount - pace) ** 2, 0) / (hours.length - 1);
  const left = limit - spent;
  const reach = (deviations: number): number | null => {
    if (left <= 0) return now;
    // Solves pace·t + d·√(variance·t) = left for √t. The error of the mean pace shrinks with the number of hours seen.
    const slope = pace + deviations * Math.sqrt(variance / hours.length);
    const walk = deviations * Math.sqrt(variance);
    if (slope <= 0) return null;
    const root = (-walk + Math.sqrt(walk ** 2 + 4 * slope * left)) / (2 * slope);
    return now + root ** 2 * HOUR;
  };
  return { spent, pace, at: reach(0), earliest: reach(DEVIATIONS), latest: reach(-DEVIATIONS) };
}

/**
 * A breach when the amount reaches `limit` before the period ends; it lingers when only the early end of the interval
 * does. The period needs at least `count` requests. The reading has hours back to the beginning of the period and for
 * `learn` seconds.
 */
export function crossing<Settings extends KindSettings>(of: {
  amount(view: View): number;
  limit(given: Given<Settings>): number | null;
  /** Beginning and end of the period that contains `now`, epoch seconds. */
  period(settings: Settings, now: number): { from: number; to: number };
  /**
   * Seconds of whole hours before now that give the pace: a multiple of a day, because a night looks like the end of
   * spending.
   */
  learn(settings: Settings): number;
}): LevelRule<Settings, CrossingLevel> {
  return {
    begins_within: () => HOUR,
    level(given) {
      const { view, now, settings } = given;
      const { from, to } = of.period(settings, now);
      const limit = of.limit(given);
      const period = view.between(from, now);
      const requests = period.sums().reduce((sum, row) => sum + row.requests, 0);
      if (limit === null || requests === 0) return { level: 'no_data', forecast: null };
      const end = Math.floor(now / HOUR) * HOUR;
      const begin = Math.max(end - of.learn(settings), Math.ceil((view.first() ?? end) / HOUR) * HOUR);
      const hours: number[] = [];
      for (let at = begin; at < end; at += HOUR) hours.push(of.amount(view.between(at, at + HOUR)));
      const forecast = forecastOf(hours, of.amount(period), limit, now);
      if (forecast === null || requests < settings.count) return { level: 'healthy', forecast };
      const isBefore = (time: number | null): boolean => time !== null && time < to;
      if (isBefore(forecast.at)) return { level: 'breach', forecast };
      return { level: isBefore(forecast.earliest) ? 'lingering' : 'healthy', forecast };
    },
    // The incident begins when it is foreseen.
    start: ({ now }) => now,
  };
}
