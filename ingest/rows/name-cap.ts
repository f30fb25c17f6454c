import { type CallerDimension, callerDimensions } from '../../domain/count-row.ts';
import type { DimensionSet } from './dimension-sets.ts';

/** Name that replaces the values of a dimension beyond its cap. */
export const OTHER_NAMES = '(other)';

/** A value of a dimension. */
export interface Name {
  dimension: CallerDimension;
  value: string;
}

/** The values of one day that are counted by their names: those of earlier batches of the partition, up to the cap. */
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

  /** Adds the names that a stored batch was the first to have. A newer day starts without names. */
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

/** What the cap of names changes in a batch. */
export interface NameLimit {
  /** The newest day of the partition, this batch included. */
  day: number;
  /** Names of that day that this batch is the first to have. */
  added: Name[];
  /** Number of requests that are counted under `(other)`, by dimension; dimensions without any are absent. */
  folded: Map<CallerDimension, number>;
  /** By day and id of a dimension set: the dimensions whose value is `(other)`, one bit each. */
  replaced: Map<number, Map<number, number>>;
}

/** The dimension sets of one day of a batch, each once, and the requests of each, at the same index. */
export interface DayUsage {
  sets: readonly DimensionSet[];
  requests: readonly number[];
}

/**
 * Decides which values of a batch are counted under `(other)`. On the newest day a dimension has at most `most` names.
 * On an older day each batch adds at most `most` new names. The names with the most requests in the batch are kept.
 * Pure. The result depends on the batch and on the names that earlier batches left in the ledger, not on the order of
 * the requests, so that a replay of the batch makes the same rows.
 */
export function limitNames(usage: ReadonlyMap<number, DayUsage>, kept: KeptNames, most: number): NameLimit {
  const limit: NameLimit = { day: kept.day, added: [], folded: new Map(), replaced: new Map() };
  for (const day of usage.keys()) limit.day = Math.max(limit.day, day);
  for (const [day, used] of usage) {
    const known = callerDimensions.map((dimension) => (day === kept.day ? kept.of(dimension) : none));
    const fresh = freshNames(
      used,
      // A dimension that is at its cap accepts no new name, so no name has to be chosen. With many callers this is the
      // case for most of a day.
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

/** The values of a dimension set after folding; `folded` has a bit for each dimension that is beyond its cap. */
export function textsInPlace(dimensions: readonly string[], folded: number): string[] {
  return dimensions.map((text, which) => ((folded & (1 << which)) === 0 ? text : OTHER_NAMES));
}

/** Whether `texts` are the values of a dimension set after folding. */
export function isInPlace(texts: readonly string[], dimensions: readonly string[], folded: number): boolean {
  for (let which = 0; which < dimensions.length; which++)
    if ((folded & (1 << which)) === 0 && texts[which] !== dimensions[which]) return false;
  return true;
}

/**
 * The values of each dimension that are not known names, those with the most requests first; no values for a dimension
 * whose known names are null. The sets are visited once: many sets do not fit into the processor's cache, so a second
 * pass would be as slow as the first.
 */
function freshNames(
  { sets, requests }: DayUsage,
  known: readonly (ReadonlySet<string> | null)[],
): string[][] {
  const fresh = known.map(() => new Map<string, number>());
  // Most dimensions have few values, so a set mostly has the value of the set before it.
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

/** Counts the values that `beyond` accepts under `(other)`. Null in `beyond`: no value of that dimension. */
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

/** An empty value and `(other)` are not names. */
function isName(value: string): boolean {
  return value !== '' && value !== OTHER_NAMES;
}
