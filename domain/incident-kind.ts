import type { RequestClass } from './error-class.ts';

/** What is known of a kind of incident without any incident of it. */
export interface KindFacts {
  /** Title for people. */
  title: string;
  /** For routing. An incident's own severity may change while it lasts, and a label of an alert must not. */
  severity: 'warning' | 'critical';
  /** The class whose page is the runbook, where the scope of the incident names no class. */
  class: RequestClass;
  /** Page and section below docs/, where the page of the class does not do. */
  runbook?: string;
  /** What to do, where the remedy of the class does not do. */
  remedy?: string;
  /** Slug of the panel that is shown with the alert. */
  panel: string;
  /** First sentence of a notification, after which comes the scope: "Slow Down surge since 17:08: org acme." */
  alert: string;
  /** Why somebody must act, by the party of the verdict; `otherwise` for all that are not named. */
  why: { otherwise: string } & Readonly<Record<string, string>>;
  /** Kinds of incident that are its consequences where they concern the same traffic: they are listed under it and told to nobody. */
  explains?: readonly string[];
}

/** The kinds of incident that the analyzers find. Everything that speaks of kinds derives from this table. */
export const incidentKinds = {
  slow_down_surge: {
    title: 'Slow Down surge',
    severity: 'critical',
    class: 'slow_down',
    panel: 'slow-down',
    alert: 'Slow Down surge',
    why: {
      provider: 'The request rate had not risen: the provider is short of capacity.',
      otherwise:
        'The request rate rose faster than the provider allows; nothing is wrong with key, quota or requests.',
    },
    explains: ['retry_storm', 'rate_limit_surge', 'rate_limit_saturation', 'slow_down_risk', 'error_surge'],
  },
  quota_exhausted: {
    title: 'Quota exhausted',
    severity: 'critical',
    class: 'quota_exceeded',
    panel: 'quota',
    alert: 'Quota exhausted',
    why: { otherwise: 'Credit or a spend limit is used up; waiting and retrying never help.' },
    explains: ['retry_storm', 'slow_down_surge', 'rate_limit_surge', 'quota_forecast', 'error_surge'],
  },
  region_blocked: {
    title: 'Region blocked',
    severity: 'warning',
    class: 'unsupported_region',
    panel: 'errors-by-class',
    alert: 'Region blocked',
    why: { otherwise: 'Requests come from a country or region that the provider does not serve.' },
    explains: ['retry_storm', 'error_surge'],
  },
  retry_storm: {
    title: 'Retry storm',
    severity: 'warning',
    class: 'rate_limit',
    panel: 'retry-share',
    alert: 'Retry storm',
    why: { otherwise: 'Clients repeat failed requests faster than these can succeed.' },
  },
  provider_outage: {
    title: 'Provider outage',
    severity: 'critical',
    class: 'server_error',
    runbook: 'incidents/provider-outage.md',
    panel: 'errors-by-class',
    alert: 'Provider outage',
    why: {
      network: 'Requests get no answer, and the comparison points to the way to the provider.',
      region: 'Requests from one region fail, and others of the same provider do not.',
      otherwise: 'The provider fails requests that are right, or does not answer them.',
    },
    explains: ['retry_storm', 'error_surge', 'rate_limit_surge'],
  },
  rate_limit_surge: {
    title: 'Rate limits',
    severity: 'warning',
    class: 'rate_limit',
    runbook: 'incidents/rate-limit-surge.md',
    panel: 'rate-limits-by-kind',
    alert: 'More requests run into rate limits',
    why: {
      otherwise: 'More is sent than the limit of requests or tokens allows; waiting helps, money does not.',
    },
    explains: ['retry_storm', 'rate_limit_saturation'],
  },
  rate_limit_saturation: {
    title: 'Rate limit nearly used up',
    severity: 'warning',
    class: 'rate_limit',
    runbook: 'incidents/rate-limit-saturation.md',
    panel: 'rate-limit-headroom',
    alert: 'A rate limit is nearly used up',
    why: {
      otherwise:
        'Rate-limit headers show that the limit will be reached; slow down before requests are refused.',
    },
  },
  slow_down_risk: {
    title: 'Slow Down is near',
    severity: 'warning',
    class: 'slow_down',
    runbook: 'incidents/slow-down-risk.md',
    panel: 'token-ramp',
    alert: 'Input tokens grow too fast',
    why: { otherwise: 'Input tokens grow faster than the provider allows; nothing is refused yet.' },
  },
  quota_forecast: {
    title: 'Budget runs out',
    severity: 'warning',
    class: 'quota_exceeded',
    runbook: 'incidents/quota-forecast.md',
    panel: 'quota',
    alert: 'A budget will be spent before its period ends',
    why: { otherwise: 'At the present pace the budget is spent before its period ends.' },
  },
  pipeline: {
    title: 'Counts are missing',
    severity: 'critical',
    class: 'other',
    runbook: 'incidents.md#pipeline',
    remedy:
      'faultline incidents --state firing says which partition, which worker and why. See whether the workers run, and whether ClickHouse and Kafka answer them; a worker goes on by itself as soon as it can.',
    panel: 'ingest-delay',
    alert: 'Counts are incomplete',
    why: {
      otherwise:
        'A worker does not go on or is gone, or records were deleted before they were read; nothing is known of the API.',
    },
  },
} satisfies Readonly<Record<string, KindFacts>>;

export type IncidentKind = keyof typeof incidentKinds;

/** In the order of the table. */
export const incidentKindNames = Object.keys(incidentKinds) as [IncidentKind, ...IncidentKind[]];

/** The facts of a kind. */
export function factsOf(kind: IncidentKind): KindFacts {
  return incidentKinds[kind];
}
