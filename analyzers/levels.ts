import { type Level, loudnessOf } from './incident-life.ts';
import type { Given, KindSettings } from './given.ts';
import { scopeColumns, type ScopeDimension, scopeDimensions } from './narrow-scope.ts';
import { lastOfRun, startOfRun } from './runs.ts';
import { type CountSum, type IsMatching, type Matching, matchingOf } from './view.ts';

/** A part of an organization's traffic: all of it, one value of a dimension, or one model in one project. */
export interface Part {
  /** Empty for all traffic; a part has the same name in every window. */
  name: string;
  contains: IsMatching;
  requests: number;
  matching: number;
  /**
   * First attempts with an answer of a matching class: a failure counts once, however often it was retried, also where
   * only retries match.
   */
  first_attempts: number;
  /** Number of first attempts among `requests`. */
  first_requests: number;
}

/**
 * Decides when a kind is in breach. The threshold at which an incident clears is lower than the one at which it fires.
 * Pure. A kind spreads these functions into itself.
 */
export interface LevelRule<Settings, Judged extends { level: Level }> {
  /** Seconds within which the matching answers must lie. */
  begins_within(settings: Settings): number;
  /** Smallest number of matching answers that can be a breach; absent: `count`. */
  begins_with?(settings: Settings): number;
  level(given: Given<Settings>): Judged;
  /** The numbers that `faultline why` shows. */
  numbers?(given: Given<Settings>): Record<string, number>;
  /** Start of the interval in which a breach began, epoch seconds. */
  start(given: Given<Settings>, judged: Judged): number;
  /**
   * Start of the last interval of an incident that began at `since`, while its level is breach or lingering: single
   * matching answers may come later without belonging to it. Absent: start of the last interval with a matching answer.
   */
  last?(given: Given<Settings>, judged: Judged, since: number): number;
}

/**
 * The whole traffic (first; absent when there is no request) and its parts. Parts are judged as well, so that a small
 * project is noticed in a large organization.
 */
export function partsOf(sums: readonly CountSum[], matching: Matching): Part[] {
  if (sums.length === 0) return [];
  const whole = new PartSums(null, '', '');
  const parts: PartSums[] = [whole];
  const begin = (dimension: ScopeDimension, value: string, model: string): PartSums => {
    const part = new PartSums(dimension, value, model);
    parts.push(part);
    return part;
  };
  const byValue = scopeDimensions.map((name) => ({
    name,
    column: scopeColumns[name],
    known: new Map<string, PartSums>(),
  }));
  const byPair = new Map<string, Map<string, PartSums>>();
  for (const row of sums) {
    const amount = matchingOf(row, matching);
    const first = matching.classes.includes(row.class) ? Math.max(0, row.requests - row.retries) : 0;
    whole.add(row, amount, first);
    for (const { name, column, known } of byValue) {
      const value = row[column];
      if (value === '') continue;
      let part = known.get(value);
      if (part === undefined) known.set(value, (part = begin(name, value, '')));
      part.add(row, amount, first);
    }
    const { project, model } = row;
    if (project === '' || model === '') continue;
    let models = byPair.get(project);
    if (models === undefined) byPair.set(project, (models = new Map()));
    let part = models.get(model);
    if (part === undefined) models.set(model, (part = begin('project', project, model)));
    part.add(row, amount, first);
  }
  return parts;
}

/** The sums of a part. Most parts are only counted, so name and condition are made when somebody asks for them. */
class PartSums implements Part {
  readonly #dimension: ScopeDimension | null;
  readonly #value: string;
  readonly #model: string;
  requests = 0;
  matching = 0;
  first_attempts = 0;
  first_requests = 0;

  /** `dimension` null: all traffic. `model` not empty: `value` is a project, and the part is that model in it. */
  constructor(dimension: ScopeDimension | null, value: string, model: string) {
    this.#dimension = dimension;
    this.#value = value;
    this.#model = model;
  }

