import type { Store } from '../store.ts';
import type { ForgettingTable } from '../retention.ts';

// The queries of `reconcile`: they compare the ledger with the tables by day (reconcile-rows.ts compares single rows).
// ClickHouse makes all sums, and the answers grow with the number of partitions, days and errors found, never with the
// length of the ledger.

/** How many broken links, and how many repeated rows of one table, are read at most. */
export const MOST_FINDINGS = 1_000;

/**
 * Settings that move larger sorting and grouping to disk, because the embedded engine shares the memory of this
 * process. A server has limits of its own, and a user who can only read may not change settings.
 */
export function bounded({ kind }: Store): string {
  return kind === 'server'
    ? ''
    : `SETTINGS max_bytes_before_external_group_by = 60000000, max_bytes_before_external_sort = 60000000,
      max_bytes_ratio_before_external_group_by = 0, max_bytes_ratio_before_external_sort = 0, max_threads = 2, max_block_size = 16384`;
}

/** Sums over the single batches of one incarnation of one partition. */
export interface LedgerSum {
  topic: string;
  partition: number;
  incarnation: number;
  /** Offsets `[from, to)`. */
  from: number;
  to: number;
  counted: number;
  failed: number;
  skipped: number;
  dead: number;
  holes: number;
  /** The highest average of outcomes (counted, skipped, dead) per offset in any batch, rounded up. */
  per_offset: number;
}

/** A batch that does not start where the one before it ended, does not add up, or records a loss. */
export interface BrokenLink {
  topic: string;
  partition: number;
  kind: 'batch' | 'lost';
  from: number;
  to: number;
  /** How many offsets the batch accounts for. */
  accounted: number;
  /** Where the batches before it end; null for the first batch. */
  reached: number | null;
}

/** Requests or failures of a table on one day of event time, according to the ledger. */
export interface LedgerDay {
  table: CountTable | 'error_events';
  /** Null: of all topics together. */
  topic: string | null;
  partition: number | null;
  /** Days since the epoch. */
  day: number;
  /** How many the table must still hold (`least`), and how many were ever stored (`most`). */
  least: number;
  most: number;
}

/** What a table actually holds of one day. */
export type StoredDay = Pick<LedgerDay, 'table' | 'topic' | 'partition' | 'day'> & { stored: number };

export const countTables = ['request_counts', 'request_counts_1m', 'request_counts_1h'] as const;
export type CountTable = (typeof countTables)[number];

/**
 * From when on a table must still hold its rows, epoch seconds. A row that meets either condition must still be there.
 */
export interface Horizon {
  /** Rows whose day of event time starts at or after this. */
  event: number;
  /** Rows that were stored on a day that starts at or after this, whatever their event time. */
  stored: number;
}
export type Horizons = Readonly<Record<ForgettingTable, Horizon>>;

/**
 * Sums of the batches that were stored at or after `since` (epoch seconds), by partition and incarnation. Throws
 * `StoreError`.
 */
export async function readLedgerSums(store: Store, since: number): Promise<LedgerSum[]> {
  return store.query<LedgerSum>(
    `SELECT b.topic AS topic, b.partition AS partition, b.incarnation AS incarnation,
       min(b.from_offset) AS from, max(b.to_offset) AS to, sum(b.counted) AS counted, sum(b.failed) AS failed,
       sum(b.skipped) AS skipped, sum(b.dead) AS dead, sum(b.holes) AS holes,
       max(intDiv(toInt64(b.counted + b.dead + b.skipped) + b.to_offset - b.from_offset - 1, greatest(b.to_offset - b.from_offset, 1))) AS per_offset
     FROM ingest_batches AS b WHERE b.kind != 'replay' AND b.inserted_at >= toDateTime({since:UInt32}, 'UTC')
     GROUP BY topic, partition, incarnation ORDER BY topic, partition, incarnation ${bounded(store)}`,
    { since },
  );
}

/** The end of the ledger by day, and the first day (days since the epoch) on which a batch was stored. */
export type LedgerEndByDay = Pick<LedgerSum, 'topic' | 'partition' | 'incarnation' | 'to'> & {
  stored_from: number;
};

