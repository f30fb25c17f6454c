import type { DimensionSet } from './dimension-sets.ts';
import { GroupColumns } from './group-columns.ts';

/** Must be a power of two. */
const FIRST_SLOTS = 256;

/** Finds groups by interval, dimension set and outcome. */
export class GroupTable {
  readonly groups = new GroupColumns();
  /** The distinct dimension sets of the groups; the groups hold indexes into this list. */
  readonly sets: DimensionSet[] = [];
  /**
   * Hash table of groups: index plus 1 in the first free slot from the hash on; 0: free. At least half of the slots are
   * free.
   */
  #slots = new Uint32Array(FIRST_SLOTS);
  /** Hash table of dimension sets: index in `sets` plus 1; 0: free. At least half of the slots are free. */
  #slotsOfSets = new Uint32Array(FIRST_SLOTS);

  /** The index of the group, which is added when it is new. `ts` is the start of its interval in epoch seconds. */
  place(ts: number, dimensionSet: DimensionSet, outcome: number): number {
    const { groups, sets } = this;
    const mask = this.#slots.length - 1;
    let slot = hashOf(ts, dimensionSet.id, outcome) & mask;
    for (; ; slot = (slot + 1) & mask) {
      const place = (this.#slots[slot] ?? 0) - 1;
      if (place < 0) break;
      if (
        groups.ts[place] === ts &&
        groups.outcome[place] === outcome &&
        sets[groups.dimensionSet[place] ?? 0] === dimensionSet
      )
        return place;
    }
    const place = groups.add(ts, this.#listed(dimensionSet), outcome);
    this.#slots[slot] = place + 1;
    if (groups.size * 2 > this.#slots.length) this.#spread();
    return place;
  }

  setOf(group: number): DimensionSet | undefined {
    return this.sets[this.groups.dimensionSet[group] ?? 0];
  }

  /** Frees the memory at once. The object cannot be used afterwards. */
  free(): void {
    this.groups.free();
    this.sets.length = 0;
    this.#slots.buffer.transfer(0);
    this.#slotsOfSets.buffer.transfer(0);
  }

  /** The index of a dimension set in `sets`, to which it is added when it is new. */
  #listed(dimensionSet: DimensionSet): number {
    const slot = this.#slotOfSet(dimensionSet);
    const known = this.#slotsOfSets[slot] ?? 0;
    if (known > 0) return known - 1;
    const count = this.sets.push(dimensionSet);
    this.#slotsOfSets[slot] = count;
    if (count * 2 > this.#slotsOfSets.length) {
      this.#slotsOfSets = new Uint32Array(this.#slotsOfSets.length * 2);
      for (const [i, set] of this.sets.entries()) this.#slotsOfSets[this.#slotOfSet(set)] = i + 1;
    }
    return count - 1;
  }

  /** The slot that holds a dimension set, or the free slot for it. */
  #slotOfSet(dimensionSet: DimensionSet): number {
    const slots = this.#slotsOfSets;
    const mask = slots.length - 1;
    let slot = hashOf(0, dimensionSet.id, 0) & mask;
    for (; ; slot = (slot + 1) & mask) {
      const place = slots[slot] ?? 0;
      if (place === 0 || this.sets[place - 1] === dimensionSet) return slot;
    }
  }

  /** Doubles the number of slots and puts each group into its new slot. */
  #spread(): void {
    const { ts, outcome, size } = this.groups;
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let place = 0; place < size; place++) {
      let slot = hashOf(ts[place] ?? 0, this.setOf(place)?.id ?? 0, outcome[place] ?? 0) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = place + 1;
    }
    this.#slots.buffer.transfer(0);
    this.#slots = slots;
  }
}

function hashOf(ts: number, dimensionSet: number, outcome: number): number {
  // Each step spreads the differing bits over the whole number; the constants are odd and have no other meaning.
  let hash = Math.imul(dimensionSet ^ Math.imul(ts, 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15) ^ outcome, 0xc2b2ae35);
  return hash ^ (hash >>> 13);
}
