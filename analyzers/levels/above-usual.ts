import { z } from 'zod';
import { COUNT_INTERVAL_SECONDS } from '../../domain/count-row.ts';
import { NOTHING_BEFORE } from '../../domain/usual-time.ts';
import { type Level, loudnessOf } from '../incident-life.ts';
import type { Given } from '../given.ts';
import { type LevelRule, type Part, partsOf } from '../levels.ts';
import { failingRun, lastOfRun, startOfRun } from '../runs.ts';
import { binomialTail } from '../poisson-tail.ts';
import { round, share } from '../report.ts';
import type { CountSum, Matching } from '../view.ts';
import {
  ASSUMED_CHANCE,
  type Excuses,
  isTrickle,
  MEASURED_CHANCE,
  type UsualOptions,
  type UsualSettings,
  usualShareOf,
} from './usual-share.ts';

/** The level of the last window, and the part of the traffic that shows it. */
export interface UsualLevel {
  level: Level;
  /**
   * The part of the traffic that is over the threshold or lingers: all traffic if this is true of all traffic,
   * otherwise the part with most matching answers; null: none.
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
  /** Start of the time in which the part fails, epoch seconds, if the window as a whole does not show it. */
  since?: number;
}

/** Memory of a kind that uses `aboveUsual`: the usual share of the part before the incident began. */
export const usualMemory = z.object({
  background: z.number(),
  /** True when the counts did not show the usual share, and half of the threshold share was assumed. */
  background_is_assumed: z.boolean().default(false),
});
export type UsualMemory = z.infer<typeof usualMemory>;

/**
 * An open incident lingers if the usual share would give as many answers with less than this chance. The limit is
 * easier to pass than the others, because lingering opens no incident.
 */
const LINGER_CHANCE = 1e-2;
/**
 * With `spread`: if there are fewer answers than this many times `count`, they must come in at least `SPREAD_INTERVALS`
 * intervals.
 */
const BURST = 2;
const SPREAD_INTERVALS = 3;
/**
 * A "sprinkle" is a small usual share that is always there. A usual share of this many times the threshold or more is
 * no sprinkle but a surge. The factor leaves room for errors of measurement.
 */
const NO_SPRINKLE = 1.5;

type Judging<Settings> = Given<Settings> & { previous: UsualMemory | null };

/**
 * It is a breach when, within the window, a part of the traffic has `count` matching answers, these are at least
 * `share` of its requests, and its usual share does not explain them. The usual share is measured once, before the
 * incident begins. `long`: a caller with too few requests for the window is also judged by a window that is this many
 * times as long. `small`: the long window judges only the parts for which `small.are` is true, and judges them as with
 * `spread`. `learn_seconds`: with less history there is no breach. `excuses` says what can explain the answers of the
 * window: any usual share (`all`), only a small one (`sprinkle`, so that steady Slow Down answers still fire), or also
 * as many answers as came in the same time before (`trickle`). `spread`: see `UsualOptions`.
 */
export function aboveUsual<Settings extends UsualSettings>(
  matching: Matching,
  options: UsualOptions = {},
): {
  begins_within(settings: Settings): number;
  begins_with(settings: Settings): number;
  level(given: Judging<Settings>): UsualLevel;
  start(given: Given<Settings>, judged: UsualLevel): number;
} {
  const { long = 1, small, excuses = 'sprinkle', spread = false } = options;
  const inShort = { ...options, small: undefined };
  const inLong = small === undefined ? options : { ...options, spread: true };
  const leastOf = ({ count }: Settings): number => Math.ceil((small?.count ?? 1) * count);
  return {
    begins_within: ({ window_seconds }) => long * window_seconds,
    begins_with: leastOf,
    level(given) {
      const soon = levelOf(matching, given, inShort);
      if (long === 1 || soon.level === 'breach') return soon;
      const { settings } = given;
      const window_seconds = long * settings.window_seconds;
      const longer = { ...settings, count: leastOf(settings), window_seconds };
      const later = levelOf(matching, { ...given, settings: longer }, inLong, spread ? 1 / long : 1);
      // A longer window without a small caller in it proves nothing about the time after the last request.
      if (small !== undefined && later.part === null) return soon;
      return loudnessOf(later.level) > loudnessOf(soon.level) ? later : soon;
    },
    start({ view, from, now, settings }, { part, background, window_seconds, since }) {
      if (since !== undefined) return since;
      if (part === null) return now;
      const isLong = window_seconds !== settings.window_seconds;
      const used = isLong ? { ...settings, count: leastOf(settings) } : settings;
      const intervals = view.where(part.contains).intervals(matching);
      const start = startOfRun(intervals, { now, from, window_seconds }, (sums) =>
        isAbove(sums, used, background, excuses),
      );
      return start ?? now - window_seconds;
    },
  };
}

/**
 * Finds the last interval of an incident. A kind needs this if its window is long, or if other parts of the traffic
 * always have some matching answers. Use: `...aboveUsual(…), ...lastAboveUsual(…)`.
 */
export function lastAboveUsual(
  matching: Matching,
): Required<Pick<LevelRule<UsualSettings, UsualLevel>, 'last'>> {
  return { last: (given, { part }, since) => lastOfRun(given, { part, matching, since }) };
}

