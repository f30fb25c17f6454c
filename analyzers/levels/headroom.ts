import { COUNT_INTERVAL_SECONDS } from '../../domain/count-row.ts';
import type { MoreMeasure } from '../../store/queries/count-measures.ts';
import { type Level, loudnessOf } from '../incident-life.ts';
import type { Given, KindSettings } from '../given.ts';
import type { LevelRule } from '../levels.ts';

/** A limit of the provider. Answers report how much of it remains. */
export interface Limit {
  name: string;
  remaining: MoreMeasure;
  limit: MoreMeasure;
}

/**
 * The limits of requests and of tokens that rate-limit headers report. A kind that uses them must read these measures.
 */
export const headerLimits: readonly Limit[] = [
  { name: 'requests', remaining: 'remaining_requests', limit: 'limit_requests' },
  { name: 'tokens', remaining: 'remaining_tokens', limit: 'limit_tokens' },
];

export interface HeadroomLevel {
  level: Level;
  /** The nearest limit; null: no answer reported one. */
  limit: Limit | null;
  /** The smallest remaining part of that limit (0 to 1) in the newest interval that reports it. */
  left: number;
  /** Seconds until nothing remains, if the remainder goes on falling as in the window; null: it does not fall. */
  seconds_to_zero: number | null;
  /** The size of the limit, as the answers report it. */
  allowed: number;
}

/** As long as more than this part of a limit remains, the limit is not near, however fast it falls. */
const NEAR = 0.5;
/** The remainder must have fallen in at least this many intervals before a slope is computed. */
const LEAST_INTERVALS = 3;
/**
 * A fall also has to reach less than this part of the lowest remainder before the window. Remainders of many callers go
 * up and down, and three in a row often fall by chance. A fall that will reach zero within two windows passes: the
 * remainder is then below two thirds of what it was one window before.
 */
const NEW_LOW = 0.75;
/** With fewer remainders before the window, their lowest says nothing. */
const LEAST_BEFORE = 10;
/** The level is lingering as long as at most this many times the threshold remains. */
const LINGER = 2;

/**
 * It is a breach when at most `share` of a limit remained in two intervals of the window, or when the remainder falls
 * so fast that it will reach zero before the limit is full again (`reset` seconds). Answers that report no limit prove
 * nothing.
 */
export function headroom<Settings extends KindSettings>(of: {
  limits: readonly Limit[];
  share(settings: Settings): number;
  reset(settings: Settings): number;
}): LevelRule<Settings, HeadroomLevel> {
  return {
    begins_within: ({ window_seconds }) => window_seconds,
    level(given) {
      const judged = of.limits.map((limit) =>
        judge(limit, given, of.share(given.settings), of.reset(given.settings)),
      );
      return judged.reduce((worst, one) => (rank(one) > rank(worst) ? one : worst), nothing);
    },
    start({ view, now, settings }, { limit }) {
      if (limit === null) return now;
      const low = points(limit, view).filter(({ left }) => left <= LINGER * of.share(settings));
      let start = low.at(-1)?.ts ?? now - COUNT_INTERVAL_SECONDS;
      for (const { ts } of low.toReversed()) {
        if (start - ts > settings.window_seconds) break;
        start = ts;
      }
      return start;
    },
  };
}

const nothing: HeadroomLevel = { level: 'no_data', limit: null, left: 1, seconds_to_zero: null, allowed: 0 };

function rank({ level, left }: HeadroomLevel): number {
  return loudnessOf(level) + (1 - left) / 2;
}

function judge(
  limit: Limit,
  { now, view, settings }: Given<KindSettings>,
  share: number,
  reset: number,
): HeadroomLevel {
  const seen = points(limit, view.between(now - settings.window_seconds, now));
  const newest = seen.at(-1);
  if (newest === undefined) return nothing;
  const { left, allowed } = newest;
  const seconds = secondsToZero(seen);
  const before = points(limit, view.between(-Infinity, now - settings.window_seconds));
  const lowest = before.length < LEAST_BEFORE ? 1 : Math.min(...before.map((one) => one.left));
  const isFalling = seconds !== null && seconds <= reset && left <= NEAR && left < NEW_LOW * lowest;
  const low = (most: number): number => seen.filter((one) => one.left <= most).length;
  const found = { limit, left, seconds_to_zero: seconds, allowed };
  if (low(share) >= 2 || isFalling) return { level: 'breach', ...found };
  return { level: low(Math.min(1, LINGER * share)) > 0 ? 'lingering' : 'healthy', ...found };
}

interface Point {
  ts: number;
  left: number;
  allowed: number;
}

function points({ remaining, limit }: Limit, view: Given<KindSettings>['view']): Point[] {
  const limits = new Map(view.values(limit).map(({ ts, value }) => [ts, value]));
  return view.values(remaining).flatMap(({ ts, value }) => {
    const allowed = limits.get(ts) ?? 0;
    return allowed > 0 ? [{ ts, left: Math.min(1, Math.max(0, value / allowed)), allowed }] : [];
  });
}

/** Fits a line (least squares) through the remainders since the limit was last full, and follows it to zero. */
function secondsToZero(seen: readonly Point[]): number | null {
  let begin = seen.length - 1;
  while (begin > 0 && (seen[begin - 1]?.left ?? 0) > (seen[begin]?.left ?? 0)) begin--;
  const fall = seen.slice(begin);
  const last = fall.at(-1);
  if (last === undefined || fall.length < LEAST_INTERVALS) return null;
  const mean = (of: (point: Point) => number): number =>
    fall.reduce((sum, one) => sum + of(one), 0) / fall.length;
  const ts = mean((one) => one.ts);
  const left = mean((one) => one.left);
  const slope =
    mean((one) => (one.ts - ts) * (one.left - left)) /
    Math.max(
      1,
      mean((one) => (one.ts - ts) ** 2),
    );
  return slope >= 0 ? null : Math.max(0, last.left / -slope);
}
