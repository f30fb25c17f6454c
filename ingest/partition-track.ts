import type { PartitionReport, ReportedPartition, StandReason } from '../store/queries/ingest-state.ts';
import type { PartitionStatus } from './worker-status.ts';

/** What is remembered of a partition between two reports. Times are epoch ms of the worker's clock. */
export interface Track {
  /** Everything before this offset is stored; -1: the start is not decided. */
  next: number;
  /** The end of the log when it was last learned; null: unknown. */
  end: number | null;
  /** When the stored offset last changed, or when the partition was last seen without waiting records. */
  movedAt: number;
  /** Everything that had arrived by this time is stored. */
  storedAt: number;
  /**
   * The end of the log at the time `at`. Once everything before this end is stored, everything that had arrived by `at`
   * is stored.
   */
  mark: { at: number; end: number } | null;
}

/**
 * Starts to follow a partition at `now`, from the last report of its previous owner. So a partition that makes no
 * progress still shows none under a new owner, and a worker that crashes repeatedly does not look like progress.
 */
export function begin(before: ReportedPartition | null, storeNow: number, now: number): Track {
  if (before === null) return { next: -1, end: null, movedAt: now, storedAt: now, mark: null };
  const waits = before.behind > 0 || before.reason !== '';
  return {
    next: before.next_offset,
    end: null,
    movedAt: waits ? Math.min(now, before.moved_at) : now,
    storedAt: now - Math.max(0, storeNow - before.stored_until) * 1000,
    mark: null,
  };
}

/** Updates the track with the stored offset and with the end of the log and the time when it was last learned. Pure. */
export function follow(
  track: Track,
  status: Pick<PartitionStatus, 'stored' | 'unwritten' | 'known_at'>,
  now: number,
): Track {
  const next = status.stored < 0 ? track.next : status.stored;
  const { known_at: knownAt, unwritten } = status;
  // While the start is decided again, the last known end of the log stays valid.
  const end = unwritten === null ? track.end : next + unwritten;
  let { movedAt, storedAt, mark } = track;
  if (track.next >= 0 && next !== track.next) movedAt = now;
  if (mark !== null && next >= mark.end) {
    storedAt = Math.max(storedAt, mark.at);
    mark = null;
  }
  if (unwritten !== null && end !== null && knownAt !== null) {
    if (next >= end) {
      storedAt = Math.max(storedAt, knownAt);
      movedAt = Math.max(movedAt, knownAt);
      mark = null;
    } else mark ??= { at: knownAt, end };
  }
  return { next, end, movedAt, storedAt, mark };
}

/**
 * The report on the partition at `now`. `reached`: time of the oldest request of the newest batch, which shows how much
 * of a backlog is done; null when unknown.
 */
export function reportOf(
  id: { topic: string; partition: number },
  track: Track,
  said: { state: PartitionReport['state']; reason: StandReason; reached: number | null },
  now: number,
): PartitionReport {
  const { next, end, movedAt, storedAt } = track;
  return {
    topic: id.topic,
    partition: id.partition,
    state: said.state,
    reason: said.reason,
    next_offset: next,
    behind: end === null ? 0 : Math.max(0, end - next),
    stored_age_ms: now - Math.max(storedAt, said.reached ?? storedAt),
    still_ms: now - movedAt,
    moved_at: movedAt,
  };
}
