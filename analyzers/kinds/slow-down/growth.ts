import { COUNT_INTERVAL_SECONDS } from '../../../domain/count-row.ts';
import { poissonTail, sizeNoise } from '../../poisson-tail.ts';
import type { SurgeMemory } from './surge-memory.ts';

/** A rate that grew to less than this multiple did not rise suddenly. */
const GROWN = 1.2;
/** A peak proves growth only if an unchanged rate would have such a peak with at most this chance. */
const CHANCE = 1e-3;

type Rates = Pick<
  SurgeMemory,
  | 'original_rate'
  | 'original_input_tokens'
  | 'peak_rate'
  | 'peak_input_tokens'
  | 'ramp_started_at'
  | 'counted_until'
>;

/** Peak requests per minute divided by the original ones; 1 means no growth. */
export function growthRatio({ peak_rate, original_rate }: Rates): number {
  return peak_rate / Math.max(original_rate, 1);
}

/** Peak input tokens per minute divided by the original ones; 0 when the logs have none. */
export function tokenGrowth({ peak_input_tokens, original_input_tokens }: Rates): number {
  return original_input_tokens > 0 ? peak_input_tokens / original_input_tokens : 0;
}

/**
 * Whether requests or input tokens rose by more than chance explains. The peak is the highest of many windows (of
 * `window` seconds) since the ramp began, and the highest of many is above the usual rate even without growth.
 */
export function hasGrown(rates: Rates, window: number): boolean {
  const looks = Math.max(1, (rates.counted_until - rates.ramp_started_at) / COUNT_INTERVAL_SECONDS);
  const inWindow = (perMinute: number): number => (perMinute * window) / 60;
  const usual = inWindow(rates.original_rate);
  const chance = looks * poissonTail(Math.round(inWindow(rates.peak_rate)), usual);
  if (growthRatio(rates) >= GROWN && chance < CHANCE) return true;
  return tokenGrowth(rates) >= Math.max(GROWN, 1 + sizeNoise(usual, looks));
}
