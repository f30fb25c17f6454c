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

/** The rules that `byReset` adds, with the classes they give. */
export const resetRules = { 'reset.minutes': 'rate_limit', 'reset.hours': 'quota_exceeded' } as const;

/**
 * The decision on a limit of use whose answer names when it lifts (`wait`, in seconds): within minutes it is a rate
 * limit, later a quota. Other decisions, and those that agree, stay as they are.
 */
export function byReset(decision: Decision, wait: number | null): Decision {
  if (wait === null || !decision.lifts) return decision;
  const told = (wait < LONG_WAIT ? minutes : hours)[decision.fault === 'gateway' ? 'gateway' : 'plain'];
  return told.class === decision.class ? decision : told;
}
