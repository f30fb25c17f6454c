/**
 * When an incident begins and how long it lasts, in milliseconds of event time; `after_ms` counts from the start of the
 * scenario.
 */
interface Played {
  after_ms: number;
  lasts_ms: number;
}

/**
 * Returns a function from milliseconds of real time to milliseconds of event time. Event time goes `speed` times as
 * fast, but slower during an incident, so that each incident takes at least `incidentMs` and people can look at it.
 * When two incidents overlap, `incidentMs` applies to the part of the later one that is left. Pure.
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
