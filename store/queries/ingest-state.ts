import type { Store } from '../store.ts';
import { tsvRow, tsvTime } from '../tsv.ts';

/**
 * `held`: a worker has the partition. `left`: its worker stopped in order, and no other worker has reported it since.
 */
export type AssignmentState = 'held' | 'left';

/** The reason why a worker does not go on with a partition; empty when it knows of none. */
export const standReasons = ['', 'starting', 'refused_rows', 'store', 'broker'] as const;
export type StandReason = (typeof standReasons)[number];

/** What a worker reports about one partition. */
export interface PartitionReport {
  topic: string;
  partition: number;
  state: AssignmentState;
  reason: StandReason;
  /** All offsets before this one are stored; -1: it is not decided yet where reading starts. */
  next_offset: number;
  /** How many offsets from `next_offset` on are known to wait. */
  behind: number;
  /**
   * Age in ms of the time up to which everything that had arrived is stored. In a backlog, it is the age of the
   * requests that are being read, if this age is less.
   */
  stored_age_ms: number;
  /** How long the partition has stood still, ms: since it last moved, or last had nothing waiting. */
  still_ms: number;
  /**
   * The moment since which the partition has stood still, by the worker's clock, epoch ms. It is the same in each
   * report until the partition moves.
   */
  moved_at: number;
}

/**
 * The newest report on a partition. Times are epoch seconds by the store's clock, except `moved_at` (epoch ms by the
 * worker's clock).
 */
export interface ReportedPartition
  extends Pick<
    PartitionReport,
    'topic' | 'partition' | 'state' | 'reason' | 'next_offset' | 'behind' | 'moved_at'
  > {
  worker: string;
  /** When the worker sent the report. */
  at: number;
  /** Everything that had arrived by then is stored. */
  stored_until: number;
  /** When the partition last moved, or last had nothing waiting. */
  still_since: number;
}

/** The state of ingest. `now` is the store's clock, epoch seconds. */
export interface IngestState {
  now: number;
  partitions: readonly ReportedPartition[];
}

/** A partition without a report for this many seconds is forgotten: its topic is no longer read. */
export const FORGOTTEN_SECONDS = 86_400;

/** The newest report on each partition that a worker reported within a day. Throws `StoreError`. */
export async function readIngestState(store: Store): Promise<IngestState> {
  const [clock] = await store.query<{ now: number }>(
    `SELECT toUnixTimestamp64Milli(now64(3, 'UTC')) / 1000 AS now`,
  );
  const rows = await store.query<ReportedPartition>(
    `SELECT topic, partition, worker, state, reason, next_offset, behind,
       toUnixTimestamp64Milli(s.moved_at) AS moved_at,
       toUnixTimestamp64Milli(s.at) / 1000 AS at,
       (toUnixTimestamp64Milli(s.at) - toInt64(s.stored_age_ms)) / 1000 AS stored_until,
       (toUnixTimestamp64Milli(s.at) - toInt64(s.still_ms)) / 1000 AS still_since
     FROM ingest_state AS s FINAL
     WHERE s.at > now64(3, 'UTC') - toIntervalSecond({forgotten:UInt32})
     ORDER BY topic, partition`,
    { forgotten: FORGOTTEN_SECONDS },
  );
  return { now: clock?.now ?? 0, partitions: rows };
}

const columns = [
  'topic',
  'partition',
  'worker',
  'state',
  'reason',
  'next_offset',
  'behind',
  'stored_age_ms',
  'still_ms',
  'moved_at',
] as const;

/** Stores the reports of one worker in one insert. Each call needs a new `token`. Throws `StoreError`. */
export async function writeIngestState(
  store: Store,
  worker: string,
  reports: readonly PartitionReport[],
  token: string,
): Promise<void> {
  if (reports.length === 0) return;
  const rows = reports.map((report) =>
    tsvRow([
      report.topic,
      report.partition,
      worker,
      report.state,
      report.reason,
      report.next_offset,
      report.behind,
      Math.max(0, Math.round(report.stored_age_ms)),
      Math.max(0, Math.round(report.still_ms)),
      tsvTime(report.moved_at),
    ]),
  );
  await store.insert({ table: 'ingest_state', columns, body: Buffer.from(rows.join('')), token });
}
