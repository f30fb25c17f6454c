/**
 * The middle value. For an even number of values it is the lower of the two in the middle, so that it is a measured
 * value. NaN without values.
 */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The smallest value that at least the share `q` (0 to 1) of the values do not exceed; NaN without values. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

/** An item whose key is the median of all keys. Throws when there are no items. */
export function medianOf<T>(items: readonly T[], key: (item: T) => number): T {
  const middle = median(items.map(key));
  const found = items.find((item) => key(item) === middle);
  if (found === undefined) throw new Error('no measurement');
  return found;
}
