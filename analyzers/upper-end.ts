/**
 * The largest expected number of answers with which `seen` answers are still plausible: about two standard deviations
 * above `seen`; 0 if no answer was seen.
 */
export function upperEnd(seen: number): number {
  return seen === 0 ? 0 : seen + 2 * Math.sqrt(seen + 1);
}
