import { byCallerDimension, type CallerDimension, callerDimensions } from '../../domain/count-row.ts';
import { type DimensionSet, type DimensionValues, dimensionSets } from '../rows/dimension-sets.ts';
import type { Cleaner } from '../fields/clean.ts';
import { type AsciiCursor, SPREAD, wordsOf } from './ascii-cursor.ts';
import { type RememberedText, RememberedTexts } from './remembered-texts.ts';

const PROVIDER = callerDimensions.indexOf('provider');
const ORG = callerDimensions.indexOf('org');
const PROJECT = callerDimensions.indexOf('project');
/** A power of two, several times the dimension sets of a middle-sized gateway: two in one slot replace each other in turn. */
const SLOTS = 32_768;
/** So many at most, where dimension sets replace each other all the time. */
const MOST_SLOTS = 131_072;
/** Texts of one dimension: where every device is a client of its own, making them anew costs more than all the rest. */
const MOST_TEXTS = 262_144;

/** What stands for a dimension that the record does not name. */
const noText: RememberedText<string> = { id: -1, value: '', words: wordsOf(Buffer.alloc(0)) };
const absent = callerDimensions.map((name) =>
  name === 'provider' ? { ...noText, value: 'openai' } : noText,
);

const DIMENSIONS = callerDimensions.length;

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
    this.texts = byCallerDimension((name) => new RememberedTexts(4096, cleaner.dimensions[name], MOST_TEXTS));
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
    let hash = 0;
    for (let i = 0; i < dimensions.length; i++) hash = Math.imul(hash ^ (dimensions[i] ?? noText).id, SPREAD);
    if (this.#generation !== dimensionSets.generation) this.#forget();
    const place = (hash ^ (hash >>> 15)) & (this.#dimensionSets.length - 1);
    const known = this.#dimensionSets[place] ?? null;
    if (known !== null && this.#isSame(place)) return known;
    const dimensionSet = dimensionSets.of(named(dimensions));
    if (known !== null && ++this.#gone > this.#dimensionSets.length) {
      this.#grow();
      return dimensionSet;
    }
    for (let i = 0; i < dimensions.length; i++)
      this.#texts[place * DIMENSIONS + i] = (dimensions[i] ?? noText).id;
    this.#dimensionSets[place] = dimensionSet;
    return dimensionSet;
  }

  #isSame(place: number): boolean {
    const dimensions = this.#dimensions;
    const at = place * DIMENSIONS;
    for (let i = 0; i < dimensions.length; i++)
      if (this.#texts[at + i] !== (dimensions[i] ?? noText).id) return false;
    return true;
  }

  #grow(): void {
    this.#gone = 0;
    if (this.#dimensionSets.length >= MOST_SLOTS) return;
    const slots = this.#dimensionSets.length * 4;
    this.#texts = new Float64Array(slots * DIMENSIONS);
    this.#dimensionSets = Array.from({ length: slots }, () => null);
  }

  #forget(): void {
    this.#dimensionSets.fill(null);
    this.#generation = dimensionSets.generation;
  }
}

function named(dimensions: readonly RememberedText<string>[]): DimensionValues {
  return byCallerDimension((name) => dimensions[callerDimensions.indexOf(name)]?.value ?? '');
}
