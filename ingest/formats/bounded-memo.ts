/**
 * `compute` with its answers remembered. Two generations of at most `cap` keys each: what is asked for again moves to
 * the young one, what is not is forgotten, so memory stays bounded and hot keys stay known.
 */
export function boundedMemo<Value>(cap: number, compute: (key: string) => Value): (key: string) => Value {
  let young = new Map<string, Value>();
  let old = new Map<string, Value>();
  return (key) => {
    const known = young.get(key);
    if (known !== undefined) return known;
    const value = old.get(key) ?? compute(key);
    if (young.size >= cap) {
      old = young;
      young = new Map();
    }
    young.set(key, value);
    return value;
  };
}
