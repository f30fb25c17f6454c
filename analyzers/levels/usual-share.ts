import type { Given, KindSettings } from '../given.ts';
import type { Part } from '../levels.ts';
import { poissonTail } from '../poisson-tail.ts';
import { upperEnd } from '../upper-end.ts';
import { type CountSum, type Matching, matchingOf, type View } from '../view.ts';

/** Settings of a kind that fires when a share is higher than usual. Down to half of count and share it lingers. */
export interface UsualSettings extends KindSettings {
  /** From 0 to 1. */
  share: number;
}

export type Excuses = 'sprinkle' | 'trickle' | 'all';
/** The callers that only the longer window judges, and from how many answers on. */
export interface SmallCallers {
  /** Part of `count`, 0 to 1. */
  count: number;
  /** Whether a part can have this level. `window`: `[from, to)`, epoch seconds. */
  are(part: Part, view: View, window: { from: number; to: number }, level: 'breach' | 'lingering'): boolean;
}

/** How the usual share is used. */
export interface UsualOptions {
  long?: number;
  small?: SmallCallers | undefined;
  learn_seconds?: number;
  excuses?: Excuses;
  /**
   * True: a few answers of a single moment are no breach. One person who tries again, or one job that sends the same
   * request to all its workers, is one event and no proof of a rate.
   */
  spread?: boolean;
}

/** The share of matching answers that a part has when nothing is wrong. */
export interface Background {
  /** From 0 to 1. */
  share: number;
  /** True: the history is too short to measure the share. */
  isAssumed: boolean;
}

/**
 * Chance with which a measured usual share alone may exceed the threshold. It is small, because there are ten thousand
 * evaluations a day and none may raise a false alarm.
 */
export const MEASURED_CHANCE = 1e-7;
/** Chance with which an assumed usual share alone may exceed the threshold. */
export const ASSUMED_CHANCE = 1e-3;
/**
 * A history is long enough to measure the usual share if half of the share that fires would have given this many
 * answers in it.
 */
const ENOUGH_ANSWERS = 10;
const MAX_PARTS = 4;
/**
 * The lowest of the pieces of a history counts as usual only if the whole history would give so few answers in it with
 * less than this chance. Otherwise the pieces differ by chance, and the whole history is the better measure.
 */
const PIECE_CHANCE = 1e-3;
/**
 * A "trickle" is a small number of answers that come all the time. If the counts reach back less than this many
 * seconds, answers are assumed for the missing time.
 */
const TRICKLE_SECONDS = 1_800;

/**
 * The usual share of a part: the share that was measured before the window or, if it is higher, the share of the same
 * time in earlier weeks.
 */
export function usualShareOf<Settings extends UsualSettings>(
  matching: Matching,
  given: Given<Settings>,
  part: Part,
  judged: { window: readonly CountSum[]; options: UsualOptions },
): Background {
  return withSeason(measureBackground(matching, given, part, judged.options), given, judged.window, part);
}

/** Raises the usual share to the share of the same time in earlier weeks, if that one is higher. */
function withSeason<Settings extends UsualSettings>(
  measured: Background,
  { season, now, settings: { window_seconds } }: Given<Settings>,
  window: readonly CountSum[],
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
 * True if the part had about as many matching answers before, in a time of the same length: for example a key that has
 * been wrong for a long time. If many more come now, they are no trickle. While the counts do not reach back half an
 * hour, a part that has never succeeded may have a trickle that is not seen yet: for the missing time, half as many
 * answers as fire are assumed.
 */
export function isTrickle<Settings extends UsualSettings>(
  matching: Matching,
  { view, from, now, settings }: Given<Settings>,
  part: Part,
): boolean {
  const { window_seconds: window, count } = settings;
  const until = now - 2 * window;
  const seconds = Math.max(0, until - Math.max(from, view.first() ?? now));
  const sums = { before: 0, successes: 0 };
  for (const row of view.between(from, now).where(part.contains).sums())
    if (row.class === 'ok') sums.successes += row.requests;
  for (const row of view.between(from, until).where(part.contains).sums())
    sums.before += matchingOf(row, matching);
  // Less time than a window says nothing about a rate, so the answers in it count as those of a whole window.
  const before = (sums.before * window) / Math.max(seconds, window);
  if (seconds > 0 && poissonTail(part.matching, before) >= MEASURED_CHANCE) return true;
  const missing = Math.max(0, TRICKLE_SECONDS - seconds);
  if (missing === 0 || sums.successes > 0) return false;
  const assumed = sums.before + (missing * count) / (2 * window);
  return poissonTail(part.matching, (assumed * window) / (missing + seconds)) >= ASSUMED_CHANCE;
}

/**
 * Measures the usual share of the part before the last two windows: the largest share that its answers are compatible
 * with. A long history is cut into up to four pieces. If one of them has fewer answers than chance explains, that piece
 * alone is taken, so that a surge that is already going on does not count as usual. A short history cannot be measured,
 * so half of the threshold is assumed.
 */
function measureBackground<Settings extends UsualSettings>(
  { classes }: Matching,
  { view, from, now, settings }: Given<Settings>,
  part: Part,
  { excuses = 'sprinkle', spread = false }: UsualOptions,
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
  const lowest = pieces.reduce((low, piece) => (shareIn(piece) < shareIn(low) ? piece : low), sums);
  const expected = shareIn(sums) * lowest.requests;
  const isByChance = 1 - poissonTail(lowest.matching + 1, expected) >= PIECE_CHANCE;
  return { share: largestShare(isByChance ? sums : lowest, spread), isAssumed: false };
}

function shareIn({ requests, matching }: { requests: number; matching: number }): number {
  return requests === 0 ? 1 : matching / requests;
}

/**
 * The largest usual share with which the answers are still plausible. With `spread`, few answers are enough for an
 * incident, so a history without an answer does not prove a share of zero: two answers would have been plausible.
 */
function largestShare(
  { requests, matching }: { requests: number; matching: number },
  spread: boolean,
): number {
  return (upperEnd(matching) || (spread ? 2 : 0)) / requests;
}
