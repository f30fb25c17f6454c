import type { RequestClass } from '../../domain/error-class.ts';
import type { Decision } from './decide.ts';
import { LONG_WAIT } from './wait-time.ts';

/** Rules for limits of use over a time, which lift by themselves: how long that takes tells a pause from a quota. */
const windows: ReadonlySet<string> = new Set([
  'text.usage_limit',
  'code.usage_limit',
  'zai.usage',
  'minimax.usage',
  'text.quota',
  'word.quota',
  'word.quota_per_time',
  'text.quota_per_time',
  'gemini.quota_sentence',
  'gemini.quota_sentence_named',
  'gemini.resource_exhausted',
  'gateway.apim_tokens',
  'gateway.apim_quota',
]);

/** The rules that `byReset` adds, and what they give. */
export const resetRules: Readonly<Record<string, RequestClass & ('rate_limit' | 'quota_exceeded')>> = {
  'reset.minutes': 'rate_limit',
  'reset.hours': 'quota_exceeded',
};

/**
 * The decision on a limit of use whose answer names when it lifts (`wait`, in seconds): within minutes it is a rate
 * limit, later a quota. Others, and those that agree, stay as they are.
 */
export function byReset(decision: Decision, wait: number | null): Decision {
  if (wait === null || !windows.has(decision.rule)) return decision;
  const rule = wait < LONG_WAIT ? 'reset.minutes' : 'reset.hours';
  const name = resetRules[rule] ?? decision.class;
  return name === decision.class ? decision : { rule, class: name };
}

/** True for a limit that lifts by itself, so that a time to wait means something even for a quota. */
export function lifts({ rule }: Decision): boolean {
  return windows.has(rule) || rule in resetRules;
}
