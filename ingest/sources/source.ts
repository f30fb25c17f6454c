import type { PartitionId } from '../partition-id.ts';
import type { StartRules } from '../start-rules.ts';

/** A record where it lies in the bytes of its fetch: a Buffer of its own would weigh more than all else about it. */
export class RawRecord {
  readonly offset: number;
  readonly bytes: Buffer;
  readonly start: number;
  /** Exclusive; -1: a tombstone. */
  readonly end: number;

  /** Without a place, the value is all of `bytes`. */
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

  /** Bytes of the value. */
  get size(): number {
    return Math.max(0, this.end - this.start);
  }
}

const nothing = Buffer.alloc(0);

/** Consecutive records of one partition as one fetch brought them. */
export interface Chunk extends PartitionId {
  /** The offset that was asked for. */
  from: number;
  /** Exclusive; beyond the last record where control records or compaction left holes. */
  to: number;
  records: readonly RawRecord[];
  /**
   * When the source says that each record was written, or all were, epoch ms; negative or absent: it does not say. The same
   * whenever they are read again.
   */
  written?: readonly number[] | number;
  /** Ranges whose bytes cannot be read at all: damaged or packed in a way nobody can unpack. */
  unreadable?: readonly { from: number; to: number; reason: string }[];
  /** Next offset of the log, for lag; null when unknown. */
  highWatermark: number | null;
}

/** What the worker does with what a source brings. Calls are synchronous: nothing is waited for. */
export interface Sink {
  /**
   * A new assignment; it replaces the former one. Nothing of it is read before `seek` and `resume`. Under the epoch of
   * the present one it adds to it: partitions that are held go on, and those not named are given up once they are written.
   */
  assigned(epoch: number, partitions: readonly PartitionId[]): void;
  /** The assignment is over: nothing may be announced or begun until the next one. */
  revoked(): void;
  chunk(epoch: number, chunk: Chunk): void;
  /** A topic was deleted and created again while it was being read. */
  recreated(epoch: number, topic: string): void;
  /** Topics to be read that do not exist at present; called when they change. */
  missing(topics: readonly string[]): void;
}

export interface Committed {
  /** -1: none. */
  offset: number;
  metadata: string | null;
}

/**
 * Why a commit did not happen: `fenced`: the group went on without this worker (a newer generation, or the
 * assignment is over); `no_topic`: the topic does not exist at present; `unreachable`: no proof of success, try again.
 */
export class CommitError extends Error {
  readonly code: 'fenced' | 'no_topic' | 'unreachable';
  constructor(code: CommitError['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'CommitError';
    this.code = code;
  }
}

/** Where records come from. One file for each; the worker knows only this. */
export interface Source {
  /** How a start is decided; that of a consumer group unless given. */
  readonly starts?: StartRules;
  /** Reads until `stop`, or to the end of what there is. Rejects when reading cannot go on. */
  run(sink: Sink): Promise<void>;
  seek(partition: PartitionId, offset: number): void;
  pause(partition: PartitionId): void;
  resume(partition: PartitionId): void;
  /** Resolves when the commit is proven under the given epoch; throws `CommitError`. */
  commit(epoch: number, partition: PartitionId, offset: number, metadata: string): Promise<void>;
  committed(partitions: readonly PartitionId[]): Promise<Committed[]>;
  logOffsets(partitions: readonly PartitionId[]): Promise<{ earliest: number; latest: number }[]>;
  /** The broker's id of a topic; empty where it tells none. */
  topicId(topic: string): string;
  /** Leaves the group and closes connections. */
  stop(): Promise<void>;
}
