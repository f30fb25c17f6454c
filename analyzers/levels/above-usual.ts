import { z } from 'zod';
import { type Level, loudnessOf } from '../incident-life.ts';
import type { Given, KindSettings } from '../given.ts';
import { type LevelRule, type Part, partsOf } from '../levels.ts';
import { lastOfRun, startOfRun } from '../runs.ts';
import { poissonTail } from '../poisson-tail.ts';
import { round, share } from '../report.ts';
import { upperEnd } from '../upper-end.ts';
import { type CountSum, type Matching, matchingOf } from '../view.ts';

/** Settings of a kind that fires when a share is higher than usual; half of count and share still lingers. */
export interface UsualSettings extends KindSettings {
  /** From 0 to 1. */
  share: number;
}

/** The level of the last window, and the part of the traffic that shows it. */
export interface UsualLevel {
  level: Level;
  /** The part that is over the threshold or lingers: the whole if it is, otherwise the part with most answers. */
  part: Part | null;
  /** Usual share of matching answers in that part. */
  background: number;
  /** True when nothing could be measured and the usual share is assumed. */
  is_assumed: boolean;
  /** True when the counts do not reach back far enough for a breach. */
  is_learning: boolean;
  /** Sums over the last window. */
  window: readonly CountSum[];
  /** Length of that window. */
  window_seconds: number;
}

/** Memory of such a kind: the usual share in the part before the incident. */
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
 * Chance to exceed a measured usual share. It is this small because ten thousand evaluations a day must not raise a
 * false alarm.
 */
const MEASURED_CHANCE = 1e-7;
/** Chance to exceed a usual share that is only assumed. */
const ASSUMED_CHANCE = 1e-3;
/** To linger is a weaker statement than to fire. */
const LINGER_CHANCE = 1e-2;
/** A history is long enough to measure if half of the threshold share gives this many answers in it. */
const ENOUGH_ANSWERS = 10;
const MAX_PARTS = 4;
/**
 * A usual share of at least this many times the threshold is a surge and no sprinkle. The factor allows for errors of
 * measuring.
 */
const NO_SPRINKLE = 1.5;

type Excuses = 'sprinkle' | 'trickle' | 'all';
/** A trickle must be known for so long, in seconds. */
const TRICKLE_SECONDS = 1_800;

/** How the usual share is used. */
export interface UsualOptions {
  long?: number;
  learn_seconds?: number;
  excuses?: Excuses;
}

type Judging<Settings> = Given<Settings> & { previous: UsualFacts | null };

/**
 * A breach when, within the window, a part has `count` matching answers, at least `share` of its requests, and its
 * usual share does not explain them. The usual share is measured once, before the incident begins. `long`: callers with
 * too few requests for the window are judged by a window that is this many times as long, too. `learn_seconds`: with a
 * shorter history there is no breach. `excuses`: whether any usual share explains the window, or only a sprinkle
 * (steady Slow Down answers still fire), or a sprinkle and a trickle: as many answers in the same time as before.
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
 * The end of an incident when the window is long, or when other parts always have such answers. Spread beside the
 * level.
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

/** What the sentence of an incident says about the share before it; an assumed share is no measurement. */
export function comparedWithUsual({ background, background_is_assumed: isAssumed }: UsualFacts): string {
  if (isAssumed) return 'with too little earlier traffic to compare with';
  // What is measured is the upper end of what the earlier answers can come from.
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

/** A share that is usual at this time of the week is usual even if it was lower an hour ago. */
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
 * True if the part had as many such answers before, in the same time: a key that has been wrong for long, of which a
 * few more come by chance. What is hammered with it now is more.
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

/** Over the threshold to clear: half of the firing one, and more than the usual sprinkle. */
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
 * True when the usual share alone gives this many answers often enough. A usual share as high as a surge excuses
 * nothing.
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
 * The usual share in the part, from the time before the last two windows. A long history is cut into up to four pieces,
 * and the lowest share counts, so that a surge that is going on does not pass for usual. From a short history nothing
 * can be measured, and half of the threshold is assumed.
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
    // The history is short, but a share that it already had is not new.
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
