/** The most that so many answers can stand for: two deviations above what was seen. */
export function upperEnd(seen: number): number {
  return seen === 0 ? 0 : seen + 2 * Math.sqrt(seen + 1);
}
