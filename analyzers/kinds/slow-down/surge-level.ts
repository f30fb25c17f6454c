import type { Level } from '../../advance.ts';
import type { AnalyzerSettings } from '../../detector.ts';
import type { Given } from '../../kind.ts';
import { type Part, partsOf, startOfRun } from '../../levels.ts';
import { poissonTail } from '../../poisson-tail.ts';
import type { CountSum, Matching } from '../../view.ts';
import type { SurgeFacts } from './surge-facts.ts';

/** The answers that a surge is about. */
export const slowDowns: Matching = { classes: ['slow_down'], measure: 'requests' };

type SurgeSettings = AnalyzerSettings['slow_down_surge'];

/** What the last window says, and of which part of the traffic. */
export interface SurgeLevel {
  level: Level;
  /** The part over the threshold: the whole organization if that is, else the part with most answers. */
  cell: Part | null;
  /** Usual share of Slow Down answers in that part. */
  background: number;
  /** Nothing could be measured: the share is assumed. */
  is_assumed: boolean;
  /** Sums over the last window. */
  window: readonly CountSum[];
}

/** Usual share of Slow Down answers. */
interface Background {
  share: number;
  isAssumed: boolean;
}

/** Against a share that was measured: ten thousand evaluations a day must not raise a false alarm. */
const MEASURED_CHANCE = 1e-7;
/** Against a share that is only assumed. */
const ASSUMED_CHANCE = 1e-3;
/** The weaker statement that a surge goes on. */
const LINGER_CHANCE = 1e-2;
/** A history in which half of the threshold share would be so many answers is long enough to measure. */
const ENOUGH_ANSWERS = 10;
const MAX_PARTS = 4;
/** So many times the threshold share is no sprinkle any more, with room for the error of measuring. */
const NO_SPRINKLE = 1.5;

/** Judges the window that ends at `now`. `previous` has the usual share of Slow Down answers once it was measured. */
export function surgeLevel(
  given: Given<SurgeSettings> & { previous: Pick<SurgeFacts, 'background' | 'background_is_assumed'> | null },
): SurgeLevel {
  const { view, now, settings, previous } = given;
  const known =
    previous === null ? null : { share: previous.background, isAssumed: previous.background_is_assumed };
  const window = view.between(now - settings.window_seconds, now).sums();
  const all = partsOf(window, slowDowns);
  const [whole, ...parts] = all;
  if (whole === undefined) return { level: 'no_data', cell: null, background: 0, is_assumed: false, window };
  const candidates = [whole, ...parts.sort((a, b) => b.matching - a.matching || b.requests - a.requests)];
  for (const cell of candidates) {
    if (cell.matching < settings.count || cell.matching < settings.share * cell.requests) continue;
    const usual = known ?? measureBackground(given, cell);
    const chance = usual.isAssumed ? ASSUMED_CHANCE : MEASURED_CHANCE;
    if (!explains(usual.share, chance, cell, settings))
      return { level: 'breach', cell, background: usual.share, is_assumed: usual.isAssumed, window };
  }
  const { share, isAssumed } = known ?? { share: 0, isAssumed: false };
  const lingers = candidates.some((cell) => isAbove(cell, settings, share));
  return {
    level: lingers ? 'lingering' : 'healthy',
    cell: null,
    background: share,
    is_assumed: isAssumed,
    window,
  };
}

/** Start of the interval with the first answer of the surge that the cell is in at `now`, epoch seconds. */
export function surgeStart(
  { view, from, now, settings }: Given<SurgeSettings>,
  { cell, background }: SurgeLevel,
): number {
  if (cell === null) return now;
  const intervals = view.where(cell.contains).intervals(slowDowns);
  const run = { now, from, window_seconds: settings.window_seconds };
  const start = startOfRun(intervals, run, (sums) => isAbove(sums, settings, background));
  return start ?? now - settings.window_seconds;
}

/** Over the threshold to clear: half of the one to fire, and more than the usual sprinkle. */
function isAbove(
  cell: Pick<Part, 'requests' | 'matching'>,
  settings: SurgeSettings,
  background: number,
): boolean {
  return (
    cell.matching >= settings.count / 2 &&
    cell.matching >= (settings.share / 2) * cell.requests &&
    !explains(background, LINGER_CHANCE, cell, settings)
  );
}

/** True when the usual share alone gives so many answers often enough. A usual share that is a surge excuses nothing. */
function explains(
  usualShare: number,
  chance: number,
  cell: Pick<Part, 'requests' | 'matching'>,
  settings: SurgeSettings,
): boolean {
  if (usualShare >= NO_SPRINKLE * settings.share) return false;
  return poissonTail(cell.matching, usualShare * cell.requests) >= chance;
}

/**
 * The usual share in the cell, from the time before the window and the one before it. Of a long history the
 * lowest of up to four parts, so that a surge which has been going on does not pass for usual; of a short one
 * nothing can be said, and half of the threshold is assumed.
 */
function measureBackground({ view, from, now, settings }: Given<SurgeSettings>, cell: Part): Background {
  const history = view.between(from, now - 2 * settings.window_seconds).where(cell.contains);
  const requests = history.sums().reduce((sum, row) => sum + row.requests, 0);
  const enough = (2 * ENOUGH_ANSWERS) / settings.share;
  const count = Math.min(MAX_PARTS, Math.floor(requests / enough));
  if (count === 0) return { share: settings.share / 2, isAssumed: true };
  const parts = Array.from({ length: count }, () => ({ requests: 0, matching: 0 }));
  let seen = 0;
  history.each((which, _ts, amount) => {
    const part = parts[Math.min(count - 1, Math.floor((seen / requests) * count))];
    seen += amount;
    if (part === undefined) return;
    part.requests += amount;
    if (view.combinations[which]?.class === 'slow_down') part.matching += amount;
  });
  const shares = parts.map((part) => upperEnd(part.matching) / part.requests);
  return { share: Math.min(...shares), isAssumed: false };
}

/** The most that so many answers can stand for: two deviations above what was seen. */
function upperEnd(seen: number): number {
  return seen === 0 ? 0 : seen + 2 * Math.sqrt(seen + 1);
}
