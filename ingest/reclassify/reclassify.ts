import type { TimeSpan } from '../../domain/time-span.ts';
import { isRetriable, StoreError } from '../../store/error.ts';
import {
  type CountedEnd,
  readCountedEnds,
  readCountedFailures,
  readDayTotals,
  readFailureCounts,
  settleCounts,
  shapeOf,
} from '../../store/queries/reclassify-counts.ts';
import { readErrorCounts, readErrorRange, readStoredErrors } from '../../store/queries/reclassify-events.ts';
import { readUnits, type UnitRow, writeUnit } from '../../store/queries/reclassify-runs.ts';
import { clearStaged, partitionOf, writeStaged } from '../../store/queries/reclassify-staged.ts';
import { type CountTable, countTables } from '../../store/queries/reconcile.ts';
import { readForgetting } from '../../store/retention.ts';
import type { Store } from '../../store/store.ts';
import { partitionKey } from '../partition-id.ts';
import { horizonsOf } from '../reconcile-horizons.ts';
import { applyUnit } from './apply-unit.ts';
import type { JudgeStoredError } from './judge-again.ts';
import { type ReclassifyLease, type ReclassifyRun, takeLease } from './lease.ts';
import { cutSpans, heldTables, planUnit, UNIT_ERRORS } from './plan-unit.ts';
import { ReclassifyError } from './reclassify-error.ts';
import { addReport, emptyReport, type ReclassifyReport } from './report.ts';

export interface ReclassifyOptions {
  /** Only errors from this event time on are judged, epoch seconds; 0: all errors. */
  since: number;
  judge: JudgeStoredError;
  /** Version of the rules of `judge`. */
  rules: number;
  /** Name for a run that this call starts. */
  name: string;
  /** Name of this process. */
  holder: string;
  /** Epoch seconds. */
  now: number;
  /** The largest number of errors in a unit. */
  unitErrors?: number;
  /**
   * Called for each unit, with the number of errors judged so far and the number of all errors that this process
   * judges.
   */
  progress?: (judged: number, of: number) => void;
  /** Called with one line that says what happens now. */
  notice?: (line: string) => void;
  isStopped?: () => boolean;
  sleep: (ms: number) => Promise<void>;
}

export interface Reclassified extends ReclassifyReport {
  run: string;
  rules: number;
  /** Event times `[since, until)`, epoch seconds. */
  since: number;
  until: number;
  /** Failures that are counted in that time but not stored any more, so that they cannot be judged. */
  not_stored: number;
  /**
   * By table: the days on which errors changed but whose counts the table does not hold any more. A day is its start,
   * epoch seconds.
   */
  not_corrected: Record<CountTable, number[]>;
  /** False when the run was stopped; the next call continues where it stopped. */
  finished: boolean;
}

const HOUR = 3_600;
const DAY = 86_400;
/** The largest time (epoch seconds) that fits in a DateTime. */
const END_OF_TIME = 0xffff_ffff;

/** Reports what `reclassify` would change, and writes nothing. Throws `StoreError`. */
export async function planReclassification(store: Store, options: ReclassifyOptions): Promise<Reclassified> {
  const run = await freshRun(store, options);
  const result = await beginResult(store, run);
  for await (const unit of planUnits(store, run, run.since, options)) addUnit(result, unit);
  return { ...result, finished: options.isStopped?.() !== true };
}

/**
 * Judges stored errors again and moves events and counts to the classes that they have now. It first finishes a run
 * that another process left unfinished. Throws `StoreError` and `ReclassifyError`; the next call continues where this
 * one ended.
 */
