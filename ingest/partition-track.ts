import type { PartitionReport, PartitionState, StandReason } from '../store/queries/ingest-state.ts';
import type { PartitionStatus } from './worker-status.ts';

/** What is remembered of a partition from one report to the next. Times are epoch ms by the worker's clock. */
export interface Track {
  /** All before it is stored; -1: where to begin is not decided. */
  next: number;
  /** Where the log ended when it was last learned; null: not known. */
  end: number | null;
  /** When the partition last moved, or was seen to have nothing waiting. */
  movedAt: number;
  /** What had come in by then is stored. */
  storedAt: number;
  /** Where the log ended at a time: once the partition is there, it is stored up to that time. */
  mark: { at: number; end: number } | null;
}

/**
 * Begins to follow a partition at `now`. What its last owner said is taken over: a partition that stands still does so
 * whoever has it, and a worker that crashes again and again does not make it look as if it moved.
 */
export function begin(before: PartitionState | null, storeNow: number, now: number): Track {
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

/** Follows a partition: what it stored, and where its log ended when that was last learned. Pure. */
export function follow(
  track: Track,
  status: Pick<PartitionStatus, 'stored' | 'unwritten' | 'known_at'>,
  now: number,
): Track {
  const next = status.stored < 0 ? track.next : status.stored;
  const { known_at: knownAt, unwritten } = status;
  // While the start is being decided again, the end that was known before still stands.
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
 * What is said of the partition at `now`. `reached`: the oldest request of the newest batch, which is how far a backlog
 * has been worked through; null when unknown.
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
