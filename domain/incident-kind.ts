import type { RequestClass } from './error-class.ts';

/** The values that can name the subject of a kind. */
export type SubjectName = 'provider' | 'org' | 'project' | 'key' | 'client' | 'region' | 'model' | 'topic';

/** What is known of a kind of incident before there is an incident. */
export interface KindFacts {
  /** Title for people. */
  title: string;
  /**
   * What names the subject: there is at most one open incident for each combination of these values. Absent: provider
   * and organization.
   */
  subject?: readonly SubjectName[];
  /**
   * The label by which Grafana and Alertmanager route an alert. It must stay the same, whereas the severity of an
   * incident may change while it lasts.
   */
  severity: 'warning' | 'critical';
  /** The class of most matching answers; its remedy and colour represent the kind where no incident is at hand. */
  class: RequestClass;
  /** The page of the kind, below docs/. Alerts and messages lead to it, and it links to the pages of the classes. */
  runbook: string;
  /** What to do, instead of the remedy of the class. */
  remedy?: string;
  /** Slug of the panel that is shown with the alert. */
  panel: string;
  /** First sentence of a notification. The scope follows it: "Slow Down surge since 17:08: org acme." */
  alert: string;
  /**
   * Texts with the most important numbers; the names of evidence fields are in braces. The first text whose fields all
   * exist is used. Absent: the numbers that every incident has are used.
   */
  matters?: readonly string[];
  /** Why somebody must act, by the party of the verdict; `otherwise` is for parties that are not named. */
  why: { otherwise: string } & Readonly<Record<string, string>>;
  /**
   * Kinds of incident that are consequences of this one when they concern the same traffic. They are listed under it,
   * and nobody is told of them while this incident lasts and a little longer.
   */
  explains?: readonly string[];
}

/** The `why` for the party `gateway`: the caller's own gateway refused the request, and no provider was asked. */
const BY_GATEWAY =
  'Your own gateway refuses these requests before any provider is asked: look at its limits, budgets, keys and routes.';