export async function reclassify(store: Store, options: ReclassifyOptions): Promise<Reclassified> {
  if (store.cluster !== '')
    throw new ReclassifyError(
      'cluster',
      `faultline reclassify does not change the tables of a cluster (clickhouse.cluster is ${store.cluster}): --dry-run says what it would change; to have it, count the records again with these rules, in a new clickhouse.database and with a new kafka.group`,
    );
  for (;;) {
    const lease = await takeLease(store, options.holder, await freshRun(store, options));
    if (lease.isTakenOver)
      options.notice?.(
        `continuing the run that started at ${new Date(lease.run.started_at * 1000).toISOString()}`,
      );
    let finished = false;
    try {
      const result = await carryOn(store, lease, options);
      finished = result.finished;
      const isAsked = lease.run.rules === options.rules && lease.run.since <= options.since;
      if (!finished || !lease.isTakenOver || isAsked) return result;
      options.notice?.('that run is finished; judging now with the rules and the time that are asked for');
    } finally {
      // When the store fails, its first error is thrown, not the one of this write.
      await lease.end(finished ? 'finished' : 'left').catch(() => undefined);
    }
  }
}

async function freshRun(
  store: Store,
  { since, rules, name, now }: ReclassifyOptions,
): Promise<ReclassifyRun> {
  const from = Math.floor(since / 10) * 10;
  const range = await readErrorRange(store, { from, to: END_OF_TIME });
  const until = range === null ? from : Math.floor(range.last / 10) * 10 + 10;
  return { run: name, since: from, until, rules, started_at: Math.floor(now) };
}

async function carryOn(
  store: Store,
  lease: ReclassifyLease,
  options: ReclassifyOptions,
): Promise<Reclassified> {
  const { run, check } = lease;
  const result = await beginResult(store, run);
  const units = await readUnits(store, run.run);
  const open = units.find(({ step }) => step < 3);
  if (open !== undefined) await applyUnit(store, open, check);
  for (const unit of units) addUnit(result, { ...unit, report: JSON.parse(unit.report) as ReclassifyReport });
  for await (const { staged, ...planned } of planUnits(store, run, units.at(-1)?.to ?? run.since, options)) {
    const unit: UnitRow = {
      run: run.run,
      from: planned.from,
      to: planned.to,
      step: staged.length === 0 ? 3 : 1,
      tables: planned.tables,
      changed: staged.length,
      report: JSON.stringify(planned.report),
    };
    await check();
    if (staged.length > 0) {
      // Errors that were staged without a unit have changed nothing, so they can be deleted.
      await clearStaged(store);
      await writeStaged(store, unit, staged, `${run.run}:${unit.from}:${options.holder}`);
    }
    await writeUnit(store, unit);
    if (staged.length > 0) await applyUnit(store, unit, check);
    units.push(unit);
    addUnit(result, planned);
  }
  if (options.isStopped?.() === true || !(await settle(store, units, options)))
    return { ...result, finished: false };
  await clearStaged(store);
  return { ...result, finished: true };
}

async function beginResult(store: Store, run: ReclassifyRun): Promise<Reclassified> {
  // Whole hours, because the hourly counts are kept longest.
  const hour = Math.ceil(run.since / HOUR) * HOUR;
  const counted = await readCountedFailures(store, hour);
  const stored = await readErrorRange(store, { from: hour, to: END_OF_TIME });
  const first = await readErrorRange(store, { from: run.since, to: END_OF_TIME });
  return {
    ...emptyReport(),
    run: run.run,
    rules: run.rules,
    since: run.since === 0 ? (first?.first ?? 0) : run.since,
    until: run.until,
    not_stored: Math.max(0, counted - (stored?.errors ?? 0)),
    not_corrected: { request_counts: [], request_counts_1m: [], request_counts_1h: [] },
    finished: false,
  };
}

type Planned = TimeSpan & { tables: CountTable[]; report: ReclassifyReport };

function addUnit(result: Reclassified, { from, tables, report }: Planned): void {
  addReport(result, report);
  if (report.changed === 0) return;
  const day = Math.floor(from / DAY) * DAY;
  for (const table of countTables) {
    const days = result.not_corrected[table];
    if (!tables.includes(table) && days.at(-1) !== day) days.push(day);
  }
}

