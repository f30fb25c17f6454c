import type { Fault, RequestClass, Retry } from './error-class.ts';

/** Version of the rules. Raise it when a rule changes an answer for some text. It is stored with every error event. */
export const TAXONOMY_VERSION = 3;

/** Which quota or which rate limit; the empty string when the text does not say. */
export const subclasses = [
  '',
  'credit_balance',
  'organization_spend_limit',
  'project_spend_limit',
  'organization_usage_limit',
  'requests_per_minute',
  'requests_per_day',
  'tokens_per_minute',
  'tokens_per_day',
  'images_per_minute',
  'concurrent',
  'request_too_large',
] as const;
export type Subclass = (typeof subclasses)[number];

/**
 * The edition of OpenAI's error guide, by year, to which the form of the error belongs; `neighbour`: the form of
 * another provider; empty when the form does not show it.
 */
export const generations = ['', '2022', '2023', '2024', '2025', '2026', 'neighbour'] as const;
export type Generation = (typeof generations)[number];

/** The classifier's answer about one request. */
export interface Classification {
  class: RequestClass;
  /** Id of the rule that decided, e.g. `code.insufficient_quota`; never empty. */
  rule: string;
  generation: Generation;
  retry: Retry;
  fault: Fault;
  subclass: Subclass;
  /** How long the provider asks the client to wait, in seconds; null when it does not say. */
  wait_seconds: number | null;
}

/** What the classifier reads. Texts are already redacted. */
export interface ClassifierInput {
  provider: string;
  /** HTTP status; 0 when there was no HTTP answer. */
  status: number;
  /** Raw body, parsed body, or an SDK's text; null when there was none. */
  error: unknown;
  /** Exception class such as `openai.RateLimitError`; empty when unknown. */
  exception: string;
  /** Response headers with lower-case names; null when none were logged. */
  headers: Readonly<Record<string, string>> | null;
}

/**
 * By status: the rule for answers whose body is missing or does not name a cause. Each of these two statuses has
 * several causes.
 */
export const bareRules = { 429: 'status.429', 503: 'status.5xx' } as const;
