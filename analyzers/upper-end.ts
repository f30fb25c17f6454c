/**
 * The largest expected number of answers with which `seen` answers are still plausible: two standard deviations above
 * it.
 */
export function upperEnd(seen: number): number {
  return seen === 0 ? 0 : seen + 2 * Math.sqrt(seen + 1);
}
