import { type CallerDimension, callerDimensions } from '../../domain/count-row.ts';
import { tsvText } from '../../store/tsv.ts';

export type DimensionValues = Record<CallerDimension, string>;

/** One combination of values of the dimensions. The same combination is the same object while it is remembered. */
export class DimensionSet {
  /** Unique; never given to another set. */
  readonly id: number;
  /** Values in the order of the sorting key. */
  readonly dimensions: readonly string[];
  #bytes: Uint8Array | null = null;

  constructor(id: number, dimensions: readonly string[]) {
    this.id = id;
    this.dimensions = dimensions;
  }

  /** The values as TabSeparated fields. They are made for the first failure, because most dimension sets have none. */
  get bytes(): Uint8Array {
    this.#bytes ??= Buffer.from(this.dimensions.map(tsvText).join('\t'));
    return this.#bytes;
  }
}

const API_KEY = callerDimensions.indexOf('api_key');

type Branch = Map<string, Branch | DimensionSet>;

/**
 * Dimension sets that have occurred, remembered from batch to batch, because the same ones occur all day. Looking up a
 * dimension set text by text costs a fifth of building a joined key. At most `cap` are remembered.
 */
export class DimensionSets {
  readonly #cap: number;
  #root: Branch = new Map();
  #size = 0;
  #next = 0;
  /**
   * Incremented when all sets are forgotten. A caller that keeps a dimension set must then ask again, because its
   * combination gets another object.
   */
  generation = 0;

  constructor(cap: number) {
    this.#cap = cap;
  }

  of(dimensions: DimensionValues): DimensionSet {
    const { provider, org, project, api_key, client, region, model, endpoint } = dimensions;
    let level = below(this.#root, provider);
    level = below(level, org);
    level = below(level, endpoint);
    level = below(level, region);
    level = below(level, project);
    level = below(level, model);
    // The dimensions with the most values come last. Most clients have one key, so there is a level for keys only under
    // a client with several keys.
    const known = level.get(client);
    if (known === undefined) return this.#add(level, client, dimensions);
    if (known instanceof Map) {
      const one = known.get(api_key);
      return one instanceof DimensionSet ? one : this.#add(known, api_key, dimensions);
    }
    const knownKey = known.dimensions[API_KEY] ?? '';
    if (knownKey === api_key) return known;
    const keys: Branch = new Map([[knownKey, known]]);
    level.set(client, keys);
    return this.#add(keys, api_key, dimensions);
  }

  #add(level: Branch, text: string, dimensions: DimensionValues): DimensionSet {
    if (this.#size >= this.#cap) {
      this.#root = new Map();
      this.#size = 0;
      this.generation++;
      return this.of(dimensions);
    }
    const dimensionSet = new DimensionSet(
      this.#next++,
      callerDimensions.map((name) => dimensions[name]),
    );
    level.set(text, dimensionSet);
    this.#size++;
    return dimensionSet;
  }
}

function below(level: Branch, text: string): Branch {
  const known = level.get(text);
  if (known instanceof Map) return known;
  const made: Branch = new Map();
  level.set(text, made);
  return made;
}

/** The dimension sets of this process, shared by all batches. */
export const dimensionSets = new DimensionSets(100_000);
