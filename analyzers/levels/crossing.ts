import type { Level } from '../advance.ts';
import type { Given, KindSettings } from '../given.ts';
import type { LevelRule } from '../levels.ts';
import type { View } from '../view.ts';

/** When an amount that adds up reaches a limit. Epoch seconds; null: never, as it looks now. */
export interface Forecast {
  spent: number;
  /** Per hour. */
  pace: number;
  at: number | null;
  /** Nineteen times of twenty it is not before the one and not after the other. */
  earliest: number | null;
  latest: number | null;
}

export interface CrossingLevel {
  level: Level;
  forecast: Forecast | null;
}

const HOUR = 3_600;
const DEVIATIONS = 1.96;
/** Fewer hours say nothing of how much hours differ. */
const LEAST_HOURS = 6;

/**
 * Where the line of `hours` (amounts of whole hours, oldest first) from `spent` at `now` reaches `limit`. The interval is
 * that of the mean pace and of the hours to come, which add up like a random walk. Null: too few hours are known.
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
    // Solves pace·t + d·√(variance·t) = left for √t; the error of the mean pace is that of as many hours as were seen.
    const slope = pace + deviations * Math.sqrt(variance / hours.length);
    const walk = deviations * Math.sqrt(variance);
    if (slope <= 0) return null;
    const root = (-walk + Math.sqrt(walk ** 2 + 4 * slope * left)) / (2 * slope);
    return now + root ** 2 * HOUR;
  };
  return { spent, pace, at: reach(0), earliest: reach(DEVIATIONS), latest: reach(-DEVIATIONS) };
}

/**
 * A breach where the line crosses `limit` before the end of the period; while only its earlier end does, it lingers. `count`
 * requests of the period are the least. The reading has hours back to the begin of the period and to `learn` seconds.
 */
export function crossing<Settings extends KindSettings>(of: {
  amount(view: View): number;
  limit(given: Given<Settings>): number | null;
  /** Begin and end of the period that `now` lies in, epoch seconds. */
  period(settings: Settings, now: number): { from: number; to: number };
  /** So many seconds of whole hours before now make the line: a multiple of a day, or a night looks like the end of spending. */
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
    // It begins when it is foreseen.
    start: ({ now }) => now,
  };
}
