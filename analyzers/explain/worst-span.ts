/** Requests and failures of one minute; minutes without requests may be absent. */
export interface Minute {
  /** Start, epoch seconds, a multiple of 60. */
  minute: number;
  all_requests: number;
  failures: number;
}

const SPAN_MINUTES = 15;
const USUAL_MINUTES = 60;

/**
 * The span (epoch seconds) with the most failures above the rate of the time before it: 15 minutes against the hour
 * before, or a fifth of a shorter history. The earliest of equal spans; null when no span has requests both in it and
 * before it.
 */
export function worstSpan(minutes: readonly Minute[]): { from: number; to: number } | null {
  const [first, last] = [minutes[0], minutes.at(-1)];
  if (first === undefined || last === undefined) return null;
  const length = (last.minute - first.minute) / 60 + 1;
  const span = Math.max(1, Math.min(SPAN_MINUTES, Math.floor(length / 5)));
  // Running totals by minute: the sum of any span is then the difference of two of them.
  const requests = [0];
  const failures = [0];
  let next = 0;
  for (let i = 0; i < length; i++) {
    const here = minutes[next]?.minute === first.minute + i * 60 ? minutes[next++] : undefined;
    requests.push((requests[i] ?? 0) + (here?.all_requests ?? 0));
    failures.push((failures[i] ?? 0) + (here?.failures ?? 0));
  }
  const between = (sums: readonly number[], from: number, to: number) => (sums[to] ?? 0) - (sums[from] ?? 0);
  let best: { start: number; excess: number } | null = null;
  for (let start = span; start + span <= length; start++) {
    const usual = Math.max(0, start - USUAL_MINUTES);
    const before = between(requests, usual, start);
    const inside = between(requests, start, start + span);
    if (before === 0 || inside === 0) continue;
    const expected = (inside * between(failures, usual, start)) / before;
    const excess = between(failures, start, start + span) - expected;
    if (best === null || excess > best.excess) best = { start, excess };
  }
  if (best === null) return null;
  const from = first.minute + best.start * 60;
  return { from, to: from + span * 60 };
}
