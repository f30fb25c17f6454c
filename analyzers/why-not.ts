import type { Level } from './incident-life.ts';
import type { Weighed } from './weigh.ts';

/** Reasons for the result of an evaluation of one scope. */
export const whyReasons = {
  above: 'it is over the threshold to fire',
  lingers: 'it is under the threshold to fire and over the one to clear',
  disabled: 'the kind is switched off for it, or a setting that it needs is absent, such as a budget',
  not_yet: 'this time has not been judged yet',
  before_retention: 'the counts of this time are no longer kept',
  unknown_scope: 'nobody sent a request with these values in the seven days before',
  left_out: 'its counts did not fit into memory (analyzers.window_mib)',
  quiet: 'it sent no request in the window',
  not_told: 'no answer had what this kind reads, such as rate-limit headers',
  none: 'no answer in the window has a class that this kind is about',
  too_few: 'too few answers have a class that this kind is about: fewer than the setting count',
  learning: 'the counts do not reach back far enough to say what is usual',
  below_share: 'too small a share of the requests: less than the setting share',
  under: 'the values that this kind measures are under the thresholds',
  usual: 'its usual share, or chance, explains this many',
} as const;
export type WhyReason = keyof typeof whyReasons;

/**
 * The reason for a result. The most basic one comes first: if a scope was not read at all, its thresholds do not
 * matter. Pure.
 */
export function whyReason(one: Weighed, { isLeftOut }: { isLeftOut: boolean }): WhyReason {
  if (!one.enabled) return 'disabled';
  if (isLeftOut) return 'left_out';
  const loud: Partial<Record<Level, WhyReason>> = { breach: 'above', lingering: 'lingers' };
  const said = loud[one.level];
  if (said !== undefined) return said;
  const { thresholds, requests, matching } = one;
  const { count, share } = thresholds;
  if (requests === 0) return 'quiet';
  if (one.lacks.length > 0) return 'not_told';
  if (one.is_learning) return 'learning';
  if (one.measures) return 'under';
  if (matching === 0) return 'none';
  if (typeof count === 'number' && matching < count) return 'too_few';
  if (typeof share === 'number' && matching < share * requests) return 'below_share';
  return 'usual';
}
