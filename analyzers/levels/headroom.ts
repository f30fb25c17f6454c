import { COUNT_INTERVAL_SECONDS } from '../../domain/count-row.ts';
import type { MoreMeasure } from '../../store/queries/count-measures.ts';
import { type Level, loudnessOf } from '../incident-life.ts';
import type { Given, KindSettings } from '../given.ts';
import type { LevelRule } from '../levels.ts';

/** A limit whose remainder the answers report. */
export interface Limit {
  name: string;
  remaining: MoreMeasure;
  limit: MoreMeasure;
}

/** The limits of requests and of tokens in rate-limit headers; a kind reads these measures. */
export const headerLimits: readonly Limit[] = [
  { name: 'requests', remaining: 'remaining_requests', limit: 'limit_requests' },
  { name: 'tokens', remaining: 'remaining_tokens', limit: 'limit_tokens' },
];

export interface HeadroomLevel {
  level: Level;
  /** The nearest limit; null: no answer reported one. */
  limit: Limit | null;
  /** Lowest remaining part of that limit (0 to 1) in the newest interval that reports one. */
  left: number;
  /** Seconds until nothing is left, by the slope in the window; null: it does not fall. */
  seconds_to_zero: number | null;
  /** The limit that the answers report. */
  allowed: number;
}

/** While more than this part of a limit is left, it is not near, however fast it falls. */
const NEAR = 0.5;
/** Number of intervals with a falling remainder that make a slope. */
const LEAST_INTERVALS = 3;
/** Up to this many times the threshold still lingers. */
const LINGER = 2;

/**
 * A breach when at most `share` of a limit was left in two intervals of the window, or when the remainder falls and
 * will reach zero before the limit is full again (`reset` seconds). Answers without limits prove nothing.
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
  const isFalling = seconds !== null && seconds <= reset && left <= NEAR;
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

/** From the line (least squares) through the remainders since the limit was last full. */
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
