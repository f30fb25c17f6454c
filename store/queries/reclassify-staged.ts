import type { TimeSpan } from '../../domain/time-span.ts';
import type { Store } from '../store.ts';
import { tsvFields, tsvSeconds, tsvText } from '../tsv.ts';
import type { CountTable } from './reconcile.ts';
import {
  type StoredJudgement,
  judgedColumns,
  storedColumns,
  storedError,
  type StoredError,
} from './reclassify-events.ts';

/** An error whose judgement is to be changed. */
export interface StagedError {
  /** The error with its new judgement. */
  error: StoredError;
  old: StoredJudgement;
  /** Values of `callerDimensions` under which the error is counted; null: no table holds its count any more. */
  counted_as: readonly string[] | null;
}

const columns = [
  'run',
  'unit',
  'topic',
  'partition',
  'offset',
  'part',
  'ts_ms',
  'request_id',
  'old_class',
  'old_subclass',
  'old_rule',
  'old_generation',
  'old_retry',
  'old_fault',
  'old_wait',
  'class',
  'subclass',
  'rule',
  'generation',
  'retry',
  'fault',
  'wait',
  'counted_as',
  'headers',
  'row',
] as const;

/** Identifies a unit of a run by its span. */
export interface UnitKey extends TimeSpan {
  run: string;
}

const ofUnit = `s.run = {run:String} AND s.unit = toDateTime({from:UInt32}, 'UTC')`;

/** Stages the errors of a unit: all are stored, or none. Throws `StoreError`. */
export async function writeStaged(
  store: Store,
  unit: UnitKey,
  staged: readonly StagedError[],
  token: string,
): Promise<void> {
  const judgedOf = (judged: StoredJudgement) => judgedColumns.map((name) => judged[name]);
  const rows = staged.map(({ error, old, counted_as }) => {
    const fields = tsvFields([
      unit.run,
      tsvSeconds(unit.from),
      error.topic,
      error.partition,
      error.offset,
      error.part,
      error.ts,
      error.request_id,
      ...judgedOf(old),
      ...judgedOf(error.judged),
      counted_as ?? [],
    ]);
    const headers = error.row.split('\t')[storedColumns.indexOf('headers')] ?? '{}';
    return `${fields}\t${headers}\t${tsvText(error.row)}\n`;
  });
  await store.insert({ table: 'reclassify_events', columns, body: Buffer.from(rows.join('')), token });
}

/** The staged errors of a unit. Throws `StoreError`. */
export async function readStaged(store: Store, { run, from }: UnitKey): Promise<StagedError[]> {
  type Row = {
    row: string;
    headers: Record<string, string>;
    counted_as: string[];
    old_wait: number | null;
  } & {
    [Name in (typeof judgedNames)[number] as `old_${Name}`]: string;
  };
  const rows = await store.query<Row>(
    `SELECT s.row AS row, s.headers AS headers, counted_as, old_class, old_subclass, old_rule, old_generation, old_retry, old_fault, old_wait
     FROM reclassify_events AS s WHERE ${ofUnit}`,
    { run, from },
  );
  return rows.map((row) => ({
    error: storedError(row.row, row.headers),
    old: {
      class: row.old_class,
      subclass: row.old_subclass,
      rule: row.old_rule,
      generation: row.old_generation,
      retry: row.old_retry,
      fault: row.old_fault,
      wait_seconds: row.old_wait,
    },
    counted_as: row.counted_as.length === 0 ? null : row.counted_as,
  }));
}

const judgedNames = ['class', 'subclass', 'rule', 'generation', 'retry', 'fault'] as const;

/**
 * The condition that an event of `error_events` is staged and has its old (prefix `old_`) or its new judgement (no
 * prefix).
 */
function isStaged(prefix: 'old_' | ''): string {
  const judged = judgedNames.map((name) => `s.${prefix}${name}`).join(', ');
  return `ts >= toDateTime({from:UInt32}, 'UTC') AND ts < toDateTime({to:UInt32}, 'UTC') AND
    (topic, partition, offset, part, toUnixTimestamp64Milli(ts), request_id, ${judgedNames.join(', ')}, ifNull(wait_seconds, -1)) IN (
      SELECT s.topic, s.partition, s.offset, s.part, s.ts_ms, s.request_id, ${judged}, ifNull(s.${prefix}wait, -1)
      FROM reclassify_events AS s WHERE ${ofUnit})`;
}

/** How many events of a unit are stored with their new judgement. Throws `StoreError`. */
export async function readMoved(store: Store, unit: UnitKey): Promise<number> {
  const [row] = await store.query<{ n: number }>(
    `SELECT count() AS n FROM error_events WHERE ${isStaged('')}`,
    { ...unit },
  );
  return row?.n ?? 0;
}

/** Adds the staged events to `error_events` with their new judgement. Throws `StoreError`. */
export async function insertMoved(
  store: Store,
  staged: readonly StagedError[],
  token: string,
): Promise<void> {
  const body = Buffer.from(staged.map(({ error }) => `${error.row}\n`).join(''));
  await store.insert({ table: 'error_events', columns: storedColumns, body, token });
}

/** Removes the staged events that `error_events` holds with their old judgement. May run again. Throws `StoreError`. */
export async function deleteMoved(store: Store, unit: UnitKey): Promise<void> {
  await store.command(
    `DELETE FROM error_events IN PARTITION ID '${partitionOfDay(unit.from)}' WHERE ${isStaged('old_')}`,
    { ...unit },
  );
}

/** Deletes all staged errors. To be called at the end of a run, when they are no longer needed. Throws `StoreError`. */
export async function clearStaged(store: Store): Promise<void> {
  await store.command('TRUNCATE TABLE reclassify_events');
}

/** The day (UTC) of a time (epoch seconds), such as `20261128`. */
export function partitionOfDay(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10).replaceAll('-', '');
}

/** The ClickHouse partition of a table of counts that holds a time (epoch seconds), such as `20261128` or `202611`. */
export function partitionOf(table: CountTable, seconds: number): string {
  return partitionOfDay(seconds).slice(0, table === 'request_counts' ? 8 : 6);
}
