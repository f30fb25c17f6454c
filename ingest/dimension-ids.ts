/**
 * Numbers for combinations of texts: equal combinations get equal numbers. A joined key would have to be built and
 * hashed for every record; the texts are few and shared, so that looking them up one by one costs a fifth.
 * At most `cap` combinations are remembered; numbers are never given twice, so that forgetting only costs time.
 */
export class DimensionIds {
  readonly #cap: number;
  #root = new Map<string, Node>();
  #size = 0;
  #next = 0;

  constructor(cap: number) {
    this.#cap = cap;
  }

  /** The number of a combination; texts in a fixed order, as many each time. */
  id(...texts: readonly string[]): number {
    let level = this.#root;
    for (let i = 0; i < texts.length; i++) {
      const text = texts[i] ?? '';
      const next = level.get(text);
      if (next instanceof Map) level = next;
      else if (next !== undefined) return next;
      else return this.#add(level, texts, i);
    }
    return -1;
  }

  #add(from: Map<string, Node>, texts: readonly string[], at: number): number {
    if (this.#size >= this.#cap) {
      this.#root = new Map();
      this.#size = 0;
      return this.#add(this.#root, texts, 0);
    }
    let level = from;
    for (let i = at; i < texts.length - 1; i++) {
      const next = new Map<string, Node>();
      level.set(texts[i] ?? '', next);
      level = next;
    }
    level.set(texts.at(-1) ?? '', this.#next);
    this.#size++;
    return this.#next++;
  }
}

type Node = Map<string, Node> | number;
