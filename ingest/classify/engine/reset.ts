import { type Decision, decisionOf } from '../rules/decision.ts';
import { LONG_WAIT } from './wait-time.ts';

const minutes = {
  plain: decisionOf('reset.minutes', 'rate_limit', { lifts: true }),
  gateway: decisionOf('reset.minutes', 'rate_limit', { lifts: true, fault: 'gateway' }),
};
const hours = {
  plain: decisionOf('reset.hours', 'quota_exceeded', { lifts: true }),
  gateway: decisionOf('reset.hours', 'quota_exceeded', { lifts: true, fault: 'gateway' }),
};

/** The rules that `byReset` adds, with their classes. */
export const resetRules = { 'reset.minutes': 'rate_limit', 'reset.hours': 'quota_exceeded' } as const;

/**
 * Corrects the decision about a limit that ends by itself after `wait` seconds: a limit that ends within an hour is a
 * rate limit, and one that ends later is a quota. All other decisions stay as they are.
 */
export function byReset(decision: Decision, wait: number | null): Decision {
  if (wait === null || !decision.lifts) return decision;
  const byTime = (wait < LONG_WAIT ? minutes : hours)[decision.fault === 'gateway' ? 'gateway' : 'plain'];
  return byTime.class === decision.class ? decision : byTime;
}
