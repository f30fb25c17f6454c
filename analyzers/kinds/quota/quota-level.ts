import type { CountRow } from '../../../domain/count-row.ts';
import type { Level } from '../../incident-life.ts';
import type { AnalyzerSettings, Known } from '../../detector.ts';
import { isInScope, scopeColumns } from '../../narrow-scope.ts';
import type { CountSum, Matching, View } from '../../view.ts';

/** The answers that an exhausted quota is about. */
export const quotaAnswers: Matching = { classes: ['quota_exceeded'], measure: 'requests' };

type QuotaSettings = AnalyzerSettings['quota_exhausted'];

/** The counts to judge, and what is known of an open incident. */
interface QuotaInput {
  view: View;
  settings: QuotaSettings;
  now: number;
  known: Pick<Known, 'scope' | 'started_at'> | null;
  previous: { last_request_at: number } | null;
}

/**
 * A caller with few requests does not fail three times within a minute, so its failures are also looked for over this
 * many windows.
 */
export const RUN_WINDOWS = 10;
/** An incident ends if its scope sends no request for this many seconds while its organization has successes. */
const UNUSED_SECONDS = 3_600;

/** Parts of an organization whose quota can run out while the others have some left. */
const parts = ['project', 'key', 'client', 'model'] as const;

/**
 * Judges the counts of an organization and of its parts up to `now`. It is a breach if the window holds enough quota
 * answers and either their share is high enough or there was no success. It is also a breach if as many quota answers
 * come in a row, without a success between them, within ten windows.
 */
export function quotaLevel({ view, settings, now, known, previous }: QuotaInput): { level: Level } {
  const window = view.between(now - settings.window_seconds, now);
  const run = view.between(now - RUN_WINDOWS * settings.window_seconds, now);
  if (isExhausted(run, now - settings.window_seconds, settings)) return { level: 'breach' };
  if (window.last(isQuota) !== null) return { level: 'lingering' };
  const scope = known?.scope ?? {};
  if (window.last((row) => row.class === 'ok' && isInScope(row, scope)) !== null) return { level: 'healthy' };
  const isUnused = known !== null && now - (previous?.last_request_at ?? known.started_at) > UNUSED_SECONDS;
  return { level: isUnused && window.last((row) => row.class === 'ok') !== null ? 'healthy' : 'no_data' };
}

/** True for an answer that says that the quota is used up. */
export function isQuota(row: Pick<CountRow, 'class'>): boolean {
  return row.class === 'quota_exceeded';
}

interface AnswerCounts {
  requests: number;
  matching: number;
  succeeded: number;
}

function isExhausted(run: View, windowFrom: number, settings: QuotaSettings): boolean {
  if (run.last(isQuota) === null) return false;
  // The window is a tenth of the longer span and usually decides alone, so it is judged first.
  return isInWindow(run.between(windowFrom, Infinity), settings) || isLong(run, settings);
}

function isInWindow(window: View, settings: QuotaSettings): boolean {
  const sums = window.sums();
  const all = emptyTally();
  for (const row of sums) count(all, row);
  if (isOut(all, settings)) return true;
  return parts.some((part) => {
    const tallies = new Map<string, AnswerCounts>();
    for (const row of sums) {
      const value = row[scopeColumns[part]];
      if (value === '') continue;
      let tally = tallies.get(value);
      if (tally === undefined) tallies.set(value, (tally = emptyTally()));
      count(tally, row);
    }
    return [...tallies.values()].some((tally) => isOut(tally, settings));
  });
}

function emptyTally(): AnswerCounts {
  return { requests: 0, matching: 0, succeeded: 0 };
}

function count(tally: AnswerCounts, row: CountSum): void {
  tally.requests += row.requests;
  if (isQuota(row)) tally.matching += row.requests;
  if (row.class === 'ok') tally.succeeded += row.requests;
}

function isOut({ requests, matching, succeeded }: AnswerCounts, settings: QuotaSettings): boolean {
  return matching >= settings.count && (succeeded === 0 || matching >= settings.share * requests);
}

/** The quota answers since the last interval with a success. */
interface QuotaRun {
  length: number;
  /** Start of the interval that is being read. */
  ts: number;
  failed_here: number;
  succeeded_here: boolean;
}

/** The order of answers within one interval is unknown, so a success anywhere in it ends the run. */
function isLong(run: View, { count: least }: QuotaSettings): boolean {
  const runs = new Map<string, QuotaRun>();
  const known: (AnswerInRuns | undefined)[] = [];
  run.each((which, ts, requests) => {
    const own = (known[which] ??= countedOf(run.combinations[which], runs));
    for (const one of own.runs) {
      if (ts !== one.ts) {
        endInterval(one);
        one.ts = ts;
      }
      if (own.isQuota) one.failed_here += requests;
      if (own.isSuccess) one.succeeded_here = true;
    }
  });
  return [...runs.values()].some((one) => {
    endInterval(one);
    return one.length >= least;
  });
}

function endInterval(run: QuotaRun): void {
  run.length = run.succeeded_here ? 0 : run.length + run.failed_here;
  run.failed_here = 0;
  run.succeeded_here = false;
}

/** The runs that an answer belongs to: the one of all traffic, and one for each part that it is in. */
interface AnswerInRuns {
  isQuota: boolean;
  isSuccess: boolean;
  runs: readonly QuotaRun[];
}

function countedOf(
  combination: View['combinations'][number] | undefined,
  runs: Map<string, QuotaRun>,
): AnswerInRuns {
  const own = ['all'];
  for (const part of parts) {
    const value = combination?.[scopeColumns[part]] ?? '';
    if (value !== '') own.push(`${part}\n${value}`);
  }
  return {
    isQuota: combination !== undefined && isQuota(combination),
    isSuccess: combination?.class === 'ok',
    runs: own.map((name) => {
      let run = runs.get(name);
      if (run === undefined)
        runs.set(name, (run = { length: 0, ts: 0, failed_here: 0, succeeded_here: false }));
      return run;
    }),
  };
}
