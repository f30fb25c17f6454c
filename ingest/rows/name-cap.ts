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
  /** The dimensions of a dimension set whose values are `(other)`, a bit for each, by day and its id. */
  replaced: Map<number, Map<number, number>>;
}

/** The dimension sets of one day of a batch, each once, and the requests of each. */
export interface DayUsage {
  sets: readonly DimensionSet[];
  requests: readonly number[];
}

/**
 * Which values of a batch are counted under `(other)`: on each day a dimension has at most `most` names, of those that are
 * new the ones with the most requests in the batch. Pure, and the same in whatever order the requests came: of the batch
 * and of what the batches before it left in the ledger, so that whoever replays a batch makes the same rows.
 */
export function limitNames(usage: ReadonlyMap<number, DayUsage>, kept: KeptNames, most: number): NameLimit {
  const limit: NameLimit = { day: kept.day, added: [], folded: new Map(), replaced: new Map() };
  for (const day of usage.keys()) limit.day = Math.max(limit.day, day);
  for (const [day, used] of usage) {
    const known = callerDimensions.map((dimension) => (day === kept.day ? kept.of(dimension) : none));
    const fresh = freshNames(
      used,
      // Where there is no room, nobody has to be chosen: on most of a day with many callers.
      known.map((names) => (names.size < most ? names : null)),
    );
    const beyond = callerDimensions.map((dimension, which) => {
      const names = known[which] ?? none;
      const candidates = fresh[which] ?? [];
      const named = candidates.slice(0, Math.max(0, most - names.size));
      if (day === limit.day) for (const value of named) limit.added.push({ dimension, value });
      if (names.size < most && named.length === candidates.length) return null;
      const chosen = new Set(named);
      return (value: string) => isName(value) && !names.has(value) && !chosen.has(value);
    });
    if (beyond.some((one) => one !== null)) fold(limit, day, used, beyond);
  }
  return limit;
}

/** The texts in place of those of a dimension set; `folded` has a bit for each dimension that is beyond its cap. */
export function textsInPlace(dimensions: readonly string[], folded: number): string[] {
  return dimensions.map((text, which) => ((folded & (1 << which)) === 0 ? text : OTHER_NAMES));
}

/** Whether `texts` stand in place of those of a dimension set. */
export function isInPlace(texts: readonly string[], dimensions: readonly string[], folded: number): boolean {
  for (let which = 0; which < dimensions.length; which++)
    if ((folded & (1 << which)) === 0 && texts[which] !== dimensions[which]) return false;
  return true;
}

/**
 * The values of each dimension that are not among the known ones, those with the most requests first; none where null is
 * known. In one pass, because with many dimension sets each has to be fetched from memory.
 */
function freshNames(
  { sets, requests }: DayUsage,
  known: readonly (ReadonlySet<string> | null)[],
): string[][] {
  const fresh = known.map(() => new Map<string, number>());
  // Most dimensions have one value, or few, so that one set has that of the set before.
  const current = known.map(() => '');
  const sums = known.map(() => 0);
  const add = (which: number): void => {
    const value = current[which] ?? '';
    const [names, counts] = [known[which] ?? null, fresh[which]];
    if (names === null || counts === undefined || !isName(value) || names.has(value)) return;
    counts.set(value, (counts.get(value) ?? 0) + (sums[which] ?? 0));
  };
  for (let i = 0; i < sets.length; i++) {
    const dimensions = sets[i]?.dimensions ?? [];
    for (let which = 0; which < dimensions.length; which++) {
      const value = dimensions[which] ?? '';
      if (value !== current[which]) {
        add(which);
        current[which] = value;
        sums[which] = 0;
      }
      sums[which] = (sums[which] ?? 0) + (requests[i] ?? 0);
    }
  }
  for (const which of known.keys()) add(which);
  return fresh.map((counts) =>
    [...counts].sort(([a, of], [b, other]) => other - of || (a < b ? -1 : 1)).map(([value]) => value),
  );
}

/** Counts the names of each dimension that are beyond its cap under `(other)`; null: it has no name beyond it. */
function fold(
  limit: NameLimit,
  day: number,
  { sets, requests }: DayUsage,
  beyond: readonly (((value: string) => boolean) | null)[],
): void {
  const replaced = new Map<number, number>();
  const folded = beyond.map(() => 0);
  const current = beyond.map(() => '');
  const isBeyond = beyond.map(() => false);
  for (let i = 0; i < sets.length; i++) {
    const set = sets[i];
    let bits = 0;
    for (let which = 0; which < beyond.length; which++) {
      const judge = beyond[which];
      if (judge === null || judge === undefined) continue;
      const value = set?.dimensions[which] ?? '';
      if (value !== current[which]) {
        current[which] = value;
        isBeyond[which] = judge(value);
      }
      if (isBeyond[which] !== true) continue;
      bits |= 1 << which;
      folded[which] = (folded[which] ?? 0) + (requests[i] ?? 0);
    }
    if (bits !== 0 && set !== undefined) replaced.set(set.id, bits);
  }
  if (replaced.size === 0) return;
  limit.replaced.set(day, replaced);
  for (const [which, dimension] of callerDimensions.entries()) {
    const count = folded[which] ?? 0;
    if (count > 0) limit.folded.set(dimension, (limit.folded.get(dimension) ?? 0) + count);
  }
}

/** What is not told is no name. */
function isName(value: string): boolean {
  return value !== '' && value !== OTHER_NAMES;
}
