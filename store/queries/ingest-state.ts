import type { Store } from '../store.ts';
import { tsvRow, tsvTime } from '../tsv.ts';

/** `held`: a worker has the partition; `left`: its worker stopped in order, and nobody has said to have it since. */
export type AssignmentState = 'held' | 'left';

/** What keeps a worker from going on with a partition, as far as it knows. */
export const standReasons = ['', 'starting', 'refused_rows', 'store', 'broker'] as const;
export type StandReason = (typeof standReasons)[number];

/** What a worker says of one partition. */
export interface PartitionReport {
  topic: string;
  partition: number;
  state: AssignmentState;
  reason: StandReason;
  /** All before it is stored; -1: where to begin is not decided. */
  next_offset: number;
  /** Offsets that are known to wait from there on. */
  behind: number;
  /** So long ago, ms: what had come in by then is stored; within a backlog, the time of the requests that is reached. */
  stored_age_ms: number;
  /** So long ago, ms, it last moved or had nothing waiting. */
  still_ms: number;
  /** The same time by the worker's clock, epoch ms: equal in each report while the partition stands still. */
  moved_at: number;
}

/** The newest report on a partition. Times are epoch seconds by the store's clock. */
export interface PartitionState
  extends Pick<
    PartitionReport,
    'topic' | 'partition' | 'state' | 'reason' | 'next_offset' | 'behind' | 'moved_at'
  > {
  worker: string;
  /** When the worker said so. */
  at: number;
  /** What had come in by then is stored. */
  stored_until: number;
  /** Since then it has neither moved nor had nothing waiting. */
  still_since: number;
}

/** What is known of ingest; `now`: the store's clock, epoch seconds. */
export interface IngestState {
  now: number;
  partitions: readonly PartitionState[];
}

/** A partition that nobody has spoken of for so long is not read any more: its topic is gone. Seconds. */
export const FORGOTTEN_SECONDS = 86_400;

/** The newest report on each partition of which a worker spoke within a day. Throws `StoreError`. */
export async function readIngestState(store: Store): Promise<IngestState> {
  const [clock] = await store.query<{ now: number }>(
    `SELECT toUnixTimestamp64Milli(now64(3, 'UTC')) / 1000 AS now`,
  );
  const rows = await store.query<PartitionState>(
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

/** Stores the reports of one worker in one insert. `token` is another one each time. Throws `StoreError`. */
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