/** Remembers the usual share from before the incident. */
export function rememberUsual(previous: UsualMemory | null, judged: UsualLevel): UsualMemory {
  return {
    background: previous?.background ?? judged.background,
    background_is_assumed: previous?.background_is_assumed ?? judged.is_assumed,
  };
}

/**
 * What the summary of an incident says about the usual share. If the share was only assumed, it says that there was too
 * little earlier traffic.
 */
export function comparedWithUsual({ background, background_is_assumed: isAssumed }: UsualMemory): string {
  if (isAssumed) return `with ${NOTHING_BEFORE}`;
  // The measured share is an upper bound: the largest share that the earlier answers are compatible with.
  return `usually ${background > 0 ? 'at most ' : ''}${round(background * 100)} %`;
}

/** Evidence: the usual share; absent when nothing was measured. */
export function usualEvidence({ background, background_is_assumed: isAssumed }: UsualMemory): {
  usual_share?: number;
} {
  return isAssumed ? {} : { usual_share: share(background, 1) };
}

/**
 * Judges one window. `stretch` 1: only the whole window is judged. Less than 1: the time since a part began to fail may
 * also be judged alone, so that the good answers before that time do not hide the failures; the matching answers must
 * then be at least `stretch` times `share` of the requests of the window.
 */
function levelOf<Settings extends UsualSettings>(
  matching: Matching,
  given: Judging<Settings>,
  options: UsualOptions,
  stretch = 1,
): UsualLevel {
  const { learn_seconds: learn = 0, small, excuses = 'sprinkle', spread = false } = options;
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
  const fits = (part: Part, name: 'breach' | 'lingering'): boolean =>
    small?.are(part, view, { from: now - window_seconds, to: now }, name) ?? true;
  for (const part of isLearning ? [] : candidates) {
    if (part.matching < settings.count || part.matching < stretch * settings.share * part.requests) continue;
    if (!fits(part, 'breach')) continue;
    if (spread && known === null && isBurst(matching, given, part)) continue;
    const usual = known ?? usualShareOf(matching, given, part, { window, options });
    const chance = usual.isAssumed ? ASSUMED_CHANCE : MEASURED_CHANCE;
    const isOver = (sums: Pick<Part, 'requests' | 'matching'>, least: number): boolean =>
      sums.matching >= settings.count &&
      sums.matching >= settings.share * sums.requests &&
      !explains(usual.share, least, sums, settings, excuses);
    const isWhole = isOver(part, chance);
    const run = isWhole || stretch === 1 ? null : runOf(matching, given, part);
    // The failing time may begin in any interval of the window, so chance has as many opportunities.
    if (!isWhole && (run === null || !isOver(run, (chance * COUNT_INTERVAL_SECONDS) / window_seconds)))
      continue;
    if (known === null && excuses === 'trickle' && isTrickle(matching, given, part)) continue;
    const since = run === null ? {} : { since: run.from };
    return { level: 'breach', part, background: usual.share, is_assumed: usual.isAssumed, ...seen, ...since };
  }
  const { share, isAssumed } = known ?? { share: 0, isAssumed: false };
  const lingers =
    candidates.find((part) => isAbove(part, settings, share, excuses) && fits(part, 'lingering')) ?? null;
  return {
    level: lingers === null ? 'healthy' : 'lingering',
    part: lingers,
    background: share,
    is_assumed: isAssumed,
    ...seen,
  };
}

/** The time within the window in which the part fails, with its sums; null: it is over, or the part does not fail. */
function runOf<Settings extends UsualSettings>(
  matching: Matching,
  { view, now, settings }: Given<Settings>,
  part: Part,
): { from: number; requests: number; matching: number } | null {
  const own = view.between(now - settings.window_seconds, now).where(part.contains);
  const run = failingRun(own.intervals(matching));
  if (run === null || run.is_over) return null;
  const [sums] = partsOf(own.between(run.from, run.to).sums(), matching);
  return sums === undefined ? null : { from: run.from, requests: sums.requests, matching: sums.matching };
}

/** True if the answers of the window are few and came in one moment. */
function isBurst<Settings extends UsualSettings>(
  matching: Matching,
  { view, now, settings }: Given<Settings>,
  part: Part,
): boolean {
  if (part.matching >= BURST * settings.count) return false;
  const own = view.between(now - settings.window_seconds, now).where(part.contains);
  return own.intervals(matching).filter((sums) => sums.matching > 0).length < SPREAD_INTERVALS;
}

/**
 * True if the answers are over the lower threshold: half of the threshold that fires, and more than the usual share
 * explains.
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
 * True when the usual share alone gives this many answers often enough to explain them. Unless `excuses` is `all`, a
 * usual share as high as in a surge explains nothing.
 */
function explains(
  usualShare: number,
  chance: number,
  part: Pick<Part, 'requests' | 'matching'>,
  settings: UsualSettings,
  excuses: Excuses,
): boolean {
  if (excuses !== 'all' && usualShare >= NO_SPRINKLE * settings.share) return false;
  return binomialTail(part.matching, part.requests, usualShare) >= chance;
}
