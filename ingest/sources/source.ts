import type { PartitionId } from '../partition-id.ts';
import type { StartRules } from '../start-rules.ts';

/**
 * A record as a position in the bytes of its fetch. A Buffer of its own would need more memory than all other members
 * of the record.
 */
export class RawRecord {
  readonly offset: number;
  readonly bytes: Buffer;
  readonly start: number;
  /** Exclusive; -1: a tombstone. */
  readonly end: number;

  /** Without `start` and `end`, the value is all of `bytes`. */
  constructor(offset: number, bytes: Buffer | null, start = 0, end = bytes === null ? -1 : bytes.length) {
    this.offset = offset;
    this.bytes = bytes ?? nothing;
    this.start = start;
    this.end = end;
  }

  /** A view of the value; null for a tombstone. */
  get value(): Buffer | null {
    return this.end < 0 ? null : this.bytes.subarray(this.start, this.end);
  }

  /** Length of the value in bytes. */
  get size(): number {
    return Math.max(0, this.end - this.start);
  }
}

const nothing = Buffer.alloc(0);

/** Consecutive records of one partition, as one fetch brings them. */
export interface Chunk extends PartitionId {
  /** The offset that was requested. */
  from: number;
  /** Exclusive; it may be beyond the last record when control records or compaction leave gaps. */
  to: number;
  records: readonly RawRecord[];
  /**
   * When the records were written according to the source, epoch ms: one time for each record, or one for all. Negative
   * or absent: unknown. The same each time the records are read.
   */
  written?: readonly number[] | number;
  /** Ranges whose bytes cannot be read: they are damaged, or compressed in an unknown way. */
  unreadable?: readonly { from: number; to: number; reason: string }[];
  /** The offset that the next record of the log will have, used for the lag; null when unknown. */
  highWatermark: number | null;
}

/** Receives what a source brings. Calls are synchronous, so that a source never waits. */
export interface Sink {
  /**
   * A new assignment, which replaces the previous one. Nothing of it is read before `seek` and `resume`. A call with
   * the epoch of the present assignment changes that assignment instead: partitions that are named in both continue,
   * and those that are no longer named are given up once they are stored.
   */
  assigned(epoch: number, partitions: readonly PartitionId[]): void;
  /** The assignment is over: nothing may be announced or started until the next one. */
  revoked(): void;
  chunk(epoch: number, chunk: Chunk): void;
  /** A topic was deleted and created again while it was read. */
  recreated(epoch: number, topic: string): void;
  /** Topics to be read that do not exist at present; called when the list changes. */
  missing(topics: readonly string[]): void;
}

export interface Committed {
  /** -1: none. */
  offset: number;
  metadata: string | null;
}

/**
 * Why a commit failed. `fenced`: the group continued without this worker (a newer generation, or the assignment is
 * over). `no_topic`: the topic does not exist at present. `unreachable`: success is not proven; try again.
 */
export class CommitError extends Error {
  readonly code: 'fenced' | 'no_topic' | 'unreachable';
  constructor(code: CommitError['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'CommitError';
    this.code = code;
  }
}

/** Where records come from. Each kind of source is one file; the worker knows only this interface. */
export interface Source {
  /** How the start of a partition is decided; absent: as for a consumer group. */
  readonly starts?: StartRules;
  /** Reads until `stop`, or to the end of the data. Rejects when reading cannot continue. */
  run(sink: Sink): Promise<void>;
  seek(partition: PartitionId, offset: number): void;
  pause(partition: PartitionId): void;
  resume(partition: PartitionId): void;
  /** Resolves when the commit is proven under the given epoch; throws `CommitError`. */
  commit(epoch: number, partition: PartitionId, offset: number, metadata: string): Promise<void>;
  committed(partitions: readonly PartitionId[]): Promise<Committed[]>;
  logOffsets(partitions: readonly PartitionId[]): Promise<{ earliest: number; latest: number }[]>;
  /** The broker's id of a topic; empty when the broker gives none. */
  topicId(topic: string): string;
  /** Leaves the group and closes connections. */
  stop(): Promise<void>;
}
