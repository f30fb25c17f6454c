import { COUNT_INTERVAL_SECONDS } from '../../domain/count-row.ts';
import type { Level } from '../incident-life.ts';
import type { Given, KindSettings } from '../given.ts';
import type { LevelRule } from '../levels.ts';
import { poissonTail, sizeNoise } from '../poisson-tail.ts';
import type { View } from '../view.ts';

export interface RampLevel {
  level: Level;
  /** Amounts per minute: in the window that ends now, and in the window that ended `ago` seconds earlier. */
  present: number;
  before: number;
}

/** The amount whose growth is measured. */
export type RampAmount = 'requests' | 'input_tokens';

/**
 * Growth counts only if the chance that an unchanged rate shows as much growth is less than this. The chance is
 * computed with the highest rate that could have given the earlier amount.
 */
const CHANCE = 1e-3;
const UPPER_DEVIATIONS = 3;
/** Down to this part of the threshold and of the growth the level is still lingering. */
const LINGER = 0.8;

/**
 * It is a breach when the amount per minute in a window is at least `floor`, and at least by `growth` (0.5: by half)
 * larger than in a window `ago` seconds before. The growth must be more than chance explains. If the counts do not reach
 * back that far, the level is healthy.
 */
export function ramp<Settings extends KindSettings>(of: {
  amount: RampAmount;
  ago(settings: Settings): number;
  growth(settings: Settings): number;
  /** Per minute. */
  floor(settings: Settings): number;
}): LevelRule<Settings, RampLevel> {
  const spans = ({
    view,
    now,
    settings,
  }: Given<Settings>): { present: Sums; before: Sums; isKnown: boolean } => {
    const { window_seconds: window } = settings;
    const then = now - of.ago(settings);
    const begin = view.first();
    return {
      present: view.between(now - window, now).total(),
      before: view.between(then - window, then).total(),
      isKnown: begin !== null && begin < then - window + COUNT_INTERVAL_SECONDS,
    };
  };
  return {
    begins_within: ({ window_seconds }) => window_seconds,
    level(given) {
      const { settings } = given;
      const { present, before, isKnown } = spans(given);
      const perMinute = (sums: Sums): number => (sums[of.amount] * 60) / settings.window_seconds;
      const rates = { present: perMinute(present), before: perMinute(before) };
      if (present.requests === 0) return { level: 'no_data', ...rates };
      const isAbove = (ease: number): boolean =>
        rates.present >= ease * of.floor(settings) &&
        rates.present >= rates.before * (1 + ease * of.growth(settings));
      if (isKnown && present.requests >= settings.count && isAbove(1) && hasGrown(of.amount, present, before))
        return { level: 'breach', ...rates };
      return { level: isKnown && isAbove(LINGER) ? 'lingering' : 'healthy', ...rates };
    },
    start(given, { before }) {
      const { view, now, settings } = given;
      const { window_seconds: window } = settings;
      const least = before * (1 + (LINGER * of.growth(settings)) / 2);
      let start = now - window;
      for (let end = now; end > now - of.ago(settings); end -= COUNT_INTERVAL_SECONDS) {
        const sums = view.between(end - window, end).total();
        if ((sums[of.amount] * 60) / window < Math.max(least, Number.MIN_VALUE)) break;
        start = end - window;
      }
      return view.between(start, now).first() ?? start;
    },
  };
}

type Sums = ReturnType<View['total']>;

/** Whether the present amount is more than chance would give at the earlier rate. */
export function hasGrown(amount: RampAmount, present: Sums, before: Sums): boolean {
  const upper = before.requests + UPPER_DEVIATIONS * Math.sqrt(before.requests + 1);
  if (amount === 'requests') return poissonTail(present.requests, upper) < CHANCE;
  const noise = sizeNoise(Math.min(present.requests, before.requests));
  return present.input_tokens > before.input_tokens * (1 + noise);
}