/** The kinds of incident that the analyzers find. All other lists of kinds derive from this table. */
export const incidentKinds = {
  slow_down_surge: {
    title: 'Slow Down surge',
    severity: 'critical',
    class: 'slow_down',
    runbook: 'incidents/slow-down-surge.md',
    panel: 'slow-down',
    alert: 'Slow Down surge',
    matters: [
      'Return to {original_requests_per_minute} requests a minute (now {present_requests_per_minute} with retries)',
      '{slow_down_count} Slow Down answers in all',
    ],
    why: {
      provider: 'The request rate had not risen: the provider is short of capacity.',
      otherwise: 'The request rate rose faster than the provider allows; key, quota and requests are right.',
    },
    explains: ['retry_storm', 'rate_limit_surge', 'rate_limit_saturation', 'slow_down_risk', 'error_surge'],
  },
  quota_exhausted: {
    title: 'Quota exhausted',
    severity: 'critical',
    class: 'quota_exceeded',
    runbook: 'incidents/quota-exhausted.md',
    panel: 'quota',
    alert: 'Quota exhausted',
    matters: [
      '{failed_requests} requests failed, {useless_retries} of them useless retries; quota: {quota}',
      'Quota: {quota}',
    ],
    why: {
      gateway: BY_GATEWAY,
      otherwise: 'Credit or a spend limit is used up; waiting and retrying do not help.',
    },
    explains: ['retry_storm', 'slow_down_surge', 'rate_limit_surge', 'quota_forecast', 'error_surge'],
  },
  region_blocked: {
    title: 'Region blocked',
    severity: 'warning',
    class: 'unsupported_region',
    runbook: 'incidents/region-blocked.md',
    panel: 'errors-by-class',
    alert: 'Region blocked',
    matters: [
      '{refused_requests} requests refused, {refused_share:%} of all; from {affected_regions}',
      '{refused_requests} requests refused',
    ],
    why: { otherwise: 'Requests come from a country or region that the provider does not serve.' },
    explains: ['retry_storm', 'error_surge'],
  },
  retry_storm: {
    title: 'Retry storm',
    severity: 'warning',
    class: 'rate_limit',
    runbook: 'incidents/retry-storm.md',
    panel: 'retry-share',
    alert: 'Retry storm',
    matters: [
      '{attempts_per_request} attempts a request; {useless_share:%} of the retries can never succeed',
      '{attempts_per_request} attempts a request',
    ],
    why: { otherwise: 'Clients repeat failed requests faster than these can succeed.' },
    remedy:
      'Wait twice as long after each attempt, with jitter. Give up after two or three attempts. Retry in one layer only: SDK, gateway or job queue.',
  },
  provider_outage: {
    title: 'Provider outage',
    subject: ['provider'],
    severity: 'critical',
    class: 'server_error',
    runbook: 'incidents/provider-outage.md',
    panel: 'errors-by-class',
    alert: 'Provider outage',
    matters: [
      '{failed_share:%} of the requests fail, {burn_rate} times the error budget',
      '{failed_requests} requests failed',
    ],
    why: {
      gateway: BY_GATEWAY,
      network: 'Requests get no answer, and the comparison points to the network, not to the provider.',
      region: 'Requests from one region fail, and others of the same provider do not.',
      otherwise: 'The provider fails valid requests, or does not answer them.',
    },
    remedy:
      'Send what cannot wait to a model, region or provider that works: the incident names them. Retry at most twice, with back-off and jitter.',
    explains: ['retry_storm', 'error_surge', 'rate_limit_surge'],
  },
  rate_limit_surge: {
    title: 'Rate limits',
    severity: 'warning',
    class: 'rate_limit',
    runbook: 'incidents/rate-limit-surge.md',
    panel: 'rate-limits-by-kind',
    alert: 'More requests run into rate limits',
    matters: [
      '{refused_requests} requests refused ({refused_share:%}) by: {limits}',
      '{refused_requests} requests refused',
    ],
    why: {
      gateway: BY_GATEWAY,
      otherwise:
        'Callers send more than the limit of requests or tokens allows. Waiting helps; adding credit does not.',
    },
    explains: ['retry_storm', 'rate_limit_saturation'],
  },
  rate_limit_saturation: {
    title: 'Rate limit nearly used up',
    subject: ['provider', 'org', 'model'],
    severity: 'warning',
    class: 'rate_limit',
    runbook: 'incidents/rate-limit-saturation.md',
    panel: 'rate-limit-headroom',
    alert: 'A rate limit is nearly used up',
    matters: [
      'Slow down to {safe_per_minute} a minute: {limit} used up in {seconds_to_zero} s',
      'Slow down to {safe_per_minute} a minute ({limit})',
    ],
    why: {
      otherwise:
        'Rate-limit headers show that the limit will be reached; slow down before requests are refused.',
    },
    remedy:
      'Slow down the client that grew most: the incident names it. Move work that can wait to the Batch API. If you need this rate, ask for a higher limit.',
  },
  slow_down_risk: {
    title: 'Slow Down is near',
    severity: 'warning',
    class: 'slow_down',
    runbook: 'incidents/slow-down-risk.md',
    panel: 'token-ramp',
    alert: 'Input tokens grow too fast',
    matters: [
      'Stay below {safe_input_tokens_per_minute} input tokens a minute (now {input_tokens_per_minute})',
    ],
    why: { otherwise: 'Input tokens grow faster than the provider allows; soon it will answer Slow Down.' },
    remedy:
      'Do not raise the input tokens per minute for 15 minutes, then raise them by at most 50 % per 15 minutes. Spread batch jobs over time.',
  },
  quota_forecast: {
    title: 'Budget runs out',
    severity: 'warning',
    class: 'quota_exceeded',
    runbook: 'incidents/quota-forecast.md',
    panel: 'quota',
    alert: 'A budget will be spent before its period ends',
    matters: [
      '{spent_usd} of {budget_usd} USD spent, {usd_per_hour} USD an hour; all is spent at {spent_at}',
      '{spent_usd} of {budget_usd} USD spent, {usd_per_hour} USD an hour',
    ],
    why: { otherwise: 'At the present rate the budget is spent before its period ends.' },
    remedy:
      'Ask the owner of the project or client that spends most whether this is intended. Raise the limit at the provider before it is reached, or the budget if it is too low.',
  },
  auth_failure: {
    title: 'Keys or access refused',
    severity: 'critical',
    class: 'incorrect_api_key',
    runbook: 'incidents/auth-failure.md',
    panel: 'errors-by-class',
    alert: 'Keys or access refused',
    matters: [
      '{refused_requests} requests refused: {reason}, keys {affected_keys}, last success {last_success_at}',
      '{refused_requests} requests refused: {reason}, keys {affected_keys}',
    ],
    why: {
      gateway: BY_GATEWAY,
      key: 'A key is refused: revoked, expired, wrong, or refused for a time.',
      account: 'An account is no longer a member of the organization or project.',
      network: 'Requests come from an address that is not allowed.',
      otherwise:
        'Requests are refused because of their key, account or address; waiting and retrying do not help.',
    },
    remedy:
      'The incident names the reason and its first step: a key that was revoked or is wrong, an account that is no member any more, or an address that is not allowed.',
    explains: ['retry_storm'],
  },
  error_surge: {
    title: 'More errors than usual',
    severity: 'warning',
    class: 'bad_request',
    runbook: 'incidents/error-surge.md',
    panel: 'errors-by-class',
    alert: 'More requests fail than usual',
    matters: [
      '{failed_share:%} of the requests fail with {class}, usually {usual_share:%}',
      '{failed_share:%} of the requests fail with {class}',
    ],
    why: {
      gateway: BY_GATEWAY,
      otherwise:
        'The provider refuses the requests themselves: find out which deployment, model or parameter changed.',
    },
    remedy:
      'Read the error texts: they name the parameter, model or permission. Look for a deployment at the time when it began. Stop retrying, except after a conflict: the same request fails again.',
    explains: ['retry_storm'],
  },
  unclassified: {
    title: 'Errors that no rule recognises',
    severity: 'warning',
    class: 'other',
    runbook: 'incidents/unclassified.md',
    panel: 'errors-by-class',
    alert: 'Errors that no rule recognises',
    matters: ['{unknown_failures} failures that no rule recognises, {unknown_share:%} of the requests'],
    why: {
      gateway: BY_GATEWAY,
      otherwise: 'No rule recognises these errors, so faultline cannot say who must act.',
    },
    remedy:
      'Read the error texts on the Overview dashboard. If your own programs or proxies cause them, fix them there; otherwise add a rule (CONTRIBUTING.md).',
    explains: ['retry_storm'],
  },
  pipeline: {
    title: 'Counts are missing',
    subject: ['topic'],
    severity: 'critical',
    class: 'other',
    runbook: 'incidents/pipeline.md',
    remedy:
      'faultline incidents --state firing says which partition, which worker and why. Check whether the workers run, and whether ClickHouse and Kafka answer them; a worker continues by itself as soon as it can.',
    panel: 'ingest-delay',
    alert: 'Counts are incomplete',
    matters: [
      '{records} records of {topic} lost',
      '{waiting_records} records of {topic} wait; counted until {counted_until} ({causes})',
    ],
    why: {
      otherwise:
        'A worker is stuck or gone, or records were deleted before they were read; this says nothing about the API.',
    },
  },
} satisfies Readonly<Record<string, KindFacts>>;

export type IncidentKind = keyof typeof incidentKinds;

/** The names in the order of the table. */
export const incidentKindNames = Object.keys(incidentKinds) as [IncidentKind, ...IncidentKind[]];

/** The facts of a kind. */
export function factsOf(kind: IncidentKind): KindFacts {
  return incidentKinds[kind];
}

/** The subject of a kind: there is at most one open incident for each combination of these values. */
export function subjectOf(kind: IncidentKind): readonly SubjectName[] {
  return factsOf(kind).subject ?? ['provider', 'org'];
}
