import type { Subclass } from '../domain/classification.ts';
import type { ErrorClass } from '../domain/error-class.ts';
import type { Party, Scope } from '../domain/incident.ts';
import type { IncidentKind } from '../domain/incident-kind.ts';
import type { Caller } from './caller.ts';

/** The callers that something happens to; a dimension that is absent means all. */
export interface CallerFilter {
  provider?: string | undefined;
  org?: string | undefined;
  project?: string | undefined;
  client?: string | undefined;
  region?: string | undefined;
  model?: string | undefined;
  api_key?: string | undefined;
}

/** Some callers multiply their request rate within minutes; the API answers the excess with Slow Down. */
export interface Surge {
  kind: 'slow_down_surge';
  where: CallerFilter;
  /** Start of the ramp, after the start of the traffic. */
  after_ms: number;
  ramp_ms: number;
  /** From the start of the ramp to the end of the return. */
  lasts_ms: number;
  /** Rate at the top, as a multiple of the usual rate. */
  factor: number;
}

/** Every request of some callers is refused because the money ran out, until somebody adds money. */
export interface Exhaustion {
  kind: 'quota_exhausted';
  where: CallerFilter;
  after_ms: number;
  lasts_ms: number;
  subclass: Subclass;
}

/** What a detector must find if the event is an incident. */
export interface Truth {
  kind: IncidentKind | (string & {});
  /** Null when the answers do not show who must act. */
  party: Party | null;
  /** The scope that must be found, if it differs from the filter of the event. */
  scope?: Scope;
  /** Other kinds that a detector may find as well, such as the kind that this event warns of. */
  also?: readonly string[];
  /**
   * Share of the requests in the scope (0 to 1) that fails at this time even without the event; absent: the share that
   * fails in calm traffic.
   */
  usual_share?: number;
}

/** Requests of some callers fail with the same chance, however many they send. */
export interface SimulatedFault {
  kind: 'fault';
  where: CallerFilter;
  after_ms: number;
  lasts_ms: number;
  /** Chance that a request fails, from 0 to 1. */
  share: number;
  /** The class of each failure is one of these, chosen at random. */
  classes: readonly [ErrorClass, ...ErrorClass[]];
  subclass?: Subclass;
  /** The texts to use, by their ids in the catalogue; absent: all texts of the classes. */
  ids?: readonly string[];
  /** Callers retry these failures, although the callers' SDK would not retry them. */
  retried?: true;
  truth: Truth | null;
}

/** Some callers send more or fewer requests than usual, without failures. */
export interface LoadChange {
  kind: 'load';
  where: CallerFilter;
  after_ms: number;
  ramp_ms: number;
  lasts_ms: number;
  /** Rate as a multiple of the usual rate. Below 1 some requests are not sent; 0 is silence. */
  factor: number;
  truth: Truth | null;
}

/**
 * A limit of requests per minute for each organization and model. Requests above it are refused, and the rate-limit
 * headers say what really remains.
 */
export interface TokenBucket {
  where: CallerFilter;
  requests_per_minute: number;
}

/** How the log differs from the traffic: late records, wrong clocks, gaps. */
export interface Disorder {
  /** Share of the records that are late, each by up to `late_ms`. */
  late_share?: number;
  late_ms?: number;
  /** Callers whose clock is wrong by `ms`. */
  skew?: { where: CallerFilter; ms: number };
  /** Nothing is logged in this span. */
  gap?: { after_ms: number; lasts_ms: number };
}

export type ScenarioEvent = Surge | Exhaustion | SimulatedFault | LoadChange;

/** Traffic with a known truth. */
export interface Scenario {
  name: string;
  /** One sentence for `--help`. */
  title: string;
  /** Length of the traffic when no end is given. */
  duration_ms: number;
  /** Mean rate when no rate is given. */
  requests_per_second: number;
  /** True: the rate follows the hours of the day. False: it is constant. */
  diurnal: boolean;
  /** Nothing is sent outside of these spans (milliseconds after the start, in order of time); absent: all the time. */
  hours?: readonly { from_ms: number; to_ms: number }[];
  callers: readonly Caller[];
  /** Share of all requests that fail with each class outside of events. */
  background: Readonly<Partial<Record<ErrorClass, number>>>;
  /** Share of successes whose log has the rate-limit headers. */
  header_share: number;
  events: readonly ScenarioEvent[];
  buckets?: readonly TokenBucket[];
  disorder?: Disorder;
  /** Settings of the analyzers that the scenario needs, such as a budget. */
  settings?: Readonly<Record<string, unknown>>;
}

/** An incident that a detector must find in the traffic. A detector must find all true incidents and no others. */
export interface TrueIncident {
  kind: Truth['kind'];
  scope: Scope;
  /** Who must act; null when the answers do not show it. */
  party: Party | null;
  /** Classes of the incident's failures; empty when nothing fails. */
  classes: readonly ErrorClass[];
  /** Other kinds that a detector may find as well. */
  also?: readonly string[];
  usual_share?: number;
  /** When the failures begin, epoch milliseconds. */
  started_at: number;
  /** When the failures have ended, epoch milliseconds. */
  ended_at: number;
  /** For a Slow Down surge: mean rate of the scope before the ramp. */
  original_requests_per_minute: number | null;
}

/** True when the caller matches the filter. */
export function matches(caller: Caller, where: CallerFilter): boolean {
  return (
    (where.provider ?? caller.provider) === caller.provider &&
    (where.org ?? caller.org) === caller.org &&
    (where.project ?? caller.project) === caller.project &&
    (where.client ?? caller.client) === caller.client &&
    (where.region ?? caller.region) === caller.region &&
    (where.model ?? caller.model) === caller.model &&
    (where.api_key ?? caller.api_key) === caller.api_key
  );
}