/** The partitions in the ledger by day, also when their single batches are deleted. Throws `StoreError`. */
export async function readLedgerEndsByDay(store: Store): Promise<LedgerEndByDay[]> {
  return store.query(
    `SELECT topic, partition, incarnation, max(ledger_end).1 AS to, toUInt32(min(stored_on)) AS stored_from FROM ingest_days
     GROUP BY topic, partition, incarnation HAVING to >= 0 ORDER BY topic, partition, incarnation`,
  );
}

/**
 * The broken links among batches stored at or after `since`, in order; at most one more than `MOST_FINDINGS`. A chain
 * is whole when its starts without the first equal its ends without the last. Two sums of hashes show this without
 * sorting; only chains that are not whole are sorted and checked batch by batch. Throws `StoreError`.
 */
export async function readBrokenLinks(store: Store, since: number): Promise<BrokenLink[]> {
  const batches = `FROM ingest_batches AS b WHERE b.kind != 'replay' AND b.inserted_at >= toDateTime({since:UInt32}, 'UTC')`;
  const accounted = 'toInt64(b.counted + b.skipped + b.dead + b.holes) - toInt64(b.extra)';
  const broken = `SELECT b.topic, b.partition, b.incarnation ${batches}
    GROUP BY b.topic, b.partition, b.incarnation
    HAVING countIf(b.kind = 'lost' OR ${accounted} != b.to_offset - b.from_offset) > 0
      OR sum(sipHash64(b.from_offset)) + sipHash64(max(b.to_offset)) != sum(sipHash64(b.to_offset)) + sipHash64(min(b.from_offset))`;
  return store.query<BrokenLink>(
    `SELECT topic, partition, kind, from, to, accounted, if(place = 1, NULL, reached) AS reached FROM (
       SELECT b.topic AS topic, b.partition AS partition, b.incarnation AS incarnation, b.kind AS kind,
         b.from_offset AS from, b.to_offset AS to, ${accounted} AS accounted,
         max(b.to_offset) OVER before AS reached, count() OVER before + 1 AS place
       ${batches} AND (b.topic, b.partition, b.incarnation) IN (${broken})
       WINDOW before AS (PARTITION BY b.topic, b.partition, b.incarnation ORDER BY b.from_offset, b.to_offset
         ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))
     WHERE kind = 'lost' OR accounted != to - from OR (place > 1 AND reached != from)
     ORDER BY topic, partition, incarnation, from, to LIMIT {limit:UInt32} ${bounded(store)}`,
    { since, limit: MOST_FINDINGS + 1 },
  );
}

/** Requests by day of event time according to the ledger, for each table of counts. Throws `StoreError`. */
export async function readLedgerCounts(store: Store, horizons: Horizons): Promise<LedgerDay[]> {
  const least = countTables.map((table) => `sumIf(counted, exact AND (${held(table)})) AS ${table}`);
  const rows = await store.query<{ day: number; most: number } & Record<CountTable, number>>(
    `SELECT toUInt32(date) AS day, sum(counted) AS most, ${least.join(', ')} FROM (${ledgerByDay}) GROUP BY day ${bounded(store)}`,
    horizonParams(horizons),
  );
  return rows.flatMap((row) =>
    countTables.map((table) => ({
      table,
      topic: null,
      partition: null,
      day: row.day,
      least: row[table],
      most: row.most,
    })),
  );
}

/**
 * Failures by partition and day of event time according to the ledger, for days that `error_events` may still hold.
 * Throws `StoreError`.
 */
export async function readLedgerFailures(store: Store, horizons: Horizons): Promise<LedgerDay[]> {
  return store.query<LedgerDay>(
    `SELECT 'error_events' AS table, topic, partition, toUInt32(date) AS day,
       sumIf(failed, exact AND (${held('error_events')})) AS least, sum(failed) AS most
     FROM (${ledgerByDay}) WHERE failed > 0 AND (date >= toDate({event_error_events:UInt32}) OR stored_on >= toDate({event_error_events:UInt32}))
     GROUP BY topic, partition, day ${bounded(store)}`,
    horizonParams(horizons),
  );
}

