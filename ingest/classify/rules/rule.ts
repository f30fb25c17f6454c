import type { Fault, RequestClass } from '../../../domain/error-class.ts';

/**
 * Facts that a text shows beside its error, such as the provider, the limit and the generation. A hint alone gives no
 * class; rules, subclasses and generations use hints.
 */
export const hints = [
  'google',
  'gemini',
  'anthropic',
  'azure',
  'openrouter',
  'litellm',
  'neighbour',
  'openai',
  'limit_zero',
  'per_time',
  'login_by_device',
  'oauth_code',
  'timer',
  'plain_unavailable',
  'requests',
  'tokens',
  'images',
  'concurrent',
  'minute',
  'day',
  'too_large',
  'limit_2023',
  'limit_2024',
  'http_class',
  'own_gateway',
] as const;
export type Hint = (typeof hints)[number];

/** One line of the rule tables. Any of the phrases gives the class if all conditions are true. */
export interface Rule {
  id: string;
  class: RequestClass;
  /** In normal form: lower case, `'` for every quote, single spaces. */
  phrases: readonly string[];
  /** The phrases are identifiers. They must be whole words, and are stronger as the value of a code or type. */
  code?: true;
  /** The phrases must start and end at the borders of words. */
  word?: true;
  /** Must match the text in normal form around the phrase. */
  near?: RegExp;
  /** Must not match the text in normal form around the phrase. */
  far?: RegExp;
  /** The text must have all of these. */
  all?: readonly Hint[];
  /** The text must have none of these. */
  none?: readonly Hint[];
  /** The rule applies only with these HTTP statuses; `none`: only when no status of a failure is known. */
  status?: readonly number[] | 'none';
  /** The rule does not apply with these HTTP statuses. */
  notStatus?: readonly number[];
  /** Who must act, when this text shows it better than the class does. */
  fault?: Fault;
  /**
   * The limit ends by itself after a time. The length of this time decides between rate limit and quota (`reset.ts`).
   */
  lifts?: true;
}

/** Makes a rule. */
export function rule(
  id: string,
  name: RequestClass,
  phrases: readonly string[],
  conditions: Omit<Rule, 'id' | 'class' | 'phrases'> = {},
): Rule {
  return { id, class: name, phrases, ...conditions };
}

/** Makes a rule whose phrases are values of `code`, `type`, `status` or `reason`. */
export function codeRule(
  id: string,
  name: RequestClass,
  phrases: readonly string[],
  conditions: Omit<Rule, 'id' | 'class' | 'phrases' | 'code'> = {},
): Rule {
  return { id, class: name, phrases, code: true, ...conditions };
}

/**
 * Phrases for numbers as values of a key, as JSON and other literals write them: `code':1113`, `code': '1113'`. The
 * rule must require whole words (`word: true`).
 */
export function numbered(key: string, numbers: readonly number[]): readonly string[] {
  return numbers.flatMap((number) => [
    `${key}':${number}`,
    `${key}': ${number}`,
    `${key}':'${number}'`,
    `${key}': '${number}'`,
  ]);
}
