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
export type Facts = Readonly<Record<string, unknown>>;

/** What is remembered of a live incident for its next evaluation. */
export interface Known {
  identity: Names;
  scope: Scope;
  state: Incident['state'];
  facts: Facts;
  /** Epoch seconds. */
  started_at: number;
  /**
   * Event time of the last evaluation, epoch seconds. After a restart it may be later than the time that is judged now.
   */
  evaluated_at: number;
  /** The last report. */
  said: Report;
  /** How the scope may change: freely just after firing, later only to a wider one, then not at all. */
  scope_may: 'change' | 'widen' | 'stay';
}

/** What a detector says about one identity at one time. Times are epoch seconds. */
export interface Finding {
  identity: Names;
  level: Level;
  /** Start of the interval with the first matching answer. */
  started_at: number;
  /** End of the last interval with a matching answer. */
  last_at: number;
  scope: Scope;
  severity: Incident['severity'];
  facts: Facts;
  /** Dimensions whose values the counts no longer separate, because memory was short; absent: none. */
  summed_up?: readonly string[];
  /** Makes the report; called only when it is written. */
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
   * Judges what was read before `now` (epoch seconds). Returns a finding for each breach and for each known incident.
   * `known` is keyed by `identityKey`.
   */
  detect(
    reading: Reading,
    settings: AnalyzerSettings,
    now: number,
    known: ReadonlyMap<string, Known>,
  ): readonly Finding[];
}

/** Judges a kind by counts, in event time. */
export interface Detector extends Judge<CountView> {
  /** The answers that the kind is about; without one it cannot begin. */
  matching: Matching;
  /**
   * The counts that the kind reads for itself; null: none at present. Absent: it judges the organizations of the
   * window.
   */
  reads?(settings: AnalyzerSettings): Reads | null;
  /** What it needs to know about the same hour of earlier weeks; null or absent: nothing. */
  season?(settings: AnalyzerSettings): Seasonality | null;
  /** An identity needs `count` such answers within `seconds` for an incident to begin; with fewer it is not judged. */
  least(settings: AnalyzerSettings): { count: number; seconds: number };
  /** How many seconds of counts per 10 s it needs before `now`. */
  lookback(settings: AnalyzerSettings): number;
  /** It is evaluated at whole multiples of this many seconds; absent: at each step. */
  every_seconds?: number;
  /**
   * Judges a scope as if nothing else existed, in each identity that contains it. Begins and ends no incident. `known`
   * is keyed by `identityKey`.
   */
  weigh(
    counts: CountView,
    settings: AnalyzerSettings,
    now: number,
    asked: { scope: Scope; known: ReadonlyMap<string, Known> },
  ): readonly Weighed[];
}
