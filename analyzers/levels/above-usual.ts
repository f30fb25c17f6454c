import { z } from 'zod';
import { type Level, loudnessOf } from '../advance.ts';
import type { Given, KindSettings } from '../given.ts';
import { type LevelRule, type Part, partsOf } from '../levels.ts';
import { lastOfRun, startOfRun } from '../runs.ts';
import { poissonTail } from '../poisson-tail.ts';
import { upperEnd } from '../upper-end.ts';
import type { CountSum, Matching } from '../view.ts';

/** The settings of a share that fires where it is more than usual; half of count and share lingers. */
export interface UsualSettings extends KindSettings {
  /** From 0 to 1. */
  share: number;
}

/** What the last window says, and of which part of the traffic. */
export interface UsualLevel {
  level: Level;
  /** The part over the threshold, or where it lingers: the whole if that is, else the part with most answers. */
  part: Part | null;
  /** Usual share of matching answers in that part. */
  background: number;
  /** Nothing could be measured: the share is assumed. */
  is_assumed: boolean;
  /** The counts do not reach back far enough to begin anything. */
  is_learning: boolean;
  /** Sums over the last window. */
  window: readonly CountSum[];
  /** Length of that window. */
  window_seconds: number;
}

/** What a kind that is judged so remembers: the usual share in the part, as it was before. */
export const usualFacts = z.object({
  background: z.number(),
  /** The counts did not say what is usual: half of the threshold share was assumed. */
  background_is_assumed: z.boolean().default(false),
});
export type UsualFacts = z.infer<typeof usualFacts>;

interface Background {
  share: number;
  isAssumed: boolean;
}

/** Against a share that was measured: ten thousand evaluations a day must not raise a false alarm. */
const MEASURED_CHANCE = 1e-7;
/** Against a share that is only assumed. */
const ASSUMED_CHANCE = 1e-3;
/** The weaker statement that it goes on. */
const LINGER_CHANCE = 1e-2;
/** A history in which half of the threshold share would be so many answers is long enough to measure. */
const ENOUGH_ANSWERS = 10;
const MAX_PARTS = 4;
/** So many times the threshold share is no sprinkle any more, with room for the error of measuring. */
const NO_SPRINKLE = 1.5;

type Excuses = 'sprinkle' | 'all';

/** How what is usual is looked at. */
export interface UsualOptions {
  long?: number;
  learn_seconds?: number;
  excuses?: Excuses;
}

type Judging<Settings> = Given<Settings> & { previous: UsualFacts | null };

/**
 * A breach where, within the window, so many answers and such a share of the requests of a part match, and what is usual
 * in that part does not explain it. What is usual is measured once, before it begins. `long`: callers that send too little
 * for the window are judged by one that is so many times as long, too.
 * `learn_seconds`: where the counts do not reach back so far, nothing is a breach. `excuses`: whether any share that is usual
 * explains the window, or only a sprinkle; a steady Slow Down is still one.
 */
export function aboveUsual<Settings extends UsualSettings>(
  matching: Matching,
  { long = 1, learn_seconds: learn = 0, excuses = 'sprinkle' }: UsualOptions = {},
): {
  begins_within(settings: Settings): number;
  level(given: Judging<Settings>): UsualLevel;
  start(given: Given<Settings>, judged: UsualLevel): number;
} {
  return {
    begins_within: ({ window_seconds }) => long * window_seconds,
    level(given) {
      const soon = levelOf(matching, given, learn, excuses);
      if (long === 1 || soon.level === 'breach') return soon;
      const { settings } = given;
      const longer = { ...settings, window_seconds: long * settings.window_seconds };
      const later = levelOf(matching, { ...given, settings: longer }, learn, excuses);
      return loudnessOf(later.level) > loudnessOf(soon.level) ? later : soon;
    },
    start({ view, from, now, settings }, { part, background, window_seconds }) {
      if (part === null) return now;
      const intervals = view.where(part.contains).intervals(matching);
      const start = startOfRun(intervals, { now, from, window_seconds }, (sums) =>
        isAbove(sums, settings, background, excuses),
      );
      return start ?? now - window_seconds;
    },
  };
}

/** The end of it where the window is long, or other parts have such answers all the time. Spread beside the level. */
export function lastAboveUsual(
  matching: Matching,
): Required<Pick<LevelRule<UsualSettings, UsualLevel>, 'last'>> {
  return { last: (given, { part }, since) => lastOfRun(given, { part, matching, since }) };
}

/** Remembers what was usual when it began. */
export function rememberUsual(previous: UsualFacts | null, judged: UsualLevel): UsualFacts {
  return {
    background: previous?.background ?? judged.background,
    background_is_assumed: previous?.background_is_assumed ?? judged.is_assumed,
  };
}

