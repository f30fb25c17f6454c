import { type CallerDimension, callerDimensions } from '../../domain/count-row.ts';
import { tsvText } from '../../store/tsv.ts';

export type DimensionValues = Record<CallerDimension, string>;

/** One combination of values of the dimensions; the same combination is the same object, as long as it is remembered. */
export interface DimensionSet {
  /** Never given twice. */
  readonly id: number;
  /** In the order of the sorting key. */
  readonly dimensions: readonly string[];
  /** The same as TabSeparated fields. */
  readonly fields: string;
  /** The fields as bytes. */
  readonly bytes: Uint8Array;
}

type Level = Map<string, Level | DimensionSet>;

/**
 * The dimension sets met so far, remembered from batch to batch, because they are the same all day. Finding one by its
 * texts one after the other costs a fifth of building a joined key. At most `cap` are remembered.
 */
export class DimensionSets {
  readonly #cap: number;
  #root: Level = new Map();
  #size = 0;
  #next = 0;
  /** Raised when all are forgotten: who keeps a dimension set elsewhere must then ask again. */
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
    level = below(level, client);
    level = below(level, model);
    const known = level.get(api_key);
    return known === undefined || known instanceof Map ? this.#add(level, dimensions) : known;
  }

  #add(level: Level, dimensions: DimensionValues): DimensionSet {
    if (this.#size >= this.#cap) {
      this.#root = new Map();
      this.#size = 0;
      this.generation++;
      return this.of(dimensions);
    }
    const texts = callerDimensions.map((name) => dimensions[name]);
    const fields = texts.map(tsvText).join('\t');
    const dimensionSet = { id: this.#next++, dimensions: texts, fields, bytes: Buffer.from(fields) };
    level.set(dimensions.api_key, dimensionSet);
    this.#size++;
    return dimensionSet;
  }
}

function below(level: Level, text: string): Level {
  const known = level.get(text);
  if (known instanceof Map) return known;
  const made: Level = new Map();
  level.set(text, made);
  return made;
}

/** The dimension sets of this process. */
export const dimensionSets = new DimensionSets(100_000);
