import type { Incident, Scope } from '../domain/incident.ts';
import type { IncidentKind } from '../domain/incident-kind.ts';
import type { Settings } from '../domain/settings.ts';
import type { Level, Policy } from './advance.ts';
import type { CountView } from './count-view.ts';
import type { Names } from './identity.ts';
import type { Reads } from './reads.ts';
import type { Seasonality } from './seasons.ts';
import type { Matching } from './view.ts';
import type { Weighed } from './weigh.ts';

export type AnalyzerSettings = Settings['analyzers'];

/** Numbers a detector wants to be given again at the next evaluation; JSON. */
export type Facts = Readonly<Record<string, unknown>>;

/** What is remembered of a live incident when it is judged again. */
export interface Known {
  identity: Names;
  scope: Scope;
  state: Incident['state'];
  facts: Facts;
  /** Epoch seconds. */
  started_at: number;
  /** Event time of the last evaluation, epoch seconds: after a restart it may be later than the one that is judged. */
  evaluated_at: number;
  /** What was said of it last. */
  said: Report;
  /** How far the scope may still change: freely just after firing, then only to a wider one, then not at all. */
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
  /** Dimensions that its counts do not tell apart, because memory was short; absent: none. */
  summed_up?: readonly string[];
  /** What there is to say; asked for when it is written. */
  report(): Report;
}

/** The part of an incident that a detector writes. */
export type Report = Pick<Incident, 'summary' | 'verdict' | 'evidence' | 'remedy'>;

/**
 * One kind of incident: when it is there, and what to say about it. Pure. `Reading` is what it judges: counts of requests,
 * or anything else that is read for it.
 */
export interface Judge<Reading> {
  kind: IncidentKind;
  /** Durations in the life of an incident of this identity. */
  policy(settings: AnalyzerSettings, identity: Names): Policy;
  /**
   * Judges what was read before `now`, in epoch seconds. Gives a finding for each breach and one for each known incident.
   * `known` is keyed by `identityKey`.
   */
  detect(
    reading: Reading,
    settings: AnalyzerSettings,
    now: number,
    known: ReadonlyMap<string, Known>,
  ): readonly Finding[];
}

/** A kind that is judged by counts, in event time. */
export interface Detector extends Judge<CountView> {
  /** Answers that the kind is about and without which it cannot begin. */
  matching: Matching;
  /** Counts that it reads for itself; null: none at present. Absent: it judges the organizations of the window. */
  reads?(settings: AnalyzerSettings): Reads | null;
  /** What it needs to know of the same hour of earlier weeks; null or absent: nothing. */
  season?(settings: AnalyzerSettings): Seasonality | null;
  /** So many such answers of one identity within so many seconds are needed to begin; fewer are not looked at. */
  least(settings: AnalyzerSettings): { count: number; seconds: number };
  /** How many seconds before `now` the counts per 10 s must reach back. */
  lookback(settings: AnalyzerSettings): number;
  /** Evaluated on whole multiples of so many seconds; absent: at each step. */
  every_seconds?: number;
  /**
   * What it says of a scope, as if that were all that there is, in each identity that has it. Nothing is begun or ended.
   * `known` is keyed by `identityKey`.
   */
  weigh(
    counts: CountView,
    settings: AnalyzerSettings,
    now: number,
    asked: { scope: Scope; known: ReadonlyMap<string, Known> },
  ): readonly Weighed[];
}