/** Requests that the tables of counts hold, by day. Throws `StoreError`. */
export async function readStoredCounts(store: Store): Promise<StoredDay[]> {
  return store.query<StoredDay>(
    `${countTables
      .map(
        (table) =>
          `SELECT '${table}' AS table, NULL AS topic, NULL AS partition, toUInt32(toDate(c.ts)) AS day, sum(c.requests) AS stored FROM ${table} AS c GROUP BY day`,
      )
      .join(' UNION ALL ')} ${bounded(store)}`,
  );
}

/** Failures that `error_events` holds, by partition and day. Throws `StoreError`. */
export async function readStoredFailures(store: Store): Promise<StoredDay[]> {
  return store.query<StoredDay>(
    `SELECT 'error_events' AS table, e.topic AS topic, e.partition AS partition, toUInt32(toDate(e.ts)) AS day, count() AS stored
     FROM error_events AS e GROUP BY topic, partition, day ${bounded(store)}`,
  );
}

/**
 * Batches of an earlier version that span several days and did not store their requests by day. Throws `StoreError`.
 */
export async function readUnspread(store: Store): Promise<{ batches: number; requests: number }> {
  const [row] = await store.query<{ batches: number; requests: number }>(
    `SELECT count() AS batches, sum(counted) AS requests FROM ingest_batches
     WHERE NOT by_day AND counted > 0 AND toDate(first_ts) != toDate(last_ts)`,
  );
  return row ?? { batches: 0, requests: 0 };
}

/** All failures in the ledger. Throws `StoreError`. */
export async function readLedgerFailed(store: Store): Promise<number> {
  const [row] = await store.query<{ failed: number }>(
    `SELECT sum(failed) AS failed FROM (
       SELECT failed FROM ingest_days UNION ALL SELECT failed FROM ingest_batches WHERE NOT by_day)`,
  );
  return row?.failed ?? 0;
}

/** All topics in the ledger. Throws `StoreError`. */
export async function readLedgerTopics(store: Store): Promise<string[]> {
  const rows = await store.query<{ topic: string }>(
    `SELECT DISTINCT topic FROM (SELECT topic FROM ingest_batches UNION ALL SELECT topic FROM ingest_days) ORDER BY topic`,
  );
  return rows.map(({ topic }) => topic);
}

/**
 * The ledger by day: the sums of the view, and the batches of an earlier version, which store only the times of their
 * first and last request. Such a batch is exact when both times are on one day; otherwise each of its requests may
 * belong to any of its days.
 */
const ledgerByDay = `SELECT d.topic AS topic, d.partition AS partition, d.day AS date, d.stored_on AS stored_on,
    d.counted AS counted, d.failed AS failed, 1 AS exact
  FROM ingest_days AS d
  UNION ALL
  SELECT b.topic AS topic, b.partition AS partition, toDate(b.first_ts) + n AS date, toDate(b.inserted_at) AS stored_on,
    b.counted AS counted, b.failed AS failed, toDate(b.first_ts) = toDate(b.last_ts) AS exact
  FROM ingest_batches AS b
  ARRAY JOIN range(toUInt32(ifNull(toDate(b.last_ts) - toDate(b.first_ts), 0)) + 1) AS n
  WHERE NOT b.by_day AND b.counted > 0`;

function held(table: CountTable | 'error_events'): string {
  return `date >= toDate({event_${table}:UInt32}) OR stored_on >= toDate({stored_${table}:UInt32})`;
}

const DAY = 86_400;

/**
 * Converts times to whole days: the first day that starts at or after the time. `toDate` reads small numbers as days
 * and large ones as seconds.
 */
function horizonParams(horizons: Horizons): Record<string, number> {
  const params: Record<string, number> = {};
  for (const table of [...countTables, 'error_events'] as const) {
    params[`event_${table}`] = Math.ceil(horizons[table].event / DAY);
    params[`stored_${table}`] = Math.ceil(horizons[table].stored / DAY);
  }
  return params;
}
