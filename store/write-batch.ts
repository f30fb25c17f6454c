import { callerDimensions } from '../domain/count-row.ts';
import type { Insert, Store } from './store.ts';
import type { NativeRows } from './native-block.ts';
import { tsvRow, tsvTime } from './tsv.ts';

/**
 * The rows that one batch adds: counts as a Native block, failures and dead letters as TabSeparated bytes; null when
 * there are none.
 */
export interface RowBodies {
  counts: NativeRows | null;
  events: Buffer | null;
  dead: Buffer | null;
}

const DAY_MS = 86_400_000;

/** Requests of one day (UTC) of event time. */
export interface DayCount {
  /** Days since the epoch. */
  day: number;
  counted: number;
  failed: number;
}

/** A row of the ledger. `to` is exclusive. */
export interface LedgerEntry {
  topic: string;
  partition: number;
  incarnation: number;
  kind: 'batch' | 'lost' | 'replay';
  from: number;
  to: number;
  counted: number;
  failed: number;
  skipped: number;
  dead: number;
  holes: number;
  extra: number;
  /** Event times, epoch ms; null when nothing was counted. */
  first_ts: number | null;
  last_ts: number | null;
  /** `counted` and `failed` by day of event time. */
  days: readonly DayCount[];
  /** The fields that were left out of counted records because they were unreadable, and in how many records. */
  dropped: ReadonlyMap<string, number>;
  topic_id: string;
  last_digest: string;
  worker: string;
  detail: string;
  /** Null when no value of a dimension was checked. */
  names: NamesEntry | null;
}

/** Names that this batch was the first to count, and its requests that were counted under `(other)`. */
export interface NamesEntry {
  /** Days since the epoch. */
  day: number;
  added: readonly { dimension: string; value: string }[];
  /** Requests by dimension. */
  folded: ReadonlyMap<string, number>;
}

export const eventColumns = [
  'ts',
  'request_id',
  ...callerDimensions,
  'status',
  'class',
  'subclass',
  'rule',
  'generation',
  'retry',
  'fault',
  'wait_seconds',
  'type',
  'code',
  'message',
  'body',
  'exception',
  'headers',
  'latency_ms',
  'input_tokens',
  'output_tokens',
  'cost_usd',
  'retry_count',
  'stream',
  'taxonomy_version',
  'topic',
  'partition',
  'offset',
  'part',
] as const;

export const deadColumns = [
  'topic',
  'partition',
  'offset',
  'part',
  'reason',
  'detail',
  'body',
  'size',
] as const;

const ledgerColumns = [
  'topic',
  'partition',
  'incarnation',
  'kind',
  'from_offset',
  'to_offset',
  'counted',
  'failed',
  'skipped',
  'dead',
  'holes',
  'extra',
  'first_ts',
  'last_ts',
  'days',
  'day_counted',
  'day_failed',
  'by_day',
  'dropped_fields',
  'dropped_counts',
  'topic_id',
  'last_digest',
  'worker',
  'detail',
  'names_day',
  'name_dimensions',
  'names',
  'folded_dimensions',
  'folded',
] as const;

/**
 * The inserts of a batch in the order in which they are sent. The ledger comes last, because its row says that the
 * other rows are stored. All have the batch's token, so each can be repeated. `more`: further ledger rows of the same
 * partition.
 */
export function batchInserts(
  rows: RowBodies,
  entry: LedgerEntry,
  token: string,
  more: readonly LedgerEntry[] = [],
): Insert[] {
  const inserts: Insert[] = [];
  const own = { token, home: homeOf(entry) };
  if (rows.events !== null)
    inserts.push({ table: 'error_events', columns: eventColumns, body: rows.events, ...own });
  if (rows.counts !== null)
    inserts.push({ table: 'request_counts', format: 'Native', ...rows.counts, ...own });
  if (rows.dead !== null)
    inserts.push({ table: 'dead_letters', columns: deadColumns, body: rows.dead, ...own });
  inserts.push(ledgerInsert(entry, token, more));
  return inserts;
}

/** The insert of ledger rows of one partition. */
export function ledgerInsert(entry: LedgerEntry, token: string, more: readonly LedgerEntry[] = []): Insert {
  return {
    table: 'ingest_batches',
    columns: ledgerColumns,
    body: Buffer.from([entry, ...more].map(ledgerRow).join('')),
    token,
    home: homeOf(entry),
  };
}

/** Sends the inserts one after the other. Throws the first `StoreError`. A repeated insert is stored once. */
export async function writeInserts(store: Store, inserts: readonly Insert[]): Promise<void> {
  for (const insert of inserts) await store.insert(insert);
}

function homeOf({ topic, partition }: LedgerEntry): { topic: string; partition: number } {
  return { topic, partition };
}

function ledgerRow(entry: LedgerEntry): string {
  return tsvRow([
    entry.topic,
    entry.partition,
    entry.incarnation,
    entry.kind,
    entry.from,
    entry.to,
    entry.counted,
    entry.failed,
    entry.skipped,
    entry.dead,
    entry.holes,
    entry.extra,
    entry.first_ts === null ? null : tsvTime(entry.first_ts),
    entry.last_ts === null ? null : tsvTime(entry.last_ts),
    entry.days.map(({ day }) => dateOf(day)),
    entry.days.map(({ counted }) => counted),
    entry.days.map(({ failed }) => failed),
    true,
    [...entry.dropped.keys()],
    [...entry.dropped.values()],
    entry.topic_id,
    entry.last_digest,
    entry.worker,
    entry.detail,
    dateOf(Math.max(0, entry.names?.day ?? 0)),
    entry.names?.added.map(({ dimension }) => dimension) ?? [],
    entry.names?.added.map(({ value }) => value) ?? [],
    [...(entry.names?.folded.keys() ?? [])],
    [...(entry.names?.folded.values() ?? [])],
  ]);
}

function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
