import type { Subclass } from '../../../domain/classification.ts';
import type { ErrorClass, RequestClass } from '../../../domain/error-class.ts';
import { hintBits } from './compile-rules.ts';

const bits = {
  requests: hintBits(['requests']),
  tokens: hintBits(['tokens']),
  images: hintBits(['images']),
  concurrent: hintBits(['concurrent']),
  day: hintBits(['day']),
  tooLarge: hintBits(['too_large']),
};

const quotaOfRule: Readonly<Record<string, Subclass>> = {
  'code.credit_balance_exhausted': 'credit_balance',
  'text.credit': 'credit_balance',
  'zai.arrears': 'credit_balance',
  'vendor.arrears': 'credit_balance',
  'minimax.quota': 'credit_balance',
  'code.organization_spend_limit_exceeded': 'organization_spend_limit',
  'code.billing_hard_limit_reached': 'organization_spend_limit',
  'code.project_spend_limit_exceeded': 'project_spend_limit',
  'code.organization_usage_limit_exceeded': 'organization_usage_limit',
};

/**
 * The subclass of a quota error, from the rule that decided, or of a rate limit, from the hints of the text. Empty for
 * other classes, or when the subclass is not known.
 */
export function subclassOf(name: RequestClass, rule: string, hints: number): Subclass {
  if (name === ('quota_exceeded' satisfies ErrorClass)) return quotaOfRule[rule] ?? '';
  if (name !== ('rate_limit' satisfies ErrorClass)) return '';
  if ((hints & bits.tooLarge) !== 0) return 'request_too_large';
  if ((hints & bits.concurrent) !== 0) return 'concurrent';
  if ((hints & bits.images) !== 0) return 'images_per_minute';
  const daily = (hints & bits.day) !== 0;
  if ((hints & bits.tokens) !== 0) return daily ? 'tokens_per_day' : 'tokens_per_minute';
  if ((hints & bits.requests) !== 0) return daily ? 'requests_per_day' : 'requests_per_minute';
  return '';
}
