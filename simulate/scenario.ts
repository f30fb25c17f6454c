import type { Subclass } from '../domain/classification.ts';
import type { ErrorClass } from '../domain/error-class.ts';
import type { Scope } from '../domain/incident.ts';
import type { IncidentKind } from '../domain/incident-kind.ts';
import type { Caller } from './caller.ts';

/** Which callers something happens to; absent dimensions mean "all". */
export interface CallerFilter {
  provider?: string | undefined;
  org?: string | undefined;
  project?: string | undefined;
  client?: string | undefined;
  region?: string | undefined;
  model?: string | undefined;
}

/** Some callers multiply their request rate within minutes; the API answers the excess with Slow Down. */
export interface Surge {
  kind: 'slow_down_surge';
  where: CallerFilter;
  /** When the ramp begins, after the start of the traffic. */
  after_ms: number;
  ramp_ms: number;
  /** From the begin of the ramp to the end of the way back. */
  lasts_ms: number;
  /** Rate at the top, as a multiple of the usual one. */
  factor: number;
}

/** Every request of some callers is refused because money ran out, until somebody adds some. */
export interface Exhaustion {
  kind: 'quota_exhausted';
  where: CallerFilter;
  after_ms: number;
  lasts_ms: number;
  subclass: Subclass;
}

/** Traffic with a known truth. */
export interface Scenario {
  name: string;
  /** One sentence for `--help`. */
  title: string;
  /** Length when no end is given. */
  duration_ms: number;
  /** Mean rate when none is given. */
  requests_per_second: number;
  /** True: the rate follows the hours of the day. False: it is even. */
  diurnal: boolean;
  callers: readonly Caller[];
  /** Share of all requests that fail with each class, in calm weather. */
  background: Readonly<Partial<Record<ErrorClass, number>>>;
  /** Share of successes whose log holds the rate-limit headers. */
  header_share: number;
  events: readonly (Surge | Exhaustion)[];
}

/** What a detector has to find in the traffic, no more and no less. */
export interface TrueIncident {
  kind: IncidentKind;
  scope: Scope;
  /** Epoch milliseconds: from here on requests fail by it. */
  started_at: number;
  /** Epoch milliseconds: from here on none fails by it. */
  ended_at: number;
  /** For a Slow Down surge: mean rate of the scope before the ramp. */
  original_requests_per_minute: number | null;
}

/** True when the caller is one of those the filter means. */
export function matches(caller: Caller, where: CallerFilter): boolean {
  return (
    (where.provider ?? caller.provider) === caller.provider &&
    (where.org ?? caller.org) === caller.org &&
    (where.project ?? caller.project) === caller.project &&
    (where.client ?? caller.client) === caller.client &&
    (where.region ?? caller.region) === caller.region &&
    (where.model ?? caller.model) === caller.model
  );
}
