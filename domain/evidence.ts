import { errorClasses } from './error-class.ts';
import type { Incident } from './incident.ts';

/** Units of numbers in evidence. `text`: names, times, lists, yes or no. */
export const evidenceUnits = ['ratio', 'usd', 'count', 'times', 'seconds', 'text'] as const;
export type EvidenceUnit = (typeof evidenceUnits)[number];

/**
 * The time that a field is about. Pages show it, so that nobody compares numbers about different times. `in_all`: from
 * the start to the last matching answer. `latest`: the window of the last evaluation; after an incident has ended, that
 * is the evaluation that found the end. `before`: the time before the incident. `found`: the moment at which it fired.
 * `fixed`: none of these, for example a setting or a time that the label names.
 */
export type EvidenceMoment = (typeof evidenceMoments)[number];
/** The moments, in the order in which they are shown. */
export const evidenceMoments = ['in_all', 'latest', 'before', 'found', 'fixed'] as const;

/** How a field of evidence is shown to people. */
export interface EvidenceField {
  label: string;
  unit: EvidenceUnit;
  moment: EvidenceMoment;
  /** For a field whose values are code words: the text that people read, by code word. */
  words?: Readonly<Record<string, string>>;
}

const classWords = Object.fromEntries(Object.entries(errorClasses).map(([name, { title }]) => [name, title]));
const rateOf = { scope: 'the callers whom the incident concerns', organization: 'the whole organization' };
const growthUnits = {
  input_tokens_per_minute: 'input tokens per minute',
  requests_per_minute: 'requests per minute',
};
const authReasons = {
  revoked: 'the key worked before and is refused now',
  interrupted: 'the key was refused for a time and works again',
  at_times: 'the key is refused in some requests and works in others',
  wrong_key: 'the key was never seen to work',
  credentials: 'refused, and the logs name no key',
  membership: 'the account is no member of the organization or project',
  address: 'the address is not allowed',
  probing: 'one client tries many keys',
};
const paces = {
  fast: 'fast (within minutes)',
  slow: 'slow (within an hour)',
  leak: 'a leak (within days)',
};
const limits = {
  credit_balance: 'prepaid credit',
  organization_spend_limit: 'spend limit of the organization',
  project_spend_limit: 'spend limit of the project',
  organization_usage_limit: 'usage limit of the organization',
  requests_per_minute: 'requests per minute',
  requests_per_day: 'requests per day',
  tokens_per_minute: 'tokens per minute',
  tokens_per_day: 'tokens per day',
  images_per_minute: 'images per minute',
  concurrent: 'requests at the same time',
  request_too_large: 'size of one request',
  requests: 'requests',
  tokens: 'tokens',
  unknown: 'not named by the answers',
};
const causes = {
  silent: 'the worker no longer reports',
  left: 'the worker has left',
  starting: 'the worker is starting',
  refused_rows: 'ClickHouse refuses the rows',
  store: 'ClickHouse does not answer',
  broker: 'Kafka does not answer',
  unknown: 'not known',
};
const periods = { day: 'day', week: 'week', month: 'month' };
const dimensionWords = {
  provider: 'provider',
  org: 'organization',
  project: 'project',
  key: 'key',
  api_key: 'key',
  client: 'client',
  region: 'region',
  model: 'model',
  endpoint: 'endpoint',
  class: 'class',
  subclass: 'subclass',
  status: 'status',
};

type Row = readonly [
  label: string,
  unit: EvidenceUnit,
  moment: EvidenceMoment,
  words?: Readonly<Record<string, string>>,
];

/**
 * A label says what its number measures (per minute, share of what), so that people understand it without the page of
 * the kind.
 */
