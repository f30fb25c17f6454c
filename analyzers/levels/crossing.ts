import type { Level } from '../incident-life.ts';
import type { Given, KindSettings } from '../given.ts';
import type { LevelRule } from '../levels.ts';
import type { View } from '../view.ts';

/** When a growing amount will reach a limit. Times are epoch seconds; null: never at the present pace. */
export interface Forecast {
  spent: number;
  /** Per hour. */
  pace: number;
  at: number | null;
  /** The limit is reached between `earliest` and `latest` in nineteen of twenty cases. */
  earliest: number | null;
  latest: number | null;
}

export interface CrossingLevel {
  level: Level;
  forecast: Forecast | null;
}

const HOUR = 3_600;
const DEVIATIONS = 1.96;
/** Fewer hours than this are too few to see how much the hours differ. */
const LEAST_HOURS = 6;

/**
 * Predicts when the amount reaches `limit`. The amount is `spent` at `now` and goes on growing as in `hours` (amounts
 * of whole hours, oldest first). The interval allows for the error of the mean pace and for the variation of the coming
 * hours, which add up like a random walk. Null: too few hours are known.
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
 * It is a breach when the amount is expected to reach `limit` before the period ends. It lingers when only the early
 * end of the interval lies before the end of the period. The period needs at least `count` requests. The pace is
 * taken from the whole hours of the last `learn` seconds of which there are counts; with too few of them there is no
 * forecast.
 */
export function crossing<Settings extends KindSettings>(of: {
  amount(view: View): number;
  limit(given: Given<Settings>): number | null;
  /** Beginning and end of the period that contains `now`, epoch seconds. */
  period(settings: Settings, now: number): { from: number; to: number };
  /**
   * The pace is taken from this many seconds of whole hours before now. It must be a multiple of a day; over less, a
   * night would look as if the spending had ended.
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
    // The incident begins at the time of the prediction, because nothing has happened yet.
    start: ({ now }) => now,
  };
}
