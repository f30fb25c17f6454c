import type { RecoveryStep } from '../domain/incident.ts';
import { isoTime } from './iso-time.ts';

/** What a recovery plan is made from. Times are epoch seconds, rates requests per minute. */
export interface RecoveryInput {
  /** When the return to the original rate was asked for. */
  asked_at: number;
  /** The rate to return to. */
  original: number;
  /** The rate that the caller wants in the end. */
  wanted: number;
  /** Since when the original rate has been kept without a breach. */
  hold_from: number;
  hold_seconds: number;
  /** Largest raise per hold time, as a share. */
  step: number;
}

/** Far more steps than any caller will follow; the rate is by then thousands of times the original. */
const MAX_STEPS = 24;

/** Return to the original rate, hold it, then raise it by one step per hold time up to the rate wanted. */
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

/** Down, because a step above the largest allowed would be wrong advice. */
function roundDown(rate: number): number {
  return Math.floor(rate * 100) / 100;
}
