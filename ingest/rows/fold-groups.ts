import { byCallerDimension, callerDimensions } from '../../domain/count-row.ts';
import { type DimensionSet, dimensionSets } from './dimension-sets.ts';
import { GroupTable } from './group-table.ts';
import { type DayUsage, isInPlace, type NameLimit, textsInPlace } from './name-cap.ts';

const DAY_SECONDS = 86_400;

/** Requests of each dimension set by day. */
export function usageOf({ groups: columns, sets: all }: GroupTable): Map<number, DayUsage> {
  const { ts, dimensionSet, requests, size } = columns;
  const groupsOf = new Map<number, number[]>();
  let [day, groups]: [number, number[]] = [-1, []];
  for (let group = 0; group < size; group++) {
    const own = dayOf(ts[group] ?? 0);
    if (own !== day) {
      day = own;
      groups = groupsOf.get(day) ?? [];
      groupsOf.set(day, groups);
    }
    groups.push(group);
  }
  const usage = new Map<number, DayUsage>();
  /**
   * By index of a dimension set: its index among the dimension sets of the day, plus 1. An entry of an earlier day is
   * recognised because it points at another dimension set.
   */
  const at = new Uint32Array(all.length);
  for (const [of, members] of groupsOf) {
    const [sets, sums]: [DimensionSet[], number[]] = [[], []];
    for (const group of members) {
      const place = dimensionSet[group] ?? 0;
      const set = all[place];
      if (set === undefined) continue;
      const known = (at[place] ?? 0) - 1;
      if (sets[known] === set) sums[known] = (sums[known] ?? 0) + (requests[group] ?? 0);
      else {
        at[place] = sets.push(set);
        sums.push(requests[group] ?? 0);
      }
    }
    usage.set(of, { sets, requests: sums });
  }
  return usage;
}

/** The same groups under the dimension sets that replace their own ones. Frees the groups of `before`. */
export function regrouped(before: GroupTable, replaced: NameLimit['replaced']): GroupTable {
  const { groups, sets } = before;
  const after = new GroupTable();
  /** By index of a dimension set: its replacement on the day in `asked`. */
  const inPlace: DimensionSet[] = [];
  const asked = new Int32Array(sets.length).fill(-1);
  let last: InPlace | null = null;
  for (let from = 0; from < groups.size; from++) {
    const at = groups.dimensionSet[from] ?? 0;
    const ts = groups.ts[from] ?? 0;
    let set = inPlace[at];
    if (set === undefined || asked[at] !== dayOf(ts)) {
      const known = sets[at];
      if (known === undefined) continue;
      last = inPlaceOf(replaced, ts, known, last);
      set = last.set;
      inPlace[at] = set;
      asked[at] = dayOf(ts);
    }
    const place = after.place(ts, set, groups.outcome[from] ?? 0);
    after.groups.addFrom(place, groups, from);
  }
  before.free();
  return after;
}

interface InPlace {
  folded: number;
  set: DimensionSet;
}

/**
 * The dimension set that replaces `set` on the day of the time `ts`. It is mostly the same as `last`, the previous
 * result.
 */
export function inPlaceOf(
  replaced: NameLimit['replaced'],
  ts: number,
  set: DimensionSet,
  last: InPlace | null,
): InPlace {
  const folded = replaced.get(dayOf(ts))?.get(set.id) ?? 0;
  if (folded === 0) return { folded, set };
  if (last?.folded === folded && isInPlace(last.set.dimensions, set.dimensions, folded)) return last;
  const texts = textsInPlace(set.dimensions, folded);
  return {
    folded,
    set: dimensionSets.of(byCallerDimension((name) => texts[callerDimensions.indexOf(name)] ?? '')),
  };
}

/** Days since the epoch; the argument is epoch seconds. */
export function dayOf(seconds: number): number {
  return Math.floor(seconds / DAY_SECONDS);
}
