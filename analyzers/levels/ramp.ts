import { COUNT_INTERVAL_SECONDS } from '../../domain/count-row.ts';
import type { Level } from '../advance.ts';
import type { Given, KindSettings } from '../given.ts';
import type { LevelRule } from '../levels.ts';
import { poissonTail, sizeNoise } from '../poisson-tail.ts';
import type { View } from '../view.ts';

export interface RampLevel {
  level: Level;
  /** Per minute, in the window that ends now and in the one that ended so long ago. */
  present: number;
  before: number;
}

/** What a growing rate is measured in. */
export type RampAmount = 'requests' | 'input_tokens';

/** An unchanged rate would show such growth this seldom; the rate before is taken at its upper end. */
const CHANCE = 1e-3;
const UPPER_DEVIATIONS = 3;
/** So much of threshold and growth still lingers. */
const LINGER = 0.8;

/**
 * A breach where the amount per minute of a window is above `floor` and grew by `growth` (0.5: half as much again) against the
 * same window `ago` seconds before, by more than chance. Where the counts do not reach back so far nothing is said.
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

/** Whether the amount of the present is out of reach of chance at the rate before. */
export function hasGrown(amount: RampAmount, present: Sums, before: Sums): boolean {
  const upper = before.requests + UPPER_DEVIATIONS * Math.sqrt(before.requests + 1);
  if (amount === 'requests') return poissonTail(present.requests, upper) < CHANCE;
  const noise = sizeNoise(Math.min(present.requests, before.requests));
  return present.input_tokens > before.input_tokens * (1 + noise);
}