const rows = {
  affected_client_count: ['Number of affected clients', 'count', 'in_all'],
  affected_clients: ['Affected clients', 'text', 'in_all'],
  affected_key_count: ['Number of affected keys', 'count', 'in_all'],
  affected_keys: ['Affected keys', 'text', 'in_all'],
  affected_models: ['Affected models', 'text', 'in_all'],
  affected_project_count: ['Number of affected projects', 'count', 'in_all'],
  affected_projects: ['Affected projects', 'text', 'in_all'],
  affected_regions: ['Affected regions', 'text', 'in_all'],
  attempts_per_request: ['Attempts for one request', 'count', 'in_all'],
  budget_usd: ['Budget', 'usd', 'fixed'],
  burn_rate: ['Failures compared with what may fail', 'times', 'in_all'],
  causes: ['Causes', 'text', 'latest', causes],
  class: ['Most frequent class', 'text', 'in_all', classWords],
  classes: ['Classes', 'text', 'in_all', classWords],
  clients_comply: ['The rate is back', 'text', 'latest'],
  clients_over_rate: ['Clients above their original rate, per minute with retries', 'text', 'latest'],
  cost_usd_of_failed: ['Cost of the failed requests', 'usd', 'in_all'],
  counted_until: ['Counts are complete up to', 'text', 'latest'],
  data_incomplete: ['Held because counts are not stored yet', 'text', 'latest'],
  drivers: ['Clients that grew most', 'text', 'found'],
  driving_clients: ['Clients that grew most', 'text', 'in_all'],
  driving_models: ['Models that grew most', 'text', 'in_all'],
  driving_projects: ['Projects that grew most', 'text', 'in_all'],
  earliest_at: ['Budget spent at the earliest', 'text', 'latest'],
  ended_with_data: ['The data ended before its end was seen', 'text', 'fixed'],
  error_budget: ['Share of requests that may fail', 'ratio', 'fixed'],
  failed_requests: ['Failed requests', 'count', 'in_all'],
  failed_retries: ['Retries that failed again', 'count', 'in_all'],
  failed_retry_share: ['Failed retries, share of all requests', 'ratio', 'in_all'],
  failed_share: ['Failed share', 'ratio', 'in_all'],
  failing_classes: ['Failures by class', 'text', 'in_all', classWords],
  failing_providers: ['Providers that fail too', 'text', 'in_all'],
  failing_share: ['Failed share', 'ratio', 'latest'],
  first_failure_at: ['First failure', 'text', 'fixed'],
  gateway_answers: ['Failures answered by your own gateway', 'count', 'found'],
  gateway_class: ['Class of most answers of the gateway', 'text', 'found', classWords],
  gateway_share: ['Share answered by your own gateway', 'ratio', 'found'],
  growth_ratio: ['Peak compared with before', 'times', 'in_all'],
  growth_unit: ['Growth is measured in', 'text', 'fixed', growthUnits],
  holds_detection: ['Detection waits for these partitions', 'text', 'latest'],
  input_tokens_per_minute: ['Input tokens per minute', 'count', 'latest'],
  input_tokens_per_minute_before: ['Input tokens per minute', 'count', 'before'],
  key_count: ['Number of refused keys', 'count', 'in_all'],
  last_success_at: ['Last success before the last refusal', 'text', 'fixed'],
  latest_at: ['Budget spent at the latest', 'text', 'latest'],
  least_left_share: ['Smallest remainder of the limit', 'ratio', 'in_all'],
  limit: ['Limit on', 'text', 'fixed', limits],
  limit_per_minute: ['Allowed per minute', 'count', 'fixed'],
  limits: ['Limits that the answers name', 'text', 'in_all', limits],
  looked_at: ['Answers looked at', 'count', 'found'],
  no_data: ['Held because no request was seen', 'text', 'latest'],
  original_is_estimate: ['Original rate is estimated as half of the peak', 'text', 'before'],
  original_requests_per_minute: ['Requests per minute, original rate', 'count', 'before'],
  pace: ['Fastest pace of failing', 'text', 'fixed', paces],
  partition_count: ['Number of partitions that stand still', 'count', 'latest'],
  partitions: ['Partitions that stand still', 'text', 'latest'],
  peak_input_tokens_per_minute: ['Input tokens per minute, peak', 'count', 'in_all'],
  peak_requests_per_minute: ['Requests per minute, peak without retries', 'count', 'in_all'],
  period: ['Period of the budget', 'text', 'fixed', periods],
  period_ends_at: ['Period ends', 'text', 'fixed'],
  present_requests_per_minute: ['Requests per minute, with retries', 'count', 'latest'],
  present_slow_down_share: ['Slow Down share', 'ratio', 'latest'],
  quota: ['Quota that most answers name', 'text', 'fixed', limits],
  ramp_started_at: ['Growth began', 'text', 'before'],
  range_count: ['Number of lost ranges', 'count', 'in_all'],
  ranges: ['Lost ranges', 'text', 'in_all'],
  rate_back_at: ['The rate came back at', 'text', 'latest'],
  rate_of: ['Rates are those of', 'text', 'fixed', rateOf],
  reason: ['Reason', 'text', 'fixed', authReasons],
  records: ['Lost records', 'count', 'in_all'],
  refused_requests: ['Refused requests', 'count', 'in_all'],
  refused_share: ['Refused share', 'ratio', 'in_all'],
  reopened: ['Times that it fired again', 'count', 'fixed'],
  requests: ['Requests', 'count', 'in_all'],
  requests_in_window: ['Requests', 'count', 'latest'],
  retries: ['Retries', 'count', 'in_all'],
  safe_input_tokens_per_minute: ['Input tokens per minute, safe pace', 'count', 'latest'],
  safe_per_minute: ['Safe pace per minute, of that limit', 'count', 'fixed'],
  seconds_to_zero: ['Until nothing is left at this pace', 'seconds', 'latest'],
  slow_down_count: ['Slow Down answers', 'count', 'in_all'],
  slow_down_share: ['Slow Down share', 'ratio', 'in_all'],
  spent_at: ['Budget spent at', 'text', 'latest'],
  spent_usd: ['Spent in this period', 'usd', 'latest'],
  still_seconds: ['Longest standstill', 'seconds', 'latest'],
  still_succeeding: ['Succeeded meanwhile', 'text', 'in_all'],
  succeeded_meanwhile: ['Successes of that key between refusals', 'count', 'in_all'],
  summed_up: ['Not kept apart, for lack of memory', 'text', 'fixed', dimensionWords],
  top_client: ['Client that grew most', 'text', 'in_all'],
  top_client_growth: ['Growth per minute of the client that grew most', 'text', 'in_all'],
  top_key: ['Key that grew most', 'text', 'in_all'],
  top_key_growth: ['Growth per minute of the key that grew most', 'text', 'in_all'],
  top_model: ['Model that grew most', 'text', 'in_all'],
  top_model_growth: ['Growth per minute of the model that grew most', 'text', 'in_all'],
  top_project: ['Project that grew most', 'text', 'in_all'],
  top_project_growth: ['Growth per minute of the project that grew most', 'text', 'in_all'],
  top_spenders: ['Spent most in 24 hours', 'text', 'latest'],
  topic: ['Topic', 'text', 'fixed'],
  unanswered_share: ['Share of failures without any answer', 'ratio', 'in_all'],
  unknown_failures: ['Failures that no rule knows', 'count', 'in_all'],
  unknown_share: ['Share that no rule knows', 'ratio', 'in_all'],
  unnamed_successes_counted: ['Successes without an organization are counted', 'text', 'fixed'],
  usd_per_hour: ['Spent per hour, last 24 hours', 'usd', 'latest'],
  useless_retries: ['Retries that could not succeed', 'count', 'in_all'],
  useless_share: ['Share of retries that could not succeed', 'ratio', 'in_all'],
  usual_share: ['Usual share (upper end)', 'ratio', 'before'],
  usual_slow_down_share: ['Usual Slow Down share', 'ratio', 'before'],
  waiting_records: ['Records that wait', 'count', 'latest'],
  what_differs: ['What differs, when last compared', 'text', 'fixed'],
  without_body: ['Answers without a body', 'count', 'found'],
  working_clients: ['Clients that work', 'text', 'in_all'],
  working_models: ['Models that work', 'text', 'in_all'],
  working_providers: ['Providers that work', 'text', 'in_all'],
  working_regions: ['Regions that work', 'text', 'in_all'],
  works_again_at: ['Key works again since', 'text', 'fixed'],
} satisfies Readonly<Record<string, Row>>;

