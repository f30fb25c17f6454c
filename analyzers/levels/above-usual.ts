import { z } from 'zod';
import { NOTHING_BEFORE } from '../../domain/usual-time.ts';
import { type Level, loudnessOf } from '../incident-life.ts';
import type { Given, KindSettings } from '../given.ts';
import { type LevelRule, type Part, partsOf } from '../levels.ts';
import { lastOfRun, startOfRun } from '../runs.ts';
import { poissonTail } from '../poisson-tail.ts';
import { round, share } from '../report.ts';
import { upperEnd } from '../upper-end.ts';
import { type CountSum, type Matching, matchingOf } from '../view.ts';

/** Settings of a kind that fires when a share is higher than usual. Down to half of count and share it lingers. */
export interface UsualSettings extends KindSettings {
  /** From 0 to 1. */
  share: number;
}

/** The level of the last window, and the part of the traffic that shows it. */
export interface UsualLevel {
  level: Level;
  /**
   * The part of the traffic that is over the threshold or lingers: all of it if that does, otherwise the part with most
   * matching answers; null: none.
   */
  part: Part | null;
  /** Usual share of matching answers in that part. */
  background: number;
  /** True when the history is too short to measure the usual share, so that a share is assumed. */
  is_assumed: boolean;
  /** True when the counts do not reach back far enough for a breach. */
  is_learning: boolean;
  /** Sums over the last window. */
  window: readonly CountSum[];
  /** Length of that window. */
  window_seconds: number;
}

/** Memory of such a kind: the usual share of the part before the incident began. */
export const usualFacts = z.object({
  background: z.number(),
  /** True when the counts did not show the usual share, and half of the threshold share was assumed. */
  background_is_assumed: z.boolean().default(false),
});
export type UsualFacts = z.infer<typeof usualFacts>;

interface Background {
  share: number;
  isAssumed: boolean;
}

/**
 * Chance with which a measured usual share alone may exceed the threshold. It is small, because there are ten thousand
 * evaluations a day and none may raise a false alarm.
 */
const MEASURED_CHANCE = 1e-7;
/** Chance with which an assumed usual share alone may exceed the threshold. */
const ASSUMED_CHANCE = 1e-3;
/**
 * An open incident lingers if the usual share would give as many answers with less than this chance. The limit is
 * easier to pass than the others, because lingering opens no incident.
 */
const LINGER_CHANCE = 1e-2;
/**
 * A history is long enough to measure the usual share if half of the share that fires would have given this many
 * answers in it.
 */
const ENOUGH_ANSWERS = 10;
const MAX_PARTS = 4;
/**
 * A "sprinkle" is a small usual share that is always there. A usual share of this many times the threshold or more is
 * no sprinkle but a surge. The factor leaves room for errors of measurement.
 */
const NO_SPRINKLE = 1.5;

type Excuses = 'sprinkle' | 'trickle' | 'all';
/**
 * A "trickle" is a small number of answers that come all the time. It must have come for at least this many seconds.
 */
const TRICKLE_SECONDS = 1_800;

/** How the usual share is used. */
export interface UsualOptions {
  long?: number;
  learn_seconds?: number;
  excuses?: Excuses;
}

type Judging<Settings> = Given<Settings> & { previous: UsualFacts | null };

/**
 * It is a breach when, within the window, a part of the traffic has `count` matching answers, these are at least
 * `share` of its requests, and its usual share does not explain them. The usual share is measured once, before the
 * incident begins. `long`: a caller with too few requests for the window is also judged by a window that is this many
 * times as long. `learn_seconds`: with less history there is no breach. `excuses` says what explains the window: any
 * usual share (`all`), only a small one (`sprinkle`, so that steady Slow Down answers still fire), or also as many
 * answers as came in the same time before (trickle).
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

/**
 * Finds the end of an incident if the window is long, or if other parts of the traffic always have some matching
 * answers. A kind spreads it beside the level.
 */
export function lastAboveUsual(
  matching: Matching,
): Required<Pick<LevelRule<UsualSettings, UsualLevel>, 'last'>> {
  return { last: (given, { part }, since) => lastOfRun(given, { part, matching, since }) };
}

/** Remembers the usual share from before the incident. */
export function rememberUsual(previous: UsualFacts | null, judged: UsualLevel): UsualFacts {
  return {
    background: previous?.background ?? judged.background,
    background_is_assumed: previous?.background_is_assumed ?? judged.is_assumed,
  };
}

/**
 * What the summary of an incident says about the usual share. If the share was only assumed, it says that there was too
 * little earlier traffic.
 */
export function comparedWithUsual({ background, background_is_assumed: isAssumed }: UsualFacts): string {
  if (isAssumed) return `with ${NOTHING_BEFORE}`;
  // The measured share is an upper bound: the largest share that the earlier answers are compatible with.
  return `usually ${background > 0 ? 'at most ' : ''}${round(background * 100)} %`;
}

/** Evidence: the usual share; absent when nothing was measured. */
export function usualEvidence({ background, background_is_assumed: isAssumed }: UsualFacts): {
  usual_share?: number;
} {
  return isAssumed ? {} : { usual_share: share(background, 1) };
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
    if (explains(usual.share, chance, part, settings, excuses)) continue;
    if (known !== null || excuses !== 'trickle' || !isTrickle(matching, given, part))
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

/** Raises the usual share to that of the same time in earlier weeks, if that is higher. */
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

/**
 * True if the part had about as many such answers before, in the same time: for example a key that has been wrong for a
 * long time. If many more come now, it is not a trickle.
 */
function isTrickle<Settings extends UsualSettings>(
  matching: Matching,
  { view, from, now, settings }: Given<Settings>,
  part: Part,
): boolean {
  const until = now - 2 * settings.window_seconds;
  const seconds = until - Math.max(from, view.first() ?? now);
  if (seconds < TRICKLE_SECONDS) return false;
  let before = 0;
  for (const row of view.between(from, until).where(part.contains).sums())
    before += matchingOf(row, matching);
  return poissonTail(part.matching, (before * settings.window_seconds) / seconds) >= MEASURED_CHANCE;
}

/**
 * True if the answers are over the lower threshold: half of the one that fires, and more than the usual share explains.
 */
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

/**
 * True when the usual share alone gives this many answers often enough to explain them. A usual share as high as that
 * of a surge explains nothing.
 */
function explains(
  usualShare: number,
  chance: number,
  part: Pick<Part, 'requests' | 'matching'>,
  settings: UsualSettings,
  excuses: Excuses,
): boolean {
  if (excuses !== 'all' && usualShare >= NO_SPRINKLE * settings.share) return false;
  return poissonTail(part.matching, usualShare * part.requests) >= chance;
}

/**
 * Measures the usual share of the part before the last two windows. A long history is cut into up to four pieces and
 * the lowest share is taken, so that a surge that is already going on does not count as usual. A short history cannot
 * be measured, so half of the threshold is assumed.
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
    // The history is short, but a share that the part already had in it is not new.
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
