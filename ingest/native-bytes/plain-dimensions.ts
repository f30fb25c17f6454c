import { byCallerDimension, type CallerDimension, callerDimensions } from '../../domain/count-row.ts';
import { type DimensionSet, type DimensionValues, dimensionSets } from '../rows/dimension-sets.ts';
import type { Cleaner } from '../fields/clean.ts';
import { type AsciiCursor, SPREAD } from './ascii-cursor.ts';
import { type RememberedText, RememberedTexts } from './remembered-texts.ts';

const PROVIDER = callerDimensions.indexOf('provider');
const ORG = callerDimensions.indexOf('org');
const PROJECT = callerDimensions.indexOf('project');
/** A power of two, several times the dimension sets of a middle-sized gateway: each has one of two slots. */
const SLOTS = 32_768;
/** So many at most, where dimension sets replace each other all the time. */
const MOST_SLOTS = 131_072;
/** There are too few slots when the dimension sets that had to go are this part of them. */
const CROWDED = 8;
/** Texts of one dimension: where every device is a client of its own, making them anew costs more than all the rest. */
const MOST_TEXTS = 262_144;

/** What stands for a dimension that the record does not name. */
const noText: RememberedText<string> = { id: -1, value: '' };
const absent = callerDimensions.map((name) =>
  name === 'provider' ? { ...noText, value: 'openai' } : noText,
);

const DIMENSIONS = callerDimensions.length;

type WithId = Pick<RememberedText<string>, 'id'>;

/** The dimension set of one record after the other, found by the remembered texts of its dimensions. */
export class PlainDimensions {
  /** What is made of the texts of each dimension. */
  readonly texts: Readonly<Record<CallerDimension, RememberedTexts<string>>>;
  readonly #textsByIndex: readonly RememberedTexts<string>[];
  readonly #dimensions: RememberedText<string>[] = [...absent];
  /** Ids of the texts of the dimension set in each slot. Objects would have to be fetched from memory one after the other. */
  #texts = new Float64Array(SLOTS * DIMENSIONS);
  #dimensionSets: (DimensionSet | null)[] = Array.from({ length: SLOTS }, () => null);
  /** Dimension sets that had to go since there are so many slots. */
  #gone = 0;
  #generation = dimensionSets.generation;

  constructor(cleaner: Cleaner) {
    this.texts = byCallerDimension((name) => new RememberedTexts(4096, cleaner.cleanOnce[name], MOST_TEXTS));
    this.#textsByIndex = callerDimensions.map((name) => this.texts[name]);
  }

  reset(): void {
    const dimensions = this.#dimensions;
    for (let i = 0; i < dimensions.length; i++) dimensions[i] = absent[i] ?? noText;
  }

  /** The text from `from` to `to`, which the cursor skipped last, is that of a dimension; false when it is too long. */
  take(index: number, cursor: AsciiCursor, from: number, to: number): boolean {
    if (from === to) return true;
    const text = this.#textsByIndex[index]?.of(cursor, from, to) ?? null;
    if (text === null) return false;
    // A word for nothing.
    if (text.value === '') return true;
    this.#dimensions[index] = text;
    return true;
  }

  get provider(): RememberedText<string> {
    return this.#dimensions[PROVIDER] ?? noText;
  }

  /** A header tells the organization and the project that the record leaves open. */
  find(org: RememberedText<string> | null, project: RememberedText<string> | null): DimensionSet {
    const dimensions = this.#dimensions;
    if (dimensions[ORG] === noText) dimensions[ORG] = org ?? noText;
    if (dimensions[PROJECT] === noText) dimensions[PROJECT] = project ?? noText;
    if (this.#generation !== dimensionSets.generation) this.#forget();
    const place = this.#placeOf(dimensions);
    if (this.#isSame(place)) return this.#dimensionSets[place] ?? this.#found(place);
    if (this.#isSame(place ^ 1)) return this.#dimensionSets[place ^ 1] ?? this.#found(place);
    return this.#found(place);
  }

  #found(place: number): DimensionSet {
    const dimensionSet = dimensionSets.of(named(this.#dimensions));
    this.#add(place, dimensionSet, this.#dimensions);
    if (this.#gone * CROWDED > this.#dimensionSets.length && this.#dimensionSets.length < MOST_SLOTS)
      this.#spread();
    return dimensionSet;
  }

  #placeOf(texts: readonly WithId[]): number {
    let hash = 0;
    for (let i = 0; i < texts.length; i++) hash = Math.imul(hash ^ (texts[i] ?? noText).id, SPREAD);
    return (hash ^ (hash >>> 15)) & (this.#dimensionSets.length - 1);
  }

  #isSame(place: number): boolean {
    const dimensions = this.#dimensions;
    const at = place * DIMENSIONS;
    for (let i = 0; i < dimensions.length; i++)
      if (this.#texts[at + i] !== (dimensions[i] ?? noText).id) return false;
    return this.#dimensionSets[place] !== null;
  }

  /** What stands in the slot moves to the one beside it. */
  #add(place: number, dimensionSet: DimensionSet, texts: readonly WithId[]): void {
    const before = this.#dimensionSets[place] ?? null;
    if (before !== null) {
      if (this.#dimensionSets[place ^ 1] !== null) this.#gone++;
      this.#dimensionSets[place ^ 1] = before;
      this.#texts.copyWithin((place ^ 1) * DIMENSIONS, place * DIMENSIONS, (place + 1) * DIMENSIONS);
    }
    this.#dimensionSets[place] = dimensionSet;
    for (let i = 0; i < texts.length; i++) this.#texts[place * DIMENSIONS + i] = (texts[i] ?? noText).id;
  }

  /** Gives all dimension sets places among four times as many slots. */
  #spread(): void {
    const [sets, texts] = [this.#dimensionSets, this.#texts];
    this.#gone = 0;
    this.#texts = new Float64Array(sets.length * 4 * DIMENSIONS);
    this.#dimensionSets = Array.from({ length: sets.length * 4 }, () => null);
    for (const [i, set] of sets.entries()) {
      if (set === null) continue;
      const ids = Array.from(texts.subarray(i * DIMENSIONS, (i + 1) * DIMENSIONS), (id) => ({ id }));
      this.#add(this.#placeOf(ids), set, ids);
    }
  }

  #forget(): void {
    this.#dimensionSets.fill(null);
    this.#generation = dimensionSets.generation;
  }
}

function named(dimensions: readonly RememberedText<string>[]): DimensionValues {
  return byCallerDimension((name) => dimensions[callerDimensions.indexOf(name)]?.value ?? '');
}
