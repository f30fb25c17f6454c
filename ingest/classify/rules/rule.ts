import type { Fault, RequestClass } from '../../../domain/error-class.ts';

/**
 * Facts a text shows beside its error: whose dialect it is, which limit, which generation. They decide nothing alone;
 * rules and subclasses refer to them.
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

/** One line of the rule tables: any of the phrases, under the conditions, gives the class. */
export interface Rule {
  id: string;
  class: RequestClass;
  /** Folded text: lower case, `'` for every quote, single spaces. */
  phrases: readonly string[];
  /** The phrases are identifiers: whole words, and stronger where they are the value of a code or type. */
  code?: true;
  /** The phrases begin and end at the borders of words. */
  word?: true;
  /** Must match the folded text around the phrase. */
  near?: RegExp;
  /** Must not match the folded text around the phrase. */
  far?: RegExp;
  /** All of these must show somewhere in the text. */
  all?: readonly Hint[];
  /** None of these may show. */
  none?: readonly Hint[];
  /** Only under these HTTP statuses; `none`: only when no failed HTTP answer is known. */
  status?: readonly number[] | 'none';
  /** Not under these HTTP statuses. */
  notStatus?: readonly number[];
  /** Who has to act, where this text tells more than its class does. */
  fault?: Fault;
  /** A limit of use over a time, which lifts by itself: when it does tells a rate limit from a quota (`reset.ts`). */
  lifts?: true;
}

/** A rule in one line. */
export function rule(
  id: string,
  name: RequestClass,
  phrases: readonly string[],
  conditions: Omit<Rule, 'id' | 'class' | 'phrases'> = {},
): Rule {
  return { id, class: name, phrases, ...conditions };
}

/** A rule whose phrases are values of `code`, `type`, `status` or `reason`. */
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
 * rule must ask for whole words.
 */
export function numbered(key: string, numbers: readonly number[]): readonly string[] {
  return numbers.flatMap((number) => [
    `${key}':${number}`,
    `${key}': ${number}`,
    `${key}':'${number}'`,
    `${key}': '${number}'`,
  ]);
}
