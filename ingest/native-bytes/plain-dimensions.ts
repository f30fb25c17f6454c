import { byCallerDimension, type CallerDimension, callerDimensions } from '../../domain/count-row.ts';
import { type DimensionSet, type DimensionValues, dimensionSets } from '../rows/dimension-sets.ts';
import type { Cleaner } from '../fields/clean.ts';
import { type AsciiCursor, SPREAD } from './ascii-cursor.ts';
import { type RememberedText, RememberedTexts } from './remembered-texts.ts';

const PROVIDER = callerDimensions.indexOf('provider');
const ORG = callerDimensions.indexOf('org');
const PROJECT = callerDimensions.indexOf('project');
/**
 * A power of two, several times the number of dimension sets of a medium-sized gateway. Each set has two possible
 * slots.
 */
const SLOTS = 32_768;
/** Most slots, used when dimension sets keep replacing each other. */
const MOST_SLOTS = 131_072;
/** There are too few slots when more than one dimension set per this many slots was replaced. */
const CROWDED = 8;
/**
 * Most remembered texts of one dimension. When every device is its own client, cleaning its name again would cost more
 * than all other work.
 */
const MOST_TEXTS = 262_144;

/** Stands for a dimension that the record does not have. */
const noText: RememberedText<string> = { id: -1, value: '' };
const absent = callerDimensions.map((name) =>
  name === 'provider' ? { ...noText, value: 'openai' } : noText,
);

const DIMENSIONS = callerDimensions.length;

type WithId = Pick<RememberedText<string>, 'id'>;

/** Finds the dimension set of each record from the remembered texts of its dimensions. */
export class PlainDimensions {
  readonly texts: Readonly<Record<CallerDimension, RememberedTexts<string>>>;
  readonly #textsByIndex: readonly RememberedTexts<string>[];
  readonly #dimensions: RememberedText<string>[] = [...absent];
  /**
   * For each slot: the ids of the texts of its dimension set. All ids are in one array, because objects would have to
   * be fetched from memory one by one.
   */
  #texts = new Float64Array(SLOTS * DIMENSIONS);
  #dimensionSets: (DimensionSet | null)[] = Array.from({ length: SLOTS }, () => null);
  /** How many dimension sets were replaced since the number of slots last changed. */
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

  /** Sets a dimension to the text from `from` to `to`, which the cursor skipped last; false when it is too long. */
  take(index: number, cursor: AsciiCursor, from: number, to: number): boolean {
    if (from === to) return true;
    const text = this.#textsByIndex[index]?.of(cursor, from, to) ?? null;
    if (text === null) return false;
    // The text is a word for "no value", such as `null`.
    if (text.value === '') return true;
    this.#dimensions[index] = text;
    return true;
  }

  get provider(): RememberedText<string> {
    return this.#dimensions[PROVIDER] ?? noText;
  }

  /**
   * The dimension set of the record. `org` and `project` are the values from the headers; each counts only if the
   * record itself has no such value.
   */
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

  /** Adds a dimension set. The dimension set that was in its slot moves to the neighbouring slot. */
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

  /** Moves all dimension sets into four times as many slots. */
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
