/** A span of event time, milliseconds after its start. */
interface Played {
  after_ms: number;
  lasts_ms: number;
}

/**
 * How far event time has gone after so many milliseconds of real time. It goes `speed` times as fast, but slower while an
 * incident lasts, so that each takes at least `incidentMs` and people can look at it. Where incidents overlap, the later
 * one gets this time for the rest of it only. Pure.
 */
export function eventTimes(
  incidents: readonly Played[],
  { speed, incidentMs }: { speed: number; incidentMs: number },
): (realMs: number) => number {
  const pieces: { lasts: number; speed: number }[] = [];
  let at = 0;
  for (const { after_ms, lasts_ms } of incidents.toSorted((a, b) => a.after_ms - b.after_ms)) {
    const from = Math.max(at, after_ms);
    const lasts = after_ms + lasts_ms - from;
    if (lasts <= 0) continue;
    pieces.push({ lasts: from - at, speed }, { lasts, speed: Math.min(speed, lasts / incidentMs) });
    at = from + lasts;
  }
  return (realMs) => {
    let left = realMs;
    let time = 0;
    for (const piece of pieces) {
      const real = piece.lasts / piece.speed;
      if (left < real) return time + left * piece.speed;
      left -= real;
      time += piece.lasts;
    }
    return time + left * speed;
  };
}
