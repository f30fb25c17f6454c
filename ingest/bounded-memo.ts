/** Longer keys are not remembered: otherwise a limit on the number of keys would not limit the memory. */
const LONGEST_KEY = 256;

/**
 * Returns `compute` with remembered results. Two generations hold at most `cap` keys each: a key that is asked for
 * again moves to the young generation, and the other keys of the old generation are forgotten. So memory is bounded and
 * frequent keys stay.
 */
export function boundedMemo<Value>(cap: number, compute: (key: string) => Value): (key: string) => Value {
  const known = new BoundedMap<Value>(cap);
  let lastKey: string | null = null;
  let lastValue: Value | undefined;
  return (key) => {
    // Neighbouring records often have the same value; comparing is cheaper than hashing.
    if (key === lastKey && lastValue !== undefined) return lastValue;
    if (key.length > LONGEST_KEY) return compute(key);
    let value = known.get(key);
    if (value === undefined) {
      value = compute(key);
      known.set(key, value);
    }
    lastKey = key;
    lastValue = value;
    return value;
  };
}

/** Remembers at least the last `cap` keys that were asked for or set, and at most twice as many. */
class BoundedMap<Value> {
  readonly #cap: number;
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();

  constructor(cap: number) {
    this.#cap = cap;
  }

  get(key: string): Value | undefined {
    const value = this.#young.get(key);
    if (value !== undefined) return value;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: string, value: Value): void {
    if (this.#young.size >= this.#cap) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}
