import type { RecoveryStep } from '../domain/incident.ts';
import { isoTime } from './iso-time.ts';

/** The input of a recovery plan. Times are epoch seconds, rates requests per minute. */
export interface RecoveryInput {
  /** When the advice to return to the original rate was given. */
  asked_at: number;
  /** The original rate, to return to. */
  original: number;
  /** The rate that the caller finally wants. */
  wanted: number;
  /** Since when the original rate has been kept without a breach. */
  hold_from: number;
  hold_seconds: number;
  /** Largest raise after each hold time, as a share of the rate. */
  step: number;
}

/**
 * Largest number of steps. Nobody would follow more, and with the default `step` the rate is by then thousands of times
 * the original.
 */
const MAX_STEPS = 24;

/** A plan: return to the original rate, hold it, then raise it by one step per hold time up to the wanted rate. */
export function recoveryPlan(input: RecoveryInput): { hold_until: string; plan: RecoveryStep[] } {
  const holdUntil = input.hold_from + input.hold_seconds;
  let rate = roundDown(Math.max(1, input.original));
  const plan: RecoveryStep[] = [{ at: isoTime(input.asked_at), requests_per_minute: rate }];
  for (let n = 0; n < MAX_STEPS && input.step > 0; n++) {
    const next = roundDown(Math.min(rate * (1 + input.step), input.wanted));
    if (next <= rate) break;
    rate = next;
    plan.push({ at: isoTime(holdUntil + n * input.hold_seconds), requests_per_minute: rate });
  }
  return { hold_until: isoTime(holdUntil), plan };
}

/** Rounds down, because a rate above the largest allowed one would be wrong advice. */
function roundDown(rate: number): number {
  return Math.floor(rate * 100) / 100;
}
