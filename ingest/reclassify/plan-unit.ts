import type { TimeSpan } from '../../domain/time-span.ts';
import type { CountedEnd, CountShape, FailureCount } from '../../store/queries/reclassify-counts.ts';
import {
  type StoredJudgement,
  rejudgedRow,
  type StoredError,
} from '../../store/queries/reclassify-events.ts';
import type { StagedError } from '../../store/queries/reclassify-staged.ts';
import type { CountTable, Horizons } from '../../store/queries/reconcile.ts';
import { partitionKey } from '../partition-id.ts';
import { type JudgeStoredError, judgeAgain } from './judge-again.ts';
import { placeCounts } from './place-counts.ts';
import { addMove, emptyReport, type ReclassifyReport } from './report.ts';

/** The largest number of errors in a unit. An interval of 10 s with more errors is not divided. */
export const UNIT_ERRORS = 10_000;
/** The most bytes of texts in a unit, because memory holds them several times. An interval with more is not divided. */
const UNIT_BYTES = 32 * 1024 * 1024;

const INTERVAL = 10;
const DAY = 86_400;

/**
 * Divides intervals of 10 s into spans within one day, each with at most `most` errors and `mostBytes` bytes of texts,
 * unless a single interval has more. Pure.
 */
export function cutSpans(
  counts: readonly { at: number; errors: number; bytes: number }[],
  most: number,
  mostBytes = UNIT_BYTES,
): TimeSpan[] {
  const spans: (TimeSpan & { errors: number; bytes: number })[] = [];
  for (const { at, errors, bytes } of counts) {
    const last = spans.at(-1);
    const isRoom =
      last !== undefined &&
      last.errors + errors <= most &&
      last.bytes + bytes <= mostBytes &&
      isSameDay(last.from, at);
    if (isRoom) {
      last.to = at + INTERVAL;
      last.errors += errors;
      last.bytes += bytes;
    } else spans.push({ from: at, to: at + INTERVAL, errors, bytes });
  }
  return spans.map(({ from, to }) => ({ from, to }));
}

function isSameDay(a: number, b: number): boolean {
  return Math.floor(a / DAY) === Math.floor(b / DAY);
}

/**
 * The tables that hold all counts of a day. A table holds them if its retention says so, or if no coarser table has
 * more; a coarser table keeps its rows longer. Only these tables are corrected. `day` is the start of the day, epoch
 * seconds. Pure.
 */
export function heldTables(
  totals: Record<CountTable, number>,
  horizons: Horizons,
  day: number,
): CountTable[] {
  const { request_counts: fine, request_counts_1m: minutes, request_counts_1h: hours } = totals;
  const isHeld = {
    request_counts: fine > 0 && fine >= Math.max(minutes, hours),
    request_counts_1m: minutes > 0 && minutes >= hours,
    request_counts_1h: hours > 0,
  };
  return (['request_counts', 'request_counts_1m', 'request_counts_1h'] as const).filter(
    (table) => isHeld[table] || day >= horizons[table].event,
  );
}

/**
 * Whether the batch of an error is in the ledger. Before it is in the ledger, its counts may not be stored yet. Pure.
 */
export function isInLedger(error: StoredError, ends: ReadonlyMap<string, CountedEnd>): boolean {
  const end = ends.get(partitionKey(error));
  return end !== undefined && (error.offset < end.end || error.inserted_on < end.since);
}

/** What a plan depends on. */
export interface PlanFacts {
  errors: readonly StoredError[];
  judge: JudgeStoredError;
  /** Version of the rules of `judge`. */
  rules: number;
  ends: ReadonlyMap<string, CountedEnd>;
  /** The failures of the finest table that holds the day; null when no table does. */
  counts: { shape: CountShape; failures: readonly FailureCount[] } | null;
}

/** Plans a unit: the errors whose judgement changes, and the report. Pure. */
export function planUnit({ errors, judge, rules, ends, counts }: PlanFacts): {
  staged: StagedError[];
  report: ReclassifyReport;
} {
  const report = emptyReport();
  const changed: { error: StoredError; judged: StoredJudgement }[] = [];
  for (const error of errors) {
    report.judged++;
    if (!isInLedger(error, ends)) {
      report.unfinished++;
      continue;
    }
    const verdict = judgeAgain(error, judge);
    if (verdict.kind === 'changed') changed.push({ error, judged: verdict.judged });
    else if (verdict.kind === 'same') report.same++;
    else if (verdict.kind === 'cut') report.cut++;
    else report.successes++;
  }
  const places =
    counts === null
      ? changed.map(() => null)
      : placeCounts(
          changed.map(({ error }) => error),
          counts.failures,
          counts.shape,
        );
  const staged: StagedError[] = [];
  for (const [at, { error, judged }] of changed.entries()) {
    const place = places[at] ?? null;
    if (counts !== null && place === null) {
      report.uncounted++;
      continue;
    }
    report.changed++;
    if (counts === null) report.counts_gone++;
    addMove(report, error, judged);
    const row = rejudgedRow(error, judged, rules);
    staged.push({ error: { ...error, row, judged }, old: error.judged, counted_as: place });
  }
  return { staged, report };
}
