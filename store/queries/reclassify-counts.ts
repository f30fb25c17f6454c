import type { TimeSpan } from '../../domain/time-span.ts';
import { type CallerDimension, callerDimensions } from '../../domain/count-row.ts';
import type { Store } from '../store.ts';
import { bounded, type CountTable, countTables } from './reconcile.ts';
import { sumTables } from './count-sums.ts';
import { partitionOf } from './reclassify-staged.ts';

/**
 * The length of the intervals of a table of counts in seconds, and its dimensions besides class, subclass and status.
 */
export interface CountShape {
  seconds: number;
  dimensions: readonly CallerDimension[];
  /** True for the only table that has columns for the status and for the limits of headers. */
  isFinest: boolean;
}

/** The shape of a table of counts. */
export function shapeOf(table: CountTable): CountShape {
  const { seconds, lacks } = sumTables[table];
  const without: readonly string[] = table === 'request_counts' ? lacks : [...lacks, 'endpoint'];
  return {
    seconds,
    dimensions: callerDimensions.filter((name) => !without.includes(name)),
    isFinest: table === 'request_counts',
  };
}

/** Failures of one interval with one combination of class, subclass, status and dimensions. */
export interface FailureCount {
  /** Start of the interval, epoch seconds. */
  ts: number;
  class: string;
  subclass: string;
  /** 0 when the table has no status. */
  status: number;
  /** In the order of the table's `CountShape.dimensions`. */
  dimensions: string[];
  requests: number;
}

/** The failures that a table counts in the intervals that touch a span. Throws `StoreError`. */
export async function readFailureCounts(
  store: Store,
  table: CountTable,
  { from, to }: TimeSpan,
): Promise<FailureCount[]> {
  const { seconds, dimensions, isFinest } = shapeOf(table);
  const status = isFinest ? 'c.status' : 'toUInt16(0)';
  return store.query<FailureCount>(
    `SELECT toUnixTimestamp(c.ts) AS ts, c.class AS class, c.subclass AS subclass, ${status} AS status,
       [${dimensions.map((name) => `toString(c.${name})`).join(', ')}] AS dimensions, sum(c.requests) AS requests
     FROM ${table} AS c
     WHERE c.ts >= toDateTime({from:UInt32}, 'UTC') AND c.ts < toDateTime({to:UInt32}, 'UTC') AND c.class != 'ok'
     GROUP BY c.ts, class, subclass, status, dimensions HAVING requests > 0 ${bounded(store)}`,
    { from: Math.floor(from / seconds) * seconds, to: Math.ceil(to / seconds) * seconds },
  );
}

/**
 * Requests of one day (its start, epoch seconds) in each table. The finest table is read last, so that requests which
 * are stored meanwhile are never missing from the finest table only. Throws `StoreError`.
 */
export async function readDayTotals(store: Store, day: number): Promise<Record<CountTable, number>> {
  const totals = { request_counts: 0, request_counts_1m: 0, request_counts_1h: 0 };
  for (const table of countTables.toReversed()) {
    const [row] = await store.query<{ n: number }>(
      `SELECT sum(c.requests) AS n FROM ${table} AS c
       WHERE c.ts >= toDateTime({day:UInt32}, 'UTC') AND c.ts < toDateTime({day:UInt32}, 'UTC') + INTERVAL 1 DAY`,
      { day },
    );
    totals[table] = row?.n ?? 0;
  }
  return totals;
}

/** The tables that have the mark of a unit: a row without requests whose subclass is the mark. Throws `StoreError`. */
export async function readMarked(
  store: Store,
  tables: readonly CountTable[],
  mark: string,
  { from, to }: TimeSpan,
): Promise<CountTable[]> {
  const found: CountTable[] = [];
  for (const table of tables) {
    const { seconds } = shapeOf(table);
    const [row] = await store.query<{ n: number }>(
      `SELECT count() AS n FROM ${table} AS c
       WHERE c.ts >= toDateTime({from:UInt32}, 'UTC') AND c.ts < toDateTime({to:UInt32}, 'UTC') AND c.subclass = {mark:String}`,
      { mark, from: Math.floor(from / seconds) * seconds, to },
    );
    if ((row?.n ?? 0) > 0) found.push(table);
  }
  return found;
}

/** Failures counted since the start of an hour (epoch seconds). Throws `StoreError`. */
export async function readCountedFailures(store: Store, since: number): Promise<number> {
  const [row] = await store.query<{ n: number }>(
    `SELECT sum(c.requests) AS n FROM request_counts_1h AS c
     WHERE c.class != 'ok' AND c.ts >= toDateTime({since:UInt32}, 'UTC')`,
    { since: Math.max(0, since) },
  );
  return row?.n ?? 0;
}

/**
 * Merges the partition that holds a time, so that negative counts are added to the counts that they correct, and
 * deletes the rows that then have no requests. May run again. Throws `StoreError`.
 */
export async function settleCounts(store: Store, table: CountTable, time: number): Promise<void> {
  const partition = partitionOf(table, time);
  await store.command(
    `OPTIMIZE TABLE ${table} PARTITION ID '${partition}' FINAL SETTINGS optimize_throw_if_noop = 1`,
  );
  await store.command(
    `ALTER TABLE ${table} DELETE IN PARTITION ID '${partition}' WHERE requests = 0 SETTINGS mutations_sync = 1`,
  );
  // Earlier releases sometimes did not count a latency. Subtracting such a latency leaves a bucket below 0, which is
  // removed.
  const isBelowZero = 'arrayExists(n -> n >= 9223372036854775808, mapValues(latency_buckets))';
  const [row] = await store.query<{ n: number }>(
    `SELECT count() AS n FROM ${table} WHERE _partition_id = {partition:String} AND ${isBelowZero}`,
    { partition },
  );
  if ((row?.n ?? 0) === 0) return;
  await store.command(
    `ALTER TABLE ${table} UPDATE latency_buckets = mapFilter((_, n) -> n < 9223372036854775808, latency_buckets)
     IN PARTITION ID '${partition}' WHERE ${isBelowZero} SETTINGS mutations_sync = 1`,
  );
}

/** The end of the ledger of each partition. */
export interface CountedEnd {
  topic: string;
  partition: number;
  /** Exclusive: all offsets below it are counted. */
  end: number;
  /**
   * Days since the epoch: the day on which the incarnation was first stored. Rows that were stored earlier belong to an
   * earlier incarnation, all of which is counted.
   */
  since: number;
}

/** The end of what is counted of the newest incarnation of each partition. Throws `StoreError`. */
export async function readCountedEnds(store: Store): Promise<CountedEnd[]> {
  return store.query<CountedEnd>(
    `SELECT topic, partition, argMax(reached, incarnation) AS end, toUInt32(argMax(first, incarnation)) AS since FROM (
       SELECT topic, partition, incarnation, max(to) AS reached, min(stored_on) AS first FROM (
         SELECT topic, partition, incarnation, d.ledger_end.1 AS to, stored_on FROM ingest_days AS d
         UNION ALL
         SELECT topic, partition, incarnation, to_offset AS to, toDate(inserted_at) AS stored_on FROM ingest_batches AS b WHERE NOT b.by_day)
       GROUP BY topic, partition, incarnation)
     GROUP BY topic, partition ${bounded(store)}`,
  );
}
