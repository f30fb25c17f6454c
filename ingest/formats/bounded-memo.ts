/** Longer keys are not remembered: they would make the bound on the number of keys no bound on memory. */
const LONGEST_KEY = 256;

/**
 * `compute` with its answers remembered. Two generations of at most `cap` keys each: what is asked for again moves to
 * the young one, what is not is forgotten, so memory stays bounded and hot keys stay known.
 */
export function boundedMemo<Value>(cap: number, compute: (key: string) => Value): (key: string) => Value {
  let young = new Map<string, Value>();
  let old = new Map<string, Value>();
  let lastKey: string | null = null;
  let lastValue: Value | undefined;
  return (key) => {
    // Records of one batch repeat their neighbours; comparing is cheaper than hashing.
    if (key === lastKey && lastValue !== undefined) return lastValue;
    if (key.length > LONGEST_KEY) return compute(key);
    let value = young.get(key);
    if (value === undefined) {
      value = old.get(key) ?? compute(key);
      if (young.size >= cap) {
        old = young;
        young = new Map();
      }
      young.set(key, value);
    }
    lastKey = key;
    lastValue = value;
    return value;
  };
}
