import type { TimeSpan } from '../../domain/time-span.ts';
import { callerDimensions } from '../../domain/count-row.ts';
import type { Store } from '../store.ts';
import { parseTsvRow, tsvFields } from '../tsv.ts';
import { eventColumns } from '../write-batch.ts';

/** The judgement of an error, as the columns of `error_events` store it. */
export interface StoredJudgement {
  class: string;
  subclass: string;
  rule: string;
  generation: string;
  retry: string;
  fault: string;
  wait_seconds: number | null;
}

/** A row of `error_events`, with the values that judging and counting need. */
export interface StoredError {
  /** All of `storedColumns`, as a TabSeparated row without its line end. */
  row: string;
  /** Epoch milliseconds. */
  ts: number;
  request_id: string;
  /** In the order of `callerDimensions`. */
  dimensions: readonly string[];
  status: number;
  judged: StoredJudgement;
  message: string;
  body: string;
  exception: string;
  headers: Readonly<Record<string, string>>;
  latency_ms: number;
  input_tokens: number;
  output_tokens: number;
  cost_usd: number;
  retry_count: number;
  taxonomy_version: number;
  topic: string;
  partition: number;
  offset: number;
  part: number;
  /** Days since the epoch. */
  inserted_on: number;
}

/**
 * Columns of a stored error. `inserted_at` is one of them, so that a corrected event is kept as long as the original.
 */
export const storedColumns = [...eventColumns, 'inserted_at'] as const;
type StoredColumn = (typeof storedColumns)[number];

const withinSpan = `e.ts >= toDateTime({from:UInt32}, 'UTC') AND e.ts < toDateTime({to:UInt32}, 'UTC')`;

/** Number of errors of a span, and their first and last time (epoch seconds); null: none. Throws `StoreError`. */
export async function readErrorRange(
  store: Store,
  span: TimeSpan,
): Promise<{ errors: number; first: number; last: number } | null> {
  const [row] = await store.query<{ errors: number; first: number; last: number }>(
    `SELECT count() AS errors, toUnixTimestamp(min(e.ts)) AS first, toUnixTimestamp(max(e.ts)) AS last
     FROM error_events AS e WHERE ${withinSpan}`,
    { ...span },
  );
  return row === undefined || row.errors === 0 ? null : row;
}

/** Errors, and bytes of their texts, in each 10 s of a span that have any, in order of time. Throws `StoreError`. */
export async function readErrorCounts(
  store: Store,
  span: TimeSpan,
): Promise<{ at: number; errors: number; bytes: number }[]> {
  return store.query(
    `SELECT intDiv(toUnixTimestamp(e.ts), 10) * 10 AS at, count() AS errors,
       sum(length(e.body) + length(e.message) + length(e.exception)) AS bytes
     FROM error_events AS e WHERE ${withinSpan} GROUP BY at ORDER BY at`,
    { ...span },
  );
}

/** The errors of a span, sorted by time and then by position in their source. Throws `StoreError`. */
export async function readStoredErrors(store: Store, span: TimeSpan): Promise<StoredError[]> {
  const rows = await store.query<{ line: string; headers: Record<string, string> }>(
    `SELECT formatRow('TabSeparated', ${storedColumns.map((name) => `e.${name}`).join(', ')}) AS line, e.headers AS headers
     FROM error_events AS e WHERE ${withinSpan} ORDER BY e.ts, e.topic, e.partition, e.offset, e.part`,
    { ...span },
  );
  return rows.map(({ line, headers }) => storedError(line.slice(0, -1), headers));
}

/** Reads a row of `storedColumns`. */
export function storedError(row: string, headers: Readonly<Record<string, string>>): StoredError {
  const fields = parseTsvRow(row);
  const text = (column: StoredColumn): string => fields[storedColumns.indexOf(column)] ?? '';
  const number = (column: StoredColumn): number => Number(text(column));
  const wait = number('wait_seconds');
  return {
    row,
    headers,
    ts: timeOf(text('ts')),
    request_id: text('request_id'),
    dimensions: callerDimensions.map(text),
    status: number('status'),
    judged: {
      class: text('class'),
      subclass: text('subclass'),
      rule: text('rule'),
      generation: text('generation'),
      retry: text('retry'),
      fault: text('fault'),
      // NULL is written as `\N`.
      wait_seconds: Number.isNaN(wait) ? null : wait,
    },
    message: text('message'),
    body: text('body'),
    exception: text('exception'),
    latency_ms: number('latency_ms'),
    input_tokens: number('input_tokens'),
    output_tokens: number('output_tokens'),
    cost_usd: number('cost_usd'),
    retry_count: number('retry_count'),
    taxonomy_version: number('taxonomy_version'),
    topic: text('topic'),
    partition: number('partition'),
    offset: number('offset'),
    part: number('part'),
    inserted_on: Math.floor(timeOf(text('inserted_at')) / 86_400_000),
  };
}

function timeOf(text: string): number {
  return Date.parse(`${text.replace(' ', 'T')}Z`);
}

/** The row of an error with another judgement. `rules` is the version of the rules that gave it. */
export function rejudgedRow({ row }: StoredError, judged: StoredJudgement, rules: number): string {
  const fields = row.split('\t');
  const set = (column: StoredColumn, value: string | number | null): void => {
    fields[storedColumns.indexOf(column)] = tsvFields([value]);
  };
  for (const name of judgedColumns) set(name, judged[name]);
  set('taxonomy_version', rules);
  return fields.join('\t');
}

export const judgedColumns = [
  'class',
  'subclass',
  'rule',
  'generation',
  'retry',
  'fault',
  'wait_seconds',
] as const;
