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
  /**
   * The number that matters at night: texts with names of evidence in braces. The first of which all names are there is
   * told; none: only what every incident says.
   */
  matters?: readonly string[];
  /** Why somebody must act, by the party of the verdict; `otherwise` for all that are not named. */
  why: { otherwise: string } & Readonly<Record<string, string>>;
}

/** The kinds of incident that the analyzers find. Everything that speaks of kinds derives from this table. */
export const incidentKinds = {
  slow_down_surge: {
    title: 'Slow Down surge',
    severity: 'critical',
    class: 'slow_down',
    panel: 'slow-down',
    alert: 'Slow Down surge',
    matters: [
      'Return to {original_requests_per_minute} requests a minute (now {present_requests_per_minute})',
      '{slow_down_count} Slow Down answers so far',
    ],
    why: {
      provider: 'The request rate had not risen: the provider is short of capacity.',
      otherwise:
        'The request rate rose faster than the provider allows; nothing is wrong with key, quota or requests.',
    },
  },
  quota_exhausted: {
    title: 'Quota exhausted',
    severity: 'critical',
    class: 'quota_exceeded',
    panel: 'quota',
    alert: 'Quota exhausted',
    matters: [
      'Used up: {quota}; {failed_requests} requests failed, {useless_retries} of them useless retries',
      'Used up: {quota}',
    ],
    why: { otherwise: 'Credit or a spend limit is used up; waiting and retrying never help.' },
  },
  region_blocked: {
    title: 'Region blocked',
    severity: 'warning',
    class: 'unsupported_region',
    panel: 'errors-by-class',
    alert: 'Region blocked',
    matters: [
      '{refused_requests} requests refused, {refused_share:%} of all; from {affected_regions}',
      '{refused_requests} requests refused',
    ],
    why: { otherwise: 'Requests come from a country or region that the provider does not serve.' },
  },
  retry_storm: {
    title: 'Retry storm',
    severity: 'warning',
    class: 'rate_limit',
    panel: 'retry-share',
    alert: 'Retry storm',
    matters: [
      '{attempts_per_request} attempts a request; {useless_share:%} of the retries can never succeed',
      '{attempts_per_request} attempts a request',
    ],
    why: { otherwise: 'Clients repeat failed requests faster than these can succeed.' },
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
    matters: [
      '{records} records of {topic} lost',
      '{waiting_records} records of {topic} wait, counted until {counted_until} ({causes})',
    ],
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