  get name(): string {
    if (this.#dimension === null) return '';
    return this.#model === '' ? `${this.#dimension}\n${this.#value}` : `\n${this.#value}\n${this.#model}`;
  }

  get contains(): IsMatching {
    const dimension = this.#dimension;
    const value = this.#value;
    const model = this.#model;
    if (dimension === null) return () => true;
    const column = scopeColumns[dimension];
    return model === ''
      ? (other) => other[column] === value
      : (other) => other[column] === value && other.model === model;
  }

  /** `amount`: how many of the row's requests match; `first`: how many are first attempts of a matching class. */
  add(row: CountSum, amount: number, first: number): void {
    this.requests += row.requests;
    this.first_requests += Math.max(0, row.requests - row.retries);
    this.matching += amount;
    this.first_attempts += first;
  }
}

/** Settings for a share of requests. At count and share an incident fires; down to half of both it lingers. */
export interface ShareSettings extends KindSettings {
  /** From 0 to 1. */
  share: number;
}

/**
 * The level of a share. `part` is the part of the traffic that shows the level: all traffic if all traffic is over the
 * threshold, otherwise the part over the threshold with most matching answers; null: none is.
 */
export interface ShareLevel {
  level: Level;
  part: Part | null;
  /** Length of the window that shows the level, seconds. */
  window_seconds: number;
}

/** What else shows that a share is over its threshold. */
export interface ShareOptions {
  /** A caller with too few requests for the window is also judged by a window that is this many times as long. */
  long?: number;
  /**
   * If this many different requests failed, a third of `count` is enough: a small caller takes long to collect `count`
   * answers. Absent: `count` is always needed.
   */
  requests?: number;
}

/** The part of `count` that is enough if many different requests failed. */
const FEWER = 1 / 3;

/**
 * A breach when, within the window, a part has `count` matching answers and they are at least `share` of its requests.
 */
export function shareAbove(
  matching: Matching,
  { long = 1, requests: different }: ShareOptions = {},
): LevelRule<ShareSettings, ShareLevel> {
  const isAbove = (
    sums: Pick<Part, 'requests' | 'matching' | 'first_attempts'>,
    { count, share }: ShareSettings,
    factor: number,
  ): boolean => {
    const isFew = different !== undefined && sums.first_attempts >= factor * different;
    const least = factor * count * (isFew ? FEWER : 1);
    return sums.matching >= least && sums.matching >= factor * share * sums.requests;
  };
  const levelIn = ({ view, now, settings }: Given<ShareSettings>, window_seconds: number): ShareLevel => {
    const parts = partsOf(view.between(now - window_seconds, now).sums(), matching);
    const [whole] = parts;
    if (whole === undefined) return { level: 'no_data', part: null, window_seconds };
    const most = (factor: number): Part | null => {
      const above = parts.filter((part) => isAbove(part, settings, factor));
      if (above.includes(whole)) return whole;
      return above.reduce<Part | null>(
        (best, part) => (part.matching > (best?.matching ?? 0) ? part : best),
        null,
      );
    };
    const over = most(1);
    if (over !== null) return { level: 'breach', part: over, window_seconds };
    const lingers = most(0.5);
    return { level: lingers === null ? 'healthy' : 'lingering', part: lingers, window_seconds };
  };
  return {
    begins_within: ({ window_seconds }) => long * window_seconds,
    begins_with: ({ count }) => Math.ceil(count * (different === undefined ? 1 : FEWER)),
    level(given) {
      const { window_seconds } = given.settings;
      const soon = levelIn(given, window_seconds);
      if (long === 1 || soon.level === 'breach') return soon;
      const later = levelIn(given, long * window_seconds);
      return loudnessOf(later.level) > loudnessOf(soon.level) ? later : soon;
    },
    start({ view, now, from, settings }, { part, window_seconds }) {
      const intervals = view.where(part?.contains ?? (() => true)).intervals(matching);
      // The sums of an interval do not say how many different requests failed, so the lower count is enough for them.
      const first_attempts = different ?? 0;
      const run = { now, from, window_seconds };
      return startOfRun(intervals, run, (sums) => isAbove({ ...sums, first_attempts }, settings, 0.5)) ?? now;
    },
    last: (given, { part }, since) => lastOfRun(given, { part, matching, since }),
  };
}