/**
 * Plans the units of a run from a time on, one at a time, so that the counts that are read include the changes of the
 * earlier units.
 */
async function* planUnits(store: Store, run: ReclassifyRun, from: number, options: ReclassifyOptions) {
  const total = await readErrorRange(store, { from, to: run.until });
  let judged = 0;
  let cursor = from;
  for (;;) {
    const rest = await readErrorRange(store, { from: cursor, to: run.until });
    if (rest === null) return;
    const day = Math.floor(rest.first / DAY) * DAY;
    const end = Math.min(day + DAY, run.until);
    const counts = await readErrorCounts(store, { from: Math.max(cursor, day), to: end });
    const { now, tables: forgetting } = await readForgetting(store);
    const tables = heldTables(await readDayTotals(store, day), horizonsOf(forgetting, now), day);
    for (const span of cutSpans(counts, options.unitErrors ?? UNIT_ERRORS)) {
      if (options.isStopped?.() === true) return;
      const planned = { ...span, tables, ...(await planSpan(store, span, tables, options)) };
      judged += planned.report.judged;
      options.progress?.(judged, total?.errors ?? judged);
      yield planned;
    }
    cursor = end;
  }
}

async function planSpan(
  store: Store,
  span: TimeSpan,
  tables: readonly CountTable[],
  options: ReclassifyOptions,
) {
  // The errors, the ledger and the counts are read in this order. A batch is in the ledger only after its counts are
  // stored, so the counts of all errors that are in the ledger are read.
  const errors = await readStoredErrors(store, span);
  const rows = await readCountedEnds(store);
  const ends = new Map<string, CountedEnd>(rows.map((row) => [partitionKey(row), row]));
  const [finest] = tables;
  const counts =
    finest === undefined
      ? null
      : { shape: shapeOf(finest), failures: await readFailureCounts(store, finest, span) };
  return planUnit({ errors, judge: options.judge, rules: options.rules, ends, counts });
}

/** 388 CANNOT_ASSIGN_OPTIMIZE: a merge of the partition is under way. */
const MERGE_UNDER_WAY = 388;
const SETTLE_TRIES = 120;
const SETTLE_WAIT_MS = 5_000;

/**
 * Merges the corrected partitions of the tables of counts, so that no row is below zero or empty. Returns false when
 * the run was stopped.
 */
async function settle(store: Store, units: readonly UnitRow[], options: ReclassifyOptions): Promise<boolean> {
  const partitions = new Map<string, { table: CountTable; time: number }>();
  for (const { tables, changed, from } of units)
    if (changed > 0)
      for (const table of tables)
        partitions.set(`${table} ${partitionOf(table, from)}`, { table, time: from });
  if (partitions.size > 0) options.notice?.(`merging ${partitions.size} partitions of counts`);
  for (const { table, time } of partitions.values()) {
    if (options.isStopped?.() === true) return false;
    await settleWhenFree(store, table, time, options);
  }
  return true;
}

/**
 * Merges one partition. Waits while another merge of the partition runs, or when the server needs longer for the merge
 * than the timeout of an answer.
 */
async function settleWhenFree(
  store: Store,
  table: CountTable,
  time: number,
  { notice, isStopped, sleep }: ReclassifyOptions,
): Promise<void> {
  for (let tries = 1; ; tries++)
    try {
      await settleCounts(store, table, time);
      return;
    } catch (error) {
      const isBusy = error instanceof StoreError && error.serverCode === MERGE_UNDER_WAY;
      const isOver = tries === SETTLE_TRIES || isStopped?.() === true;
      if ((!isBusy && !isRetriable(error)) || isOver) throw error;
      if (tries === 1) notice?.(`waiting to merge ${table}: ${error instanceof Error ? error.message : ''}`);
      await sleep(SETTLE_WAIT_MS);
    }
}
