/** The largest true count that `seen` answers can come from: two deviations above it. */
export function upperEnd(seen: number): number {
  return seen === 0 ? 0 : seen + 2 * Math.sqrt(seen + 1);
}