function levelOf<Settings extends UsualSettings>(
  matching: Matching,
  given: Judging<Settings>,
  learn: number,
  excuses: Excuses,
): UsualLevel {
  const { view, now, settings, previous } = given;
  const known =
    previous === null ? null : { share: previous.background, isAssumed: previous.background_is_assumed };
  const { window_seconds } = settings;
  const window = view.between(now - window_seconds, now).sums();
  const isLearning = known === null && learn > 0 && (view.first() ?? now) > now - window_seconds - learn;
  const seen = { window, window_seconds, is_learning: isLearning };
  const [whole, ...parts] = partsOf(window, matching);
  if (whole === undefined) return { level: 'no_data', part: null, background: 0, is_assumed: false, ...seen };
  const candidates = [whole, ...parts.sort((a, b) => b.matching - a.matching || b.requests - a.requests)];
  for (const part of isLearning ? [] : candidates) {
    if (part.matching < settings.count || part.matching < settings.share * part.requests) continue;
    const usual = known ?? withSeason(measureBackground(matching, given, part, excuses), given, seen, part);
    const chance = usual.isAssumed ? ASSUMED_CHANCE : MEASURED_CHANCE;
    if (!explains(usual.share, chance, part, settings, excuses))
      return { level: 'breach', part, background: usual.share, is_assumed: usual.isAssumed, ...seen };
  }
  const { share, isAssumed } = known ?? { share: 0, isAssumed: false };
  const lingers = candidates.find((part) => isAbove(part, settings, share, excuses)) ?? null;
  return {
    level: lingers === null ? 'healthy' : 'lingering',
    part: lingers,
    background: share,
    is_assumed: isAssumed,
    ...seen,
  };
}

/** What is usual at this time of the week excuses what was not there an hour ago. */
function withSeason<Settings>(
  measured: Background,
  { season, now }: Given<Settings>,
  { window, window_seconds }: Pick<UsualLevel, 'window' | 'window_seconds'>,
  part: Part,
): Background {
  if (season === undefined || part.requests === 0) return measured;
  const span = { from: now - window_seconds, to: now };
  let expected = 0;
  for (const row of window) if (part.contains(row)) expected += row.requests * season(row, span);
  const share = expected / part.requests;
  return share > measured.share ? { share, isAssumed: false } : measured;
}

/** Over the threshold to clear: half of the one to fire, and more than the usual sprinkle. */
function isAbove(
  part: Pick<Part, 'requests' | 'matching'>,
  settings: UsualSettings,
  background: number,
  excuses: Excuses,
): boolean {
  return (
    part.matching >= settings.count / 2 &&
    part.matching >= (settings.share / 2) * part.requests &&
    !explains(background, LINGER_CHANCE, part, settings, excuses)
  );
}

/** True when the usual share alone gives so many answers often enough. A usual share that is a surge excuses nothing. */
function explains(
  usualShare: number,
  chance: number,
  part: Pick<Part, 'requests' | 'matching'>,
  settings: UsualSettings,
  excuses: Excuses,
): boolean {
  if (excuses === 'sprinkle' && usualShare >= NO_SPRINKLE * settings.share) return false;
  return poissonTail(part.matching, usualShare * part.requests) >= chance;
}

/**
 * The usual share in the part, from the time before the window and the one before it. Of a long history the
 * lowest of up to four pieces, so that a surge which has been going on does not pass for usual; of a short one
 * nothing can be said, and half of the threshold is assumed.
 */
function measureBackground<Settings extends UsualSettings>(
  { classes }: Matching,
  { view, from, now, settings }: Given<Settings>,
  part: Part,
  excuses: Excuses,
): Background {
  const history = view.between(from, now - 2 * settings.window_seconds).where(part.contains);
  const sums = { requests: 0, matching: 0 };
  for (const row of history.sums()) {
    sums.requests += row.requests;
    if (classes.includes(row.class)) sums.matching += row.requests;
  }
  const { requests } = sums;
  const enough = (2 * ENOUGH_ANSWERS) / settings.share;
  const count = Math.min(MAX_PARTS, Math.floor(requests / enough));
  if (count === 0) {
    // Little is known, but what has been so is not new.
    const least = excuses === 'all' && requests > 0 ? upperEnd(sums.matching) / requests : 0;
    return { share: Math.max(settings.share / 2, least), isAssumed: true };
  }
  const pieces = Array.from({ length: count }, () => ({ requests: 0, matching: 0 }));
  let seen = 0;
  history.each((which, _ts, amount) => {
    const piece = pieces[Math.min(count - 1, Math.floor((seen / requests) * count))];
    seen += amount;
    if (piece === undefined) return;
    piece.requests += amount;
    if (classes.some((name) => name === view.combinations[which]?.class)) piece.matching += amount;
  });
  const shares = pieces.map((piece) => upperEnd(piece.matching) / piece.requests);
  return { share: Math.min(...shares), isAssumed: false };
}
