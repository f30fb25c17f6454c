// @ts-check
import { duration, fullTime, number } from './format.js';

/** @typedef {'ratio' | 'usd' | 'count' | 'times' | 'seconds' | 'text'} Unit of numbers; texts, times and lists show as they are */

/**
 * The label and the unit of each field of the evidence, for all kinds. A label says what its number measures (per
 * minute, share of what), so that people understand it without the page of the kind.
 * @type {Readonly<Record<string, readonly [label: string, unit: Unit]>>}
 */
const FIELDS = {
  affected_client_count: ['Number of affected clients', 'count'],
  affected_clients: ['Affected clients', 'text'],
  affected_key_count: ['Number of affected keys', 'count'],
  affected_keys: ['Affected keys', 'text'],
  affected_models: ['Affected models', 'text'],
  affected_project_count: ['Number of affected projects', 'count'],
  affected_projects: ['Affected projects', 'text'],
  affected_regions: ['Affected regions', 'text'],
  attempts_per_request: ['Attempts for one request', 'count'],
  budget_usd: ['Budget', 'usd'],
  burn_rate: ['Failures compared with what may fail', 'times'],
  causes: ['Causes', 'text'],
  class: ['Most frequent class', 'text'],
  classes: ['Classes', 'text'],
  clients_comply: ['The rate is back', 'text'],
  clients_over_rate: ['Clients above their original rate', 'text'],
  cost_usd_of_failed: ['Cost of the failed requests', 'usd'],
  counted_until: ['Counts are complete up to', 'text'],
  data_incomplete: ['Held because counts are not stored yet', 'text'],
  drivers: ['Clients that grew most', 'text'],
  driving_clients: ['Clients that grew most', 'text'],
  driving_models: ['Models that grew most', 'text'],
  driving_projects: ['Projects that grew most', 'text'],
  earliest_at: ['Budget spent at the earliest', 'text'],
  ended_with_data: ['Ended with the data; nobody saw its end', 'text'],
  error_budget: ['Share of requests that may fail', 'ratio'],
  failed_requests: ['Failed requests', 'count'],
  failed_retries: ['Retries that failed again', 'count'],
  failed_retry_share: ['Failed retries, share of all requests', 'ratio'],
  failed_share: ['Failed share', 'ratio'],
  failing_classes: ['Failures by class', 'text'],
  failing_providers: ['Providers that fail too', 'text'],
  failing_share: ['Failed share in the last window', 'ratio'],
  first_failure_at: ['First failure', 'text'],
  gateway_answers: ['Failures answered by your own gateway', 'count'],
  gateway_class: ['Class of most answers of the gateway', 'text'],
  gateway_share: ['Share answered by your own gateway', 'ratio'],
  growth_ratio: ['Peak compared with before', 'times'],
  growth_unit: ['Growth is measured in', 'text'],
  holds_detection: ['Detection waits for these partitions', 'text'],
  input_tokens_per_minute: ['Input tokens per minute, last window', 'count'],
  input_tokens_per_minute_before: ['Input tokens per minute, before', 'count'],
  key_count: ['Number of refused keys', 'count'],
  last_success_at: ['Last success', 'text'],
  latest_at: ['Budget spent at the latest', 'text'],
  least_left_share: ['Smallest remainder of the limit', 'ratio'],
  limit: ['Limit on', 'text'],
  limit_per_minute: ['Allowed per minute', 'count'],
  limits: ['Limits that the answers name', 'text'],
  looked_at: ['Answers looked at', 'count'],
  no_data: ['Held because no request was seen', 'text'],
  original_is_estimate: ['Original rate is estimated as half of the peak', 'text'],
  original_requests_per_minute: ['Requests per minute, original rate', 'count'],
  pace: ['Fastest pace of failing', 'text'],
  partition_count: ['Number of partitions that stand still', 'count'],
  partitions: ['Partitions that stand still', 'text'],
  peak_input_tokens_per_minute: ['Input tokens per minute, peak', 'count'],
  peak_requests_per_minute: ['First attempts per minute, peak', 'count'],
  period: ['Period of the budget', 'text'],
  period_ends_at: ['Period ends', 'text'],
  present_requests_per_minute: ['Requests per minute, last window', 'count'],
  present_slow_down_share: ['Slow Down share, last window', 'ratio'],
  quota: ['Quota that most answers name', 'text'],
  ramp_started_at: ['Growth began', 'text'],
  range_count: ['Number of lost ranges', 'count'],
  ranges: ['Lost ranges', 'text'],
  rate_back_at: ['The rate is back since', 'text'],
  rate_of: ['Rates are those of the', 'text'],
  reason: ['Reason', 'text'],
  records: ['Lost records', 'count'],
  refused_requests: ['Refused requests', 'count'],
  refused_share: ['Refused share', 'ratio'],
  reopened: ['Fired again after it was resolved, times', 'count'],
  requests: ['Requests', 'count'],
  requests_in_window: ['Requests in the last window', 'count'],
  retries: ['Retries', 'count'],
  safe_input_tokens_per_minute: ['Input tokens per minute, safe pace', 'count'],
  safe_per_minute: ['Safe pace per minute, of that limit', 'count'],
  seconds_to_zero: ['Until nothing is left at this pace', 'seconds'],
  slow_down_count: ['Slow Down answers', 'count'],
  slow_down_share: ['Slow Down share', 'ratio'],
  spent_at: ['Budget spent at', 'text'],
  spent_usd: ['Spent in this period', 'usd'],
  still_seconds: ['Longest standstill', 'seconds'],
  still_succeeding: ['Still succeeding', 'text'],
  succeeded_meanwhile: ['Successes of that key between refusals', 'count'],
  summed_up: ['Not kept apart, for lack of memory', 'text'],
  top_client: ['Client that grew most', 'text'],
  top_client_growth: ['Growth of that client', 'text'],
  top_key: ['Key that grew most', 'text'],
  top_key_growth: ['Growth of that key', 'text'],
  top_model: ['Model that grew most', 'text'],
  top_model_growth: ['Growth of that model', 'text'],
  top_project: ['Project that grew most', 'text'],
  top_project_growth: ['Growth of that project', 'text'],
  top_spenders: ['Spent most in 24 hours', 'text'],
  topic: ['Topic', 'text'],
  unanswered_share: ['Share of failures without any answer', 'ratio'],
  unknown_failures: ['Failures that no rule knows', 'count'],
  unknown_share: ['Share that no rule knows', 'ratio'],
  unnamed_successes_counted: ['Successes without an organization are counted', 'text'],
  usd_per_hour: ['Spent per hour, last 24 hours', 'usd'],
  useless_retries: ['Retries that could not succeed', 'count'],
  useless_share: ['Share of retries that could not succeed', 'ratio'],
  usual_share: ['Usual share (upper end)', 'ratio'],
  usual_slow_down_share: ['Usual Slow Down share', 'ratio'],
  waiting_records: ['Records that wait', 'count'],
  what_differs: ['What differs', 'text'],
  without_body: ['Answers without a body', 'count'],
  working_clients: ['Clients that work', 'text'],
  working_models: ['Models that work', 'text'],
  working_providers: ['Providers that work', 'text'],
  working_regions: ['Regions that work', 'text'],
  works_again_at: ['Key works again since', 'text'],
};

/** The fields that have a label. */
export const namedEvidence = new Set(Object.keys(FIELDS));

/**
 * The label of a field. A field of another version of faultline may have no label; it is shown by its name in the
 * evidence.
 * @param {string} name
 */
export function evidenceName(name) {
  return namedEvidence.has(name) ? (FIELDS[name]?.[0] ?? name) : name;
}

/**
 * A number, name or time of the evidence for people.
 * @param {string} name
 * @param {import('../../../domain/incident.ts').Incident['evidence'][string]} value
 */
export function evidenceText(name, value) {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.length === 0 ? '–' : value.join(', ');
  if (typeof value === 'string') {
    const time = /^\d{4}-\d\d-\d\dT.*Z$/.test(value) ? Date.parse(value) : Number.NaN;
    return Number.isNaN(time) ? value : fullTime(time);
  }
  const unit = namedEvidence.has(name) ? FIELDS[name]?.[1] : 'count';
  if (unit === 'ratio' || unit === 'usd') return number(value, unit);
  if (unit === 'seconds') return duration(value * 1_000);
  return unit === 'times' ? `${number(value, 'count')} times` : number(value, 'count');
}