/** Every field of the evidence of any kind. */
export const evidenceFields: Readonly<Record<string, EvidenceField>> = Object.fromEntries(
  Object.entries<Row>(rows).map(([name, [label, unit, moment, words]]) => [
    name,
    { label, unit, moment, ...(words === undefined ? {} : { words }) },
  ]),
);

/**
 * How to show a field; undefined for a field that only another version of faultline knows. Callers show such a field
 * under its own name.
 */
export function evidenceField(name: string): EvidenceField | undefined {
  return Object.hasOwn(evidenceFields, name) ? evidenceFields[name] : undefined;
}

/**
 * A text of the evidence in words: `credit_balance` becomes `prepaid credit`. In a text such as `server_error 41` only
 * the code word at the beginning is replaced. A text whose first word has no entry stays unchanged. Pure.
 */
export function evidenceWords(name: string, text: string): string {
  const words = evidenceField(name)?.words;
  const code = /^\w+/.exec(text)?.[0] ?? '';
  if (words === undefined || !Object.hasOwn(words, code)) return text;
  return `${words[code]}${text.slice(code.length)}`;
}

/**
 * The fields of the evidence and their values, without empty texts and empty lists: those say only that nothing was
 * found.
 */
export function saidEvidence(evidence: Incident['evidence']): [string, Incident['evidence'][string]][] {
  return Object.entries(evidence).filter(
    ([, value]) => value !== '' && !(Array.isArray(value) && value.length === 0),
  );
}

/**
 * The fields of `saidEvidence` by their moment, in the order of `evidenceMoments`. A field that this version does not
 * know counts as `fixed`; moments without a field are left out.
 */
export function evidenceByMoment(
  evidence: Incident['evidence'],
): [EvidenceMoment, [string, Incident['evidence'][string]][]][] {
  const all = saidEvidence(evidence);
  return evidenceMoments.flatMap((moment): [EvidenceMoment, typeof all][] => {
    const own = all.filter(([name]) => (evidenceField(name)?.moment ?? 'fixed') === moment);
    return own.length === 0 ? [] : [[moment, own]];
  });
}
