import { abortRules } from './abort-rules.ts';
import { accountRules } from './account-rules.ts';
import { chineseRules } from './chinese-rules.ts';
import { codeRules } from './code-rules.ts';
import { exactRules } from './exact-rules.ts';
import { gatewayRules } from './gateway-rules.ts';
import { loadRules } from './load-rules.ts';
import { numberRules } from './number-rules.ts';
import { requestRules } from './request-rules.ts';
import type { Rule } from './rule.ts';
import { serverRules } from './server-rules.ts';
import { transportRules } from './transport-rules.ts';
import { exceptionRules, lastRules, mediumRules, reasonRules } from './weak-rules.ts';

/** The stages of a decision, in order; the HTTP status is judged between `word` and `exception`. */
export const stages = [
  'abort',
  'code',
  'chinese',
  'sentence',
  'loose_code',
  'word',
  'exception',
  'reason',
  'transport',
  'late_exception',
  'last',
] as const;
export type RuleStage = (typeof stages)[number];

export interface StagedRule extends Rule {
  stage: RuleStage;
  /** Position among all rules. Within a stage, the lower one wins. */
  order: number;
}

/** All rules of the classifier in the order of decisions. */
export const orderedRules: readonly StagedRule[] = [
  ...staged('abort', abortRules),
  ...staged('code', [...gatewayRules, ...exactRules, ...codeRules]),
  ...staged('chinese', chineseRules),
  ...staged('sentence', [...accountRules, ...loadRules, ...requestRules, ...serverRules, ...numberRules]),
  // The same codes anywhere in the text, also when they are not the value of a code or type.
  ...staged(
    'loose_code',
    codeRules.filter((rule) => rule.code === true),
  ),
  ...staged('word', mediumRules),
  // LiteLLM uses one of these exception classes for errors that it cannot map, so its transport texts are tried first.
  ...staged(
    'exception',
    exceptionRules.map((rule) => ({ ...rule, none: [...(rule.none ?? []), 'litellm' as const] })),
  ),
  ...staged('reason', reasonRules),
  ...staged('transport', transportRules),
  ...staged('late_exception', exceptionRules),
  ...staged('last', lastRules),
].map((rule, order) => ({ ...rule, order }));

function staged(stage: RuleStage, rules: readonly Rule[]): readonly (Rule & { stage: RuleStage })[] {
  return rules.map((rule) => ({ ...rule, stage }));
}
