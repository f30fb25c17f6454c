import { type CallerDimension, callerDimensions } from '../../domain/count-row.ts';
import type { DimensionSet } from './dimension-sets.ts';

/** What stands for the values of a dimension that are beyond its cap. */
export const OTHER_NAMES = '(other)';

/** A value of a dimension. */
export interface Name {
  dimension: CallerDimension;
  value: string;
}

/** The values of one day that are counted by their names: those that the batches of a partition had, up to the cap. */
export class KeptNames {
  /** The newest day that the partition has written, in days since the epoch; -1: none. */
  day = -1;
  readonly #names = new Map<CallerDimension, Set<string>>();

  constructor(day = -1, names: readonly Name[] = []) {
    this.take({ day, added: names });
  }

  of(dimension: CallerDimension): ReadonlySet<string> {
    return this.#names.get(dimension) ?? none;
  }

  /** Adds what a batch that is stored was the first to have. A newer day begins with nothing. */
  take({ day, added }: { day: number; added: readonly Name[] }): void {
    if (day > this.day) {
      this.day = day;
      this.#names.clear();
    }
    for (const { dimension, value } of added) {
      const names = this.#names.get(dimension);
      if (names === undefined) this.#names.set(dimension, new Set([value]));
      else names.add(value);
    }
  }
}

const none: ReadonlySet<string> = new Set();

/** What a cap does to a batch. */
export interface NameLimit {
  /** The newest day of the partition with this batch. */
  day: number;
  /** Names of that day that this batch is the first to have. */
  added: Name[];
  /** Requests that are counted under `(other)`, by dimension; without those of which there are none. */
  folded: Map<CallerDimension, number>;
  /** Values in place of those of a dimension set, by day and its id. */
  replaced: Map<number, Map<number, readonly string[]>>;
}

/** Requests of a batch by day and dimension set. */
export type Usage = ReadonlyMap<number, ReadonlyMap<DimensionSet, number>>;

/**
 * Which values of a batch are counted under `(other)`: on each day a dimension has at most `most` names, of those that are
 * new the ones with the most requests in the batch. Pure, and the same in whatever order the requests came: of the batch
 * and of what the batches before it left in the ledger, so that whoever replays a batch makes the same rows.
 */
export function limitNames(usage: Usage, kept: KeptNames, most: number): NameLimit {
  const limit: NameLimit = { day: kept.day, added: [], folded: new Map(), replaced: new Map() };
  for (const day of usage.keys()) limit.day = Math.max(limit.day, day);
  for (const [day, sets] of usage)
    for (const [which, dimension] of callerDimensions.entries()) {
      const known = day === kept.day ? kept.of(dimension) : none;
      const fresh = freshNames(sets, which, known);
      const named = fresh.slice(0, Math.max(0, most - known.size));
      if (day === limit.day) for (const [value] of named) limit.added.push({ dimension, value });
      if (named.length < fresh.length) {
        const beyond = new Set(fresh.slice(named.length).map(([value]) => value));
        fold(limit, { day, which, dimension }, sets, beyond);
      }
    }
  return limit;
}

/** The values of a dimension that are not known yet, with their requests, those with the most first. */
function freshNames(
  sets: ReadonlyMap<DimensionSet, number>,
  which: number,
  known: ReadonlySet<string>,
): [string, number][] {
  const fresh = new Map<string, number>();
  for (const [{ dimensions }, requests] of sets) {
    const value = dimensions[which] ?? '';
    // What is not told is no name.
    if (value === '' || value === OTHER_NAMES || known.has(value)) continue;
    fresh.set(value, (fresh.get(value) ?? 0) + requests);
  }
  return [...fresh].sort(([a, of], [b, other]) => other - of || (a < b ? -1 : 1));
}

function fold(
  limit: NameLimit,
  { day, which, dimension }: { day: number; which: number; dimension: CallerDimension },
  sets: ReadonlyMap<DimensionSet, number>,
  beyond: ReadonlySet<string>,
): void {
  const replaced = limit.replaced.get(day) ?? new Map<number, readonly string[]>();
  limit.replaced.set(day, replaced);
  let folded = limit.folded.get(dimension) ?? 0;
  for (const [{ id, dimensions }, requests] of sets) {
    if (!beyond.has(dimensions[which] ?? '')) continue;
    replaced.set(id, (replaced.get(id) ?? dimensions).with(which, OTHER_NAMES));
    folded += requests;
  }
  limit.folded.set(dimension, folded);
}
