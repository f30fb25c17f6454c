/** A range of event time in epoch seconds. Both ends are multiples of the step; `to` is exclusive. */
export interface TimeRange {
  from: number;
  to: number;
  step: number;
}

/** Steps that are easy to read on a time axis, in seconds. The shortest is the counting interval. */
const STEPS = [
  10, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400,
] as const;

/** A chart never gets more points than this, whatever step a client asks for. */
export const MAX_POINTS = 2_000;
/** How many points a chart gets when no step is asked for. */
export const GOOD_POINTS = 500;

const unitSeconds = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 } as const;

/** The length in seconds of a text such as `90s`, `30m`, `2h`, `1d` or `2w`; null for any other text. */
export function parseLength(text: string): number | null {
  const parts = /^(\d{1,6})([smhdw])$/.exec(text);
  return parts === null ? null : Number(parts[1]) * unitSeconds[parts[2] as keyof typeof unitSeconds];
}

/**
 * The moment that a text names, epoch milliseconds: ISO-8601, epoch seconds or milliseconds, `now` or `now-6h` (units
 * s, m, h, d, w). `now` is the present, in event time. null for any other text.
 */
export function parseMoment(text: string, present: number): number | null {
  if (text === 'now') return present;
  if (text.startsWith('now-')) {
    const length = parseLength(text.slice('now-'.length));
    return length === null ? null : present - length * 1_000;
  }
  if (/^\d{9,13}$/.test(text)) return text.length > 10 ? Number(text) : Number(text) * 1_000;
  if (!/^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?$/.test(text)) return null;
  // A time without a zone is read as UTC, as everywhere in faultline; JavaScript would read it as local time.
  const time = Date.parse(/T[\d:.]+$/.test(text) ? `${text}Z` : text);
  return Number.isNaN(time) ? null : time;
}

/** Widens a range to multiples of the step, so that equal questions within one step get equal ranges. */
export function alignRange(fromMs: number, toMs: number, step: number): TimeRange {
  return {
    from: Math.floor(fromMs / 1_000 / step) * step,
    to: Math.ceil(toMs / 1_000 / step) * step,
    step,
  };
}

/** The shortest step that divides a range of this many milliseconds into at most `points` points. */
export function stepFor(rangeMs: number, points: number = GOOD_POINTS): number {
  const least = rangeMs / 1_000 / points;
  return STEPS.find((step) => step >= least) ?? Math.ceil(least / 86_400) * 86_400;
}
