import type { Incident, Scope } from '../domain/incident.ts';
import type { IncidentKind } from '../domain/incident-kind.ts';
import type { Settings } from '../domain/settings.ts';
import type { Level, Policy } from './incident-life.ts';
import type { CountView } from './count-view.ts';
import type { Names } from './identity.ts';
import type { Reads } from './reads.ts';
import type { Seasonality } from './seasons.ts';
import type { Matching } from './view.ts';
import type { Weighed } from './weigh.ts';

export type AnalyzerSettings = Settings['analyzers'];

/** What a detector remembers for the next evaluation, as JSON. */
export type DetectorMemory = Readonly<Record<string, unknown>>;

/** What the previous evaluation remembered of a live incident. */
export interface Known {
  identity: Names;
  scope: Scope;
  state: Incident['state'];
  facts: DetectorMemory;
  /** Epoch seconds. */
  started_at: number;
  /**
   * Event time of the last evaluation, epoch seconds. After a restart it may be later than the time that is being
   * judged, because past times are judged again.
   */
  evaluated_at: number;
  /** The last report that was written. */
  said: Report;
  /**
   * How the scope of the incident may change. Just after firing it may change freely, later it may only become wider,
   * and then it stays.
   */
  scope_may: 'change' | 'widen' | 'stay';
}

/** What a detector says about one identity at one time. Times are epoch seconds. */
export interface Finding {
  identity: Names;
  level: Level;
  /** Start of the interval with the first matching answer. */
  started_at: number;
  /** End of the last interval that belongs to the incident. */
  last_at: number;
  scope: Scope;
  severity: Incident['severity'];
  facts: DetectorMemory;
  /**
   * Dimensions that were summed up because memory was short, so the finding cannot name their values. Absent:
   * `evaluate` sees in the counts of the organization whether it is coarse.
   */
  summed_up?: readonly string[];
  /** Makes the report. It is called only when the incident is written, because making a report is expensive. */
  report(): Report;
}

/** The part of an incident that a detector writes. */
export type Report = Pick<Incident, 'summary' | 'verdict' | 'evidence'> & {
  /** `docs` absent: the page of the kind. */
  remedy: Omit<Incident['remedy'], 'docs'> & { docs?: string };
};

/**
 * Judges one kind of incident: whether it is there, and what to say about it. Pure. `Reading` is what it judges: counts
 * of requests, or other data that is read for it.
 */
export interface Judge<Reading> {
  kind: IncidentKind;
  /** Durations in the life of an incident of this identity. */
  policy(settings: AnalyzerSettings, identity: Names): Policy;
  /**
   * Judges what was read before `now` (epoch seconds). Returns a finding for each breach and for each known incident;
   * none if the kind is not due at `now`. `known` is keyed by `identityKey`.
   */
  detect(
    reading: Reading,
    settings: AnalyzerSettings,
    now: number,
    known: ReadonlyMap<string, Known>,
  ): readonly Finding[];
}

/** Judges a kind of incident by counts of requests, in event time. */
export interface Detector extends Judge<CountView> {
  /** The answers that the kind is about; an incident cannot begin without one. */
  matching: Matching;
  /**
   * Which counts the kind reads for itself; null: none with the present settings. Absent: it uses the counts per
   * organization.
   */
  reads?(settings: AnalyzerSettings): Reads | null;
  /** What the kind needs to know of the same hour in earlier weeks; null or absent: nothing. */
  season?(settings: AnalyzerSettings): Seasonality | null;
  /**
   * An identity needs `count` matching answers within `seconds` for an incident to begin; with fewer it is not judged.
   */
  least(settings: AnalyzerSettings): { count: number; seconds: number };
  /** How many seconds of 10-second counts before `now` the kind needs. */
  lookback(settings: AnalyzerSettings): number;
  /** The kind is evaluated only at multiples of this many seconds; absent: at each step. */
  every_seconds?: number;
  /**
   * Judges one scope as if there were no other traffic, once for each identity that contains the scope. `faultline why`
   * shows the result; no incident begins or ends by it. `known` is keyed by `identityKey`.
   */
  weigh(
    counts: CountView,
    settings: AnalyzerSettings,
    now: number,
    asked: { scope: Scope; known: ReadonlyMap<string, Known> },
  ): readonly Weighed[];
}
