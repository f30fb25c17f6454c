import type { CountRow } from '../../../domain/count-row.ts';
import type { Level } from '../../advance.ts';
import type { AnalyzerSettings, Known } from '../../detector.ts';
import { isInScope, scopeColumns } from '../../narrow-scope.ts';
import type { Matching, View } from '../../view.ts';

/** The answers that an exhausted quota is about. */
export const quotaAnswers: Matching = { classes: ['quota_exceeded'], measure: 'requests' };

type QuotaSettings = AnalyzerSettings['quota_exhausted'];

/** What is judged, with what is known of an incident that is open. */
interface Given {
  view: View;
  settings: QuotaSettings;
  now: number;
  known: Pick<Known, 'scope' | 'started_at'> | null;
  previous: { last_request_at: number } | null;
}

/** Callers with few requests do not fail three times within a minute: for them the run of failures is longer. */
export const RUN_WINDOWS = 10;
/** A scope that has not been used for so long, while its organization succeeds, is given up. */
const UNUSED_SECONDS = 3_600;

/** Parts of an organization that can have run out while the rest has not. */
const parts = ['project', 'key', 'client', 'model'] as const;

/**
 * Judges the organization's counts up to `now`. A breach: enough quota answers in the window without a success or
 * with the share; or as many in a row, without a success between them, within ten windows.
 */
export function quotaLevel({ view, settings, now, known, previous }: Given): { level: Level } {
  const window = view.between(now - settings.window_seconds, now);
  const run = view.between(now - RUN_WINDOWS * settings.window_seconds, now);
  if (isExhausted(run, now - settings.window_seconds, settings)) return { level: 'breach' };
  if (window.last(isQuota) !== null) return { level: 'lingering' };
  const scope = known?.scope ?? {};
  if (window.last((row) => row.class === 'ok' && isInScope(row, scope)) !== null) return { level: 'healthy' };
  const isUnused = known !== null && now - (previous?.last_request_at ?? known.started_at) > UNUSED_SECONDS;
  return { level: isUnused && window.last((row) => row.class === 'ok') !== null ? 'healthy' : 'no_data' };
}

/** True for an answer that says the quota is used up. */
export function isQuota(row: Pick<CountRow, 'class'>): boolean {
  return row.class === 'quota_exceeded';
}

interface Tally {
  requests: number;
  matching: number;
  succeeded: number;
}

/** Quota answers since the last interval that held a success. */
interface Run {
  length: number;
  /** The interval being read. */
  ts: number;
  failed_here: number;
  succeeded_here: boolean;
}

function isExhausted(run: View, windowFrom: number, settings: QuotaSettings): boolean {
  if (run.last(isQuota) === null) return false;
  // Most often the window is enough, which is a tenth of the run.
  return isInWindow(run.between(windowFrom, Infinity), settings) || isLong(run, settings);
}

function isInWindow(window: View, { count, share }: QuotaSettings): boolean {
  const tallies = new Map<string, Tally>();
  const tallied = byCombination(window, tallies, () => ({ requests: 0, matching: 0, succeeded: 0 }));
  window.each((which, _ts, requests) => {
    const own = tallied(which);
    for (const tally of own.tallies) {
      tally.requests += requests;
      if (own.isQuota) tally.matching += requests;
      if (own.isSuccess) tally.succeeded += requests;
    }
  });
  for (const { requests, matching, succeeded } of tallies.values())
    if (matching >= count && (succeeded === 0 || matching >= share * requests)) return true;
  return false;
}

/** Within one interval the order of answers is unknown, so a success in it ends the run whatever else it holds. */
function isLong(run: View, { count }: QuotaSettings): boolean {
  const runs = new Map<string, Run>();
  const tallied = byCombination(run, runs, () => ({
    length: 0,
    ts: 0,
    failed_here: 0,
    succeeded_here: false,
  }));
  run.each((which, ts, requests) => {
    const own = tallied(which);
    for (const one of own.tallies) {
      if (ts !== one.ts) {
        endInterval(one);
        one.ts = ts;
      }
      if (own.isQuota) one.failed_here += requests;
      if (own.isSuccess) one.succeeded_here = true;
    }
  });
  for (const one of runs.values()) {
    endInterval(one);
    if (one.length >= count) return true;
  }
  return false;
}

function endInterval(run: Run): void {
  run.length = run.succeeded_here ? 0 : run.length + run.failed_here;
  run.failed_here = 0;
  run.succeeded_here = false;
}

/** What each combination adds to: one tally for all, and one for each of its parts. */
interface Tallied<T> {
  isQuota: boolean;
  isSuccess: boolean;
  tallies: readonly T[];
}

function byCombination<T>(
  { combinations }: View,
  tallies: Map<string, T>,
  empty: () => T,
): (which: number) => Tallied<T> {
  const known: (Tallied<T> | undefined)[] = [];
  return (which) => (known[which] ??= talliedOf(combinations[which], tallies, empty));
}

function talliedOf<T>(
  combination: View['combinations'][number] | undefined,
  tallies: Map<string, T>,
  empty: () => T,
): Tallied<T> {
  const own = ['all'];
  for (const part of parts) {
    const value = combination?.[scopeColumns[part]] ?? '';
    if (value !== '') own.push(`${part}\n${value}`);
  }
  return {
    isQuota: combination !== undefined && isQuota(combination),
    isSuccess: combination?.class === 'ok',
    tallies: own.map((name) => {
      let tally = tallies.get(name);
      if (tally === undefined) tallies.set(name, (tally = empty()));
      return tally;
    }),
  };
}
