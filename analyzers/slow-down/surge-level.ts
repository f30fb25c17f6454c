import { COUNT_INTERVAL_SECONDS, type CountRow } from '../../domain/count-row.ts';
import type { AnalyzerSettings, Level } from '../detector.ts';
import { rowsBetween } from '../count-view.ts';
import { scopeColumns, scopeDimensions } from '../narrow-scope.ts';
import { poissonTail } from '../poisson-tail.ts';

type SurgeSettings = AnalyzerSettings['slow_down_surge'];

/** A part of an organization's traffic: all of it, or one value of a dimension, or one model in one project. */
export interface Cell {
  contains(row: CountRow): boolean;
  requests: number;
  matching: number;
}

/** What the last window says, and of which part of the traffic. */
export interface SurgeLevel {
  level: Level;
  /** The part over the threshold: the whole organization if that is, else the part with most answers. */
  cell: Cell | null;
  /** Usual share of Slow Down answers in that part. */
  background: number;
}

/** Less likely than this by the usual sprinkle alone: a surge. Ten thousand evaluations a day must not raise one. */
const BREACH_CHANCE = 1e-7;
/** The same for the weaker statement that a surge goes on. */
const LINGER_CHANCE = 1e-2;
const BACKGROUND_PARTS = 4;

/**
 * Judges the window that ends at `now`. `rows` are the organization's, reaching back `lookback` seconds.
 * `background` is the usual share of Slow Down answers once an incident has remembered it, else null.
 */
export function surgeLevel(
  rows: readonly CountRow[],
  settings: SurgeSettings,
  now: number,
  lookback: number,
  background: number | null,
): SurgeLevel {
  const all = cells(rowsBetween(rows, now - settings.window_seconds, now));
  const [whole, ...parts] = all;
  if (whole === undefined) return { level: 'no_data', cell: null, background: 0 };
  const candidates = [whole, ...parts.sort((a, b) => b.matching - a.matching || b.requests - a.requests)];
  for (const cell of candidates) {
    if (cell.matching < settings.count || cell.matching < settings.share * cell.requests) continue;
    const usual = background ?? backgroundShare(rows, cell, settings, now, lookback);
    if (!explains(usual, cell, settings, BREACH_CHANCE)) return { level: 'breach', cell, background: usual };
  }
  const lingers = candidates.some((cell) => isAbove(cell, settings, background ?? 0));
  return { level: lingers ? 'lingering' : 'healthy', cell: null, background: background ?? 0 };
}

/** Start of the interval with the first answer of the surge that the cell is in at `now`, epoch seconds. */
export function surgeStart(
  rows: readonly CountRow[],
  cell: Cell,
  background: number,
  settings: SurgeSettings,
  now: number,
  lookback: number,
): number {
  const intervals = new Map<number, { requests: number; matching: number }>();
  for (const row of rowsBetween(rows, now - lookback, now)) {
    if (!cell.contains(row)) continue;
    const sum = intervals.get(row.ts) ?? { requests: 0, matching: 0 };
    intervals.set(row.ts, sum);
    sum.requests += row.requests;
    if (row.class === 'slow_down') sum.matching += row.requests;
  }
  const window = settings.window_seconds;
  const isAboveAt = (end: number): boolean => {
    const sum = { requests: 0, matching: 0 };
    for (const [ts, interval] of intervals) {
      if (ts < end - window || ts >= end) continue;
      sum.requests += interval.requests;
      sum.matching += interval.matching;
    }
    return isAbove(sum, settings, background);
  };
  let earliest = now;
  // A lull of one window does not end a surge.
  for (let end = now; end > now - lookback && earliest - end <= window; end -= COUNT_INTERVAL_SECONDS) {
    if (isAboveAt(end)) earliest = end;
  }
  const first = [...intervals].find(([ts, sum]) => ts >= earliest - window && sum.matching > 0);
  return first?.[0] ?? now - window;
}

/** Over the threshold to clear: half of the one to fire, and more than the usual sprinkle. */
function isAbove(cell: Omit<Cell, 'contains'>, settings: SurgeSettings, background: number): boolean {
  return (
    cell.matching >= settings.count / 2 &&
    cell.matching >= (settings.share / 2) * cell.requests &&
    !explains(background, cell, settings, LINGER_CHANCE)
  );
}

/** True when the usual share alone gives so many answers often enough. A usual share over the threshold excuses nothing. */
function explains(usual: number, cell: Omit<Cell, 'contains'>, settings: SurgeSettings, chance: number): boolean {
  if (usual >= settings.share) return false;
  return poissonTail(cell.matching, usual * cell.requests) >= chance;
}

/**
 * Share of Slow Down answers in the cell before the window and the one before it: the lowest of the quarters of
 * that time, so that a surge which has been going on does not pass for usual.
 */
function backgroundShare(
  rows: readonly CountRow[],
  cell: Cell,
  settings: SurgeSettings,
  now: number,
  lookback: number,
): number {
  const end = now - 2 * settings.window_seconds;
  const begin = now - lookback;
  const parts = Array.from({ length: BACKGROUND_PARTS }, () => ({ requests: 0, matching: 0 }));
  for (const row of rowsBetween(rows, begin, end)) {
    if (!cell.contains(row)) continue;
    const part = parts[Math.floor(((row.ts - begin) / (end - begin)) * BACKGROUND_PARTS)];
    if (part === undefined) continue;
    part.requests += row.requests;
    if (row.class === 'slow_down') part.matching += row.requests;
  }
  // A quarter with hardly any traffic would always say zero.
  const enough = Math.max(1, Math.max(...parts.map((part) => part.requests)) / 4);
  const shares = parts.filter((part) => part.requests >= enough).map((part) => part.matching / part.requests);
  return shares.length === 0 ? 0 : Math.min(...shares);
}

function cells(window: readonly CountRow[]): Cell[] {
  const found = new Map<string, Cell>();
  const add = (name: string, row: CountRow, contains: (other: CountRow) => boolean): void => {
    let cell = found.get(name);
    if (cell === undefined) found.set(name, (cell = { contains, requests: 0, matching: 0 }));
    cell.requests += row.requests;
    if (row.class === 'slow_down') cell.matching += row.requests;
  };
  for (const row of window) {
    add('', row, () => true);
    for (const name of scopeDimensions) {
      const column = scopeColumns[name];
      const value = row[column];
      if (value !== '') add(`${name}\n${value}`, row, (other) => other[column] === value);
    }
    const { project, model } = row;
    if (project !== '' && model !== '') {
      add(`\n${project}\n${model}`, row, (other) => other.project === project && other.model === model);
    }
  }
  return [...found.values()];
}
