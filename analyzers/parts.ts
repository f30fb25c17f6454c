import { columnOf, identityKey, identityOf, type CountedSubjectName } from './identity.ts';
import type { OrgCounts } from './org-counts.ts';
import type { SubjectCounts, SubjectRows, SubjectsView } from './reads.ts';
import type { Combination, View } from './view.ts';

/**
 * The counts of an identity that is a part of another (such as a model of an organization). They are read from the rows
 * of the whole.
 */
class PartCounts implements SubjectRows {
  readonly #whole: OrgCounts;
  readonly #isIn: (combination: Combination) => boolean;
  #combinations: readonly Combination[] = [];
  #mask = new Uint8Array(0);

  constructor(whole: OrgCounts, isIn: (combination: Combination) => boolean) {
    this.#whole = whole;
    this.#isIn = isIn;
  }

  between(from: number, to: number): View {
    const { combinations } = this.#whole;
    if (combinations !== this.#combinations || combinations.length !== this.#mask.length) {
      this.#combinations = combinations;
      this.#mask = Uint8Array.from(combinations, (one) => (this.#isIn(one) ? 1 : 0));
    }
    return this.#whole.part(from, to, this.#mask);
  }

  has(measure: Parameters<SubjectRows['has']>[0]): boolean {
    return this.#whole.has(measure);
  }
}

/** The parts that were found in one whole, and the state of its combinations at that time. */
interface FoundParts {
  counts: OrgCounts;
  combinations: readonly Combination[];
  count: number;
  keys: readonly string[];
}

/**
 * Finds identities that are parts of others (the models of organizations). It searches again only when combinations
 * were added or removed.
 */
export class PartFinder {
  readonly #wholes: ReadonlyMap<string, SubjectCounts & { counts: OrgCounts }>;
  readonly #names: readonly CountedSubjectName[];
  readonly #found = new Map<string, SubjectCounts>();
  readonly #seen = new Map<string, FoundParts>();

  /** `names` are the dimensions of the wholes, followed by those that make the parts. */
  constructor(
    wholes: ReadonlyMap<string, SubjectCounts & { counts: OrgCounts }>,
    names: readonly CountedSubjectName[],
  ) {
    this.#wholes = wholes;
    this.#names = names;
  }

  view(): SubjectsView {
    for (const [key, { counts, keys }] of this.#seen) {
      if (this.#wholes.get(key)?.counts === counts) continue;
      for (const own of keys) this.#found.delete(own);
      this.#seen.delete(key);
    }
    for (const [key, whole] of this.#wholes) {
      const { combinations } = whole.counts;
      const seen = this.#seen.get(key);
      if (seen?.combinations === combinations && seen.count === combinations.length) continue;
      for (const own of seen?.keys ?? []) this.#found.delete(own);
      const keys = this.#add(whole);
      this.#seen.set(key, { counts: whole.counts, combinations, count: combinations.length, keys });
    }
    return this.#found;
  }

  #add({ identity: base, counts, summed_up }: SubjectCounts & { counts: OrgCounts }): string[] {
    const keys: string[] = [];
    for (const combination of counts.combinations) {
      const valueOf = (one: Combination, column: ReturnType<typeof columnOf>): string =>
        column === 'provider' || column === 'org' ? (base[column] ?? '') : one[column];
      const identity = identityOf(this.#names, (column) => valueOf(combination, column));
      if (identity === null) continue;
      const key = identityKey(identity);
      if (this.#found.has(key)) continue;
      keys.push(key);
      const columns = this.#names.map(columnOf);
      const isIn = (one: Combination): boolean =>
        columns.every((column) => valueOf(one, column) === valueOf(combination, column));
      this.#found.set(key, { identity, counts: new PartCounts(counts, isIn), summed_up });
    }
    return keys;
  }
}
