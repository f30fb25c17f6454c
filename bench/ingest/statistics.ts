/** The middle value. For an even number it is the lower of the two, so that it is a measured one. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which the share `q` (0 to 1) of the values lies; NaN without values. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

/** The item whose key is the median. Throws when there are no items. */
export function medianOf<T>(items: readonly T[], key: (item: T) => number): T {
  const middle = median(items.map(key));
  const found = items.find((item) => key(item) === middle);
  if (found === undefined) throw new Error('no measurement');
  return found;
}
