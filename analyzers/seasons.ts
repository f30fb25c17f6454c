import type { IncidentKind } from '../domain/incident-kind.ts';
import type { RequestClass } from '../domain/error-class.ts';
import type { Settings } from '../domain/settings.ts';
import { readSeason, type SeasonRow } from '../store/queries/season.ts';
import type { Store } from '../store/store.ts';
import { upperEnd } from './upper-end.ts';

/** The dimensions by which counts per hour are read. */
export type Seasonal = Pick<SeasonRow, 'provider' | 'org' | 'project' | 'client' | 'model'>;

/**
 * Returns the share of matching answers (0 to 1) that is usual at this time of the week; 0 when unknown. `from` and
 * `to` are the span that is being judged, epoch seconds.
 */
export type Season = (of: Seasonal, span: { from: number; to: number }) => number;

/** What a kind needs to know about earlier weeks. */
export interface Seasonality {
  classes: readonly RequestClass[];
  /** Smaller usual shares are not read, because they would change nothing. */
  least_share: number;
}

interface SeasonalKind {
  kind: IncidentKind;
  season?(settings: Settings['analyzers']): Seasonality | null;
}

const HOUR = 3_600;
const WEEK = 168 * HOUR;
const WEEKS = 4;
/** Number of weeks that must have requests. With two different weeks, nobody knows which of them was unusual. */
const LEAST_WEEKS = 3;
/** An hour with fewer requests is ignored. */
const LEAST_REQUESTS = 10;
/** A job may start or end this many seconds earlier or later than last week. */
const SLACK_SECONDS = 600;
/** Number of combinations that are remembered for each hour; for further ones nothing counts as usual. */
const MOST = 10_000;

/**
 * The shares that were usual in the same hour of earlier weeks, for kinds that ask for them. Each hour is read once,
 * when an evaluation first needs it. Reading it costs four hours of the hourly rollup, however long the history is.
 */
export class Seasons {
  /** By kind and start of the hour. */
  readonly #hours = new Map<IncidentKind, Map<number, ReadonlyMap<string, number>>>();

  /**
   * Reads what evaluations in `[from, to]` (epoch seconds) need. Throws `StoreError`; the same call can be made again.
   */
  async advance(
    store: Store,
    { from, to }: { from: number; to: number },
    kinds: readonly SeasonalKind[],
    settings: Settings['analyzers'],
  ): Promise<void> {
    for (const { kind, season } of kinds) {
      const asked = season?.(settings) ?? null;
      const known = this.#hours.get(kind) ?? new Map<number, ReadonlyMap<string, number>>();
      this.#hours.delete(kind);
      if (asked === null) continue;
      this.#hours.set(kind, known);
      const needed = hoursOf({ from: from - HOUR, to });
      for (const hour of known.keys()) if (!needed.includes(hour)) known.delete(hour);
      for (const hour of needed)
        if (!known.has(hour)) known.set(hour, usualShares(await readHour(store, hour, asked)));
    }
  }

  /** The usual shares for a kind; undefined when the kind does not ask for them. */
  of(kind: IncidentKind): Season | undefined {
    const hours = this.#hours.get(kind);
    return hours === undefined ? undefined : seasonOf(hours);
  }
}

/** Makes the usual share from the shares of each hour, which are keyed by the start of the hour. */
export function seasonOf(hours: ReadonlyMap<number, ReadonlyMap<string, number>>): Season {
  return (of, span) =>
    hours.size === 0 ? 0 : Math.max(...hoursOf(span).map((hour) => hours.get(hour)?.get(keyOf(of)) ?? 0));
}

/**
 * The usual share of each combination: the share of the second worst week, at its upper end. So one past incident alone
 * does not become usual, and a caller with few requests and no errors has no usual share.
 */
export function usualShares(rows: readonly SeasonRow[]): Map<string, number> {
  const shares = new Map<string, number>();
  for (const row of rows) {
    const weeks = row.requests
      .map((requests, i) => ({ requests, matching: row.matching[i] ?? 0 }))
      .filter(({ requests }) => requests >= LEAST_REQUESTS);
    if (weeks.length < LEAST_WEEKS) continue;
    const [, second] = weeks.sort((a, b) => b.matching / b.requests - a.matching / a.requests);
    if (second !== undefined && second.matching > 0)
      shares.set(keyOf(row), Math.min(1, upperEnd(second.matching) / second.requests));
  }
  return shares;
}

/** Starts of the hours that the span touches if it is a little earlier or later. */
function hoursOf({ from, to }: { from: number; to: number }): number[] {
  const hours: number[] = [];
  const last = to + SLACK_SECONDS;
  for (let hour = Math.floor((from - SLACK_SECONDS) / HOUR) * HOUR; hour < last; hour += HOUR)
    hours.push(hour);
  return hours;
}

function readHour(store: Store, hour: number, { classes, least_share }: Seasonality): Promise<SeasonRow[]> {
  const hours = Array.from({ length: WEEKS }, (_, i) => hour - (i + 1) * WEEK);
  return readSeason(store, { hours, classes, least_share, least_hours: LEAST_WEEKS, limit: MOST });
}

function keyOf({ provider, org, project, client, model }: Seasonal): string {
  return [provider, org, project, client, model].join('\n');
}
