import type { AssignedPartition } from './assigned-partition.ts';
import type { PartitionId } from './partition-id.ts';

/** The status of one partition, as health, metrics and reports show it. */
export interface PartitionStatus extends PartitionId {
  /** The start is not decided yet. */
  starting: boolean;
  paused: boolean;
  halted: boolean;
  /**
   * Number of offsets that are not written, up to the known end of the log; null when the end is unknown or the start
   * is not decided.
   */
  unwritten: number | null;
  /** Everything before this offset is stored; -1 until the start is decided. */
  stored: number;
  /** When the end of the log was last learned, epoch ms; null: never. */
  known_at: number | null;
  /** Event time of the newest request in the oldest batch that is not written, epoch ms; null when there is none. */
  waiting_ts: number | null;
}

export interface WorkerStatus {
  partitions: PartitionStatus[];
  /** Estimated size of the rows that are not written. */
  held_bytes: number;
  /** When the loop last ran, monotonic ms; null before its first run. */
  ticked_at: number | null;
}

/** The status of a partition. */
export function statusOf({ id, batcher, state, paused }: AssignedPartition): PartitionStatus {
  const { phase, lag, lagAt, stored, haltedUntil } = state;
  return {
    ...id,
    starting: phase === 'starting',
    paused,
    halted: haltedUntil !== null,
    unwritten: batcher === null || lag === null ? null : lag + Math.max(0, batcher.position - stored),
    stored,
    known_at: lagAt,
    waiting_ts: batcher?.oldest?.rows.totals.last_ts ?? null,
  };
}
