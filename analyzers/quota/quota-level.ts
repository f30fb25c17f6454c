import type { CountRow } from '../../domain/count-row.ts';
import type { AnalyzerSettings, Level } from '../detector.ts';
import { rowsBetween } from '../count-view.ts';
import { isInScope, scopeColumns } from '../narrow-scope.ts';
import type { Scope } from '../../domain/incident.ts';

type QuotaSettings = AnalyzerSettings['quota_exhausted'];

/** Callers with few requests do not fail three times within a minute: for them the run of failures is longer. */
export const RUN_WINDOWS = 10;
/** A scope that has not been used for so long, while its organization succeeds, is given up. */
const UNUSED_SECONDS = 3_600;

/** Parts of an organization that can have run out while the rest has not. */
const parts = ['project', 'key', 'client', 'model'] as const;

/**
 * Judges the organization's rows up to `now`. A breach: enough quota answers in the window without a success or
 * with the share; or as many in a row, without a success between them, within ten windows.
 */
export function quotaLevel(
  rows: readonly CountRow[],
  settings: QuotaSettings,
  now: number,
  known: { scope: Scope; last_request_at: number } | null,
): Level {
  const window = rowsBetween(rows, now - settings.window_seconds, now);
  const run = rowsBetween(rows, now - RUN_WINDOWS * settings.window_seconds, now);
  if (isExhausted(run, now - settings.window_seconds, settings)) return 'breach';
  if (window.some(isQuota)) return 'lingering';
  const scope = known?.scope ?? {};
  if (window.some((row) => row.class === 'ok' && isInScope(row, scope))) return 'healthy';
  const isUnused = known !== null && now - known.last_request_at > UNUSED_SECONDS;
  return isUnused && window.some((row) => row.class === 'ok') ? 'healthy' : 'no_data';
}

/** True for an answer that says the quota is used up. */
export function isQuota(row: CountRow): boolean {
  return row.class === 'quota_exceeded';
}

interface Tally {
  /** In the window. */
  requests: number;
  matching: number;
  succeeded: number;
  /** Quota answers since the last interval that held a success. */
  run: number;
  /** The interval being read. */
  ts: number;
  failed_here: number;
  succeeded_here: boolean;
}

function isExhausted(rows: readonly CountRow[], windowFrom: number, settings: QuotaSettings): boolean {
  if (!rows.some(isQuota)) return false;
  return [null, ...parts].some((part) => {
    const tallies = new Map<string, Tally>();
    for (const row of rows) {
      const value = part === null ? 'all' : row[scopeColumns[part]];
      if (value !== '') count(tallies, value, row, windowFrom);
    }
    return [...tallies.values()].some((tally) => {
      endInterval(tally);
      if (tally.run >= settings.count) return true;
      if (tally.matching < settings.count) return false;
      return tally.succeeded === 0 || tally.matching >= settings.share * tally.requests;
    });
  });
}

function count(tallies: Map<string, Tally>, name: string, row: CountRow, windowFrom: number): void {
  let tally = tallies.get(name);
  if (tally === undefined) {
    tally = {
      requests: 0,
      matching: 0,
      succeeded: 0,
      run: 0,
      ts: row.ts,
      failed_here: 0,
      succeeded_here: false,
    };
    tallies.set(name, tally);
  }
  if (row.ts !== tally.ts) {
    endInterval(tally);
    tally.ts = row.ts;
  }
  if (isQuota(row)) tally.failed_here += row.requests;
  if (row.class === 'ok') tally.succeeded_here = true;
  if (row.ts < windowFrom) return;
  tally.requests += row.requests;
  if (isQuota(row)) tally.matching += row.requests;
  if (row.class === 'ok') tally.succeeded += row.requests;
}

/** Within one interval the order of answers is unknown, so a success in it ends the run whatever else it holds. */
function endInterval(tally: Tally): void {
  tally.run = tally.succeeded_here ? 0 : tally.run + tally.failed_here;
  tally.failed_here = 0;
  tally.succeeded_here = false;
}
