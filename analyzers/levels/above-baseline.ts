import type { Level } from '../advance.ts';
import type { Given, KindSettings } from '../given.ts';
import type { LevelRule } from '../levels.ts';
import { startOfRun } from '../levels.ts';
import { median } from '../median.ts';
import { poissonTail } from '../poisson-tail.ts';
import type { IntervalSum, Matching } from '../view.ts';

/** What is usual, and by what it is known; null: there is too little history to say. */
export interface Baseline {
  by: 'hour_of_week' | 'recent_hours';
  /** Usual share of the requests that match, and the upper end of what is usual. */
  share: number;
  upper: number;
}

export interface BaselineLevel {
  level: Level;
  baseline: Baseline | null;
  requests: number;
  matching: number;
}

const HOUR = 3_600;
const WEEK = 168 * HOUR;
/** So many weeks with requests in this hour make a season; fewer, so many hours at any time make what is usual. */
const LEAST_WEEKS = 3;
const LEAST_HOURS = 24;
/** A normal law strays so many median deviations in one of a hundred cases. */
const SPREAD = 2.33 * 1.4826;
/** At the upper end of what is usual a window would show so much this seldom; it lingers while that is below the other. */
const CHANCE = 1e-6;
const LINGER_CHANCE = 1e-2;
/** What three standard deviations above none at all are. */
const NONE_SEEN = 3;

/**
 * A breach where the share of matching answers of the window is `factor` times what is usual, with at least `count` of them, and
 * out of reach of chance at the upper end of what is usual. While there is too little history nothing is a breach. The reading
 * has hours back to four weeks where it can. Hours before the window only: the one in progress is no part of what is usual.
 */
export function aboveBaseline<Settings extends KindSettings>(of: {
  matching: Matching;
  factor(settings: Settings): number;
}): LevelRule<Settings, BaselineLevel> {
  const { matching } = of;
  return {
    begins_within: ({ window_seconds }) => window_seconds,
    level(given) {
      const { settings } = given;
      const sums = { requests: 0, matching: 0 };
      for (const one of given.last(settings.window_seconds).intervals(matching)) add(sums, one);
      const baseline = baselineOf(given, matching);
      const found = { baseline, ...sums };
      if (sums.requests === 0) return { level: 'no_data', ...found };
      if (baseline === null) return { level: 'healthy', ...found };
      const isAbove = (ease: number, chance: number): boolean =>
        sums.matching >= ease * settings.count &&
        sums.matching >= ease * of.factor(settings) * baseline.share * sums.requests &&
        poissonTail(sums.matching, baseline.upper * sums.requests) < chance;
      if (isAbove(1, CHANCE)) return { level: 'breach', ...found };
      return { level: isAbove(0.5, LINGER_CHANCE) ? 'lingering' : 'healthy', ...found };
    },
    start({ view, now, from, settings }, { baseline }) {
      const usual = baseline?.upper ?? 0;
      const run = { now, from: Math.max(from, now - HOUR), window_seconds: settings.window_seconds };
      return (
        startOfRun(
          view.between(run.from, now).intervals(matching),
          run,
          (sums) => sums.matching > 0 && sums.matching > 2 * usual * sums.requests,
        ) ?? now
      );
    },
  };
}

/** What is usual at this hour of the week, or else in the last hours; null while that is not known. */
export function baselineOf(
  { view, from, now, settings }: Given<KindSettings>,
  matching: Matching,
): Baseline | null {
  const end = Math.floor((now - settings.window_seconds) / HOUR) * HOUR;
  const hours = new Map<number, { requests: number; matching: number }>();
  for (const one of view.between(from, end).intervals(matching)) {
    const hour = Math.floor(one.ts / HOUR) * HOUR;
    const sums = hours.get(hour) ?? { requests: 0, matching: 0 };
    hours.set(hour, sums);
    add(sums, one);
  }
  const season: { requests: number; matching: number }[] = [];
  for (let at = Math.floor(now / HOUR) * HOUR - WEEK; at >= from; at -= WEEK) {
    const sums = hours.get(at);
    if (sums !== undefined) season.push(sums);
  }
  if (season.length >= LEAST_WEEKS) return usual('hour_of_week', season);
  const known = [...hours.values()];
  return known.length >= LEAST_HOURS ? usual('recent_hours', known) : null;
}

/** Medians, so that one incident of the past is not usual; where none was seen, as many as may have been missed. */
function usual(by: Baseline['by'], hours: readonly { requests: number; matching: number }[]): Baseline {
  const shares = hours.map(({ requests, matching }) => matching / requests);
  const share = median(shares) ?? 0;
  const deviation = median(shares.map((one) => Math.abs(one - share))) ?? 0;
  const requests = hours.reduce((sum, one) => sum + one.requests, 0);
  return { by, share, upper: share + SPREAD * deviation + NONE_SEEN / requests };
}

function add(
  sums: { requests: number; matching: number },
  { requests, matching }: IntervalSum | typeof sums,
): void {
  sums.requests += requests;
  sums.matching += matching;
}
