import { errorClasses, type Fault, type RequestClass } from '../../domain/error-class.ts';

/** What a rule says of an error: one object for each rule, made once. */
export interface Decision {
  /** Id of the rule. */
  rule: string;
  class: RequestClass;
  /** Who has to act, as far as the rule can say. */
  fault: Fault;
  /** The limit lifts by itself, so that a time to wait means something even for a quota. */
  lifts: boolean;
}

/** Rules for limits of use over a time, which lift by themselves. */
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
  'reset.minutes',
  'reset.hours',
]);

/** The decision of a rule; the fault is that of the class where the rule knows no better. */
export function decisionOf(rule: string, name: RequestClass, fault?: Fault): Decision {
  return { rule, class: name, fault: fault ?? errorClasses[name].fault, lifts: windows.has(rule) };
}
