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

interface Refusals {
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

/** What each combination adds to: one tally for all, and one for each of its parts. */
interface Tallied {
  isQuota: boolean;
  isSuccess: boolean;
  tallies: readonly Refusals[];
}

function isExhausted(run: View, windowFrom: number, settings: QuotaSettings): boolean {
  if (run.last(isQuota) === null) return false;
  const tallies = new Map<string, Refusals>();
  const tallied: (Tallied | undefined)[] = [];
  run.each((which, ts, requests) => {
    const own = (tallied[which] ??= talliedOf(run.combinations[which], tallies));
    for (const tally of own.tallies) count(tally, own, ts, requests, windowFrom);
  });
  return [...tallies.values()].some((tally) => {
    endInterval(tally);
    if (tally.run >= settings.count) return true;
    if (tally.matching < settings.count) return false;
    return tally.succeeded === 0 || tally.matching >= settings.share * tally.requests;
  });
}

function talliedOf(
  combination: View['combinations'][number] | undefined,
  tallies: Map<string, Refusals>,
): Tallied {
  const own = ['all'];
  for (const part of parts) {
    const value = combination?.[scopeColumns[part]] ?? '';
    if (value !== '') own.push(`${part}\n${value}`);
  }
  return {
    isQuota: combination !== undefined && isQuota(combination),
    isSuccess: combination?.class === 'ok',
    tallies: own.map((name) => {
      const tally = tallies.get(name) ?? emptyTally();
      tallies.set(name, tally);
      return tally;
    }),
  };
}

function emptyTally(): Refusals {
  return {
    requests: 0,
    matching: 0,
    succeeded: 0,
    run: 0,
    ts: 0,
    failed_here: 0,
    succeeded_here: false,
  };
}

function count(tally: Refusals, row: Tallied, ts: number, requests: number, windowFrom: number): void {
  if (ts !== tally.ts) {
    endInterval(tally);
    tally.ts = ts;
  }
  if (row.isQuota) tally.failed_here += requests;
  if (row.isSuccess) tally.succeeded_here = true;
  if (ts < windowFrom) return;
  tally.requests += requests;
  if (row.isQuota) tally.matching += requests;
  if (row.isSuccess) tally.succeeded += requests;
}

/** Within one interval the order of answers is unknown, so a success in it ends the run whatever else it holds. */
function endInterval(tally: Refusals): void {
  tally.run = tally.succeeded_here ? 0 : tally.run + tally.failed_here;
  tally.failed_here = 0;
  tally.succeeded_here = false;
}
