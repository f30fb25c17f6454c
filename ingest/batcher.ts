import { RecordAdder, type RecordReader } from './read-record.ts';
import type { PartitionId } from './partition-id.ts';
import type { OffsetRange } from './protocol.ts';
import { recordDigest } from './record-digest.ts';
import { BatchRows } from './rows/batch-rows.ts';
import { type Chunk, RawRecord } from './sources/source.ts';

/**
 * A batch closes at this many requests. Its sums are doubles, which are exact up to 2^53. That is enough for nine
 * million requests with the largest number of tokens that a request may have. A chunk is added as a whole and may
 * exceed the limit, so half of the nine million is reserved for one chunk.
 */
export const MOST_REQUESTS = 4_000_000;

export interface BatchLimits {
  rows: number;
  /** Bytes of the rows that the batch adds. */
  bytes: number;
  age_ms: number;
  quiet_age_ms: number;
}

/**
 * A batch with fewer records than this comes from a quiet partition: it waits for `quiet_age_ms`, if that is longer
 * than `age_ms`.
 */
export const QUIET_RECORDS = 10;

/** One contiguous range that is being counted. `to` grows until the batch closes. */
export interface Batch extends OffsetRange {
  rows: BatchRows;
  records: number;
  bytes: number;
  holes: number;
  /** The record at `to - 1`; null when that offset has no record. */
  last: RawRecord | null;
  /** Monotonic ms. */
  openedAt: number;
  /**
   * The announced range that this batch replays; null for an ordinary batch. The token of the batch is that of the
   * announced range, even if the beginning of the range is lost.
   */
  announced: OffsetRange | null;
}

/**
 * The batches of one partition: one that grows, and those that are closed and wait to be written. A range to be
 * replayed is cut exactly at its boundaries, whatever the limits.
 */
export class Batcher {
  /** Offset of the next expected record. */
  position: number;
  readonly closed: Batch[] = [];
  #open: Batch | null = null;
  #replay: OffsetRange | null;
  readonly #id: PartitionId;
  readonly #adder: RecordAdder;

  constructor(id: PartitionId, at: number, replay: OffsetRange | null, reader: RecordReader) {
    this.#id = id;
    this.position = at;
    this.#replay = replay;
    this.#adder = new RecordAdder(reader, id);
  }

  /** Adds the records of a chunk from the position on. */
  add(chunk: Chunk, now: number, monotonic: number): void {
    const unreadable = [...(chunk.unreadable ?? [])];
    const { written = -1 } = chunk;
    for (const [i, record] of chunk.records.entries()) {
      while ((unreadable[0]?.from ?? record.offset) < record.offset)
        this.#addUnreadable(unreadable.shift(), now, monotonic);
      if (record.offset < this.position) continue;
      this.#advanceTo(record.offset, now, monotonic);
      this.#addRecord(record, typeof written === 'number' ? written : (written[i] ?? -1), now, monotonic);
    }
    for (const range of unreadable) this.#addUnreadable(range, now, monotonic);
    this.#advanceTo(chunk.to, now, monotonic);
    if (this.#open !== null) this.#adder.finish(this.#open.rows, now);
    // A copy, because the record would keep the whole fetch in memory.
    const last = this.#open?.last?.value;
    if (this.#open?.last && last) this.#open.last = new RawRecord(this.#open.last.offset, Buffer.from(last));
  }

  /**
   * Closes the growing batch if it is due: because of its size, or because of its age. A batch whose age is due waits
   * longer if the records that wait would soon fill it. `waiting`: records of the partition that are still to be read.
   * While all writers are busy, age closes nothing: the batch grows instead, so that a busy store gets fewer inserts
   * rather than a queue of them.
   */
  closeIfDue(
    limits: BatchLimits,
    monotonic: number,
    { behind, busy, waiting = 0 }: { behind: boolean; busy: boolean; waiting?: number },
  ): void {
    const batch = this.#open;
    if (batch === null || this.#replaying(batch)) return;
    const share = Math.max(
      batch.records / limits.rows,
      batch.rows.bytes / limits.bytes,
      batch.rows.totals.counted / MOST_REQUESTS,
    );
    const age = monotonic - batch.openedAt;
    const patience = fillsUp(share, batch.records, waiting) ? FILLING : 1;
    if (share >= 1 || (!busy && age >= patience * longestAge(limits, behind, batch.records))) this.close();
  }

  /** Closes the growing batch, whatever its size; a replay stays open until its end. */
  close(): void {
    const batch = this.#open;
    if (batch === null || this.#replaying(batch)) return;
    this.#open = null;
    this.closed.push(batch);
  }

  /** Memory of rows that are not written yet, in bytes. */
  get heldBytes(): number {
    return this.closedBytes + (this.#open?.rows.bytes ?? 0);
  }

  /** Memory of the rows of closed batches, in bytes. */
  get closedBytes(): number {
    return this.closed.reduce((sum, batch) => sum + batch.rows.bytes, 0);
  }

  /** The first batch that is not written. */
  get oldest(): Batch | null {
    return this.closed[0] ?? this.#open;
  }

  get isEmpty(): boolean {
    return this.#open === null && this.closed.length === 0;
  }

  /** Whether a part of the announced range was not read again yet. */
  get owesReplay(): boolean {
    return this.#replay !== null;
  }

  #addRecord(record: RawRecord, written: number, now: number, monotonic: number): void {
    const batch = this.#batch(record.offset, now, monotonic);
    batch.to = record.offset + 1;
    batch.records++;
    batch.bytes += record.size;
    batch.last = record;
    this.position = batch.to;
    this.#adder.add(batch.rows, record, { written, now });
    if (this.#replay !== null && batch.to === this.#replay.to) this.#endReplay(batch, now);
  }

  /** Each offset of a range that cannot be read becomes a dead letter; Kafka still has the bytes. */
  #addUnreadable(
    range: { from: number; to: number; reason: string } | undefined,
    now: number,
    monotonic: number,
  ): void {
    if (range === undefined) return;
    for (let offset = Math.max(range.from, this.position); offset < range.to; offset++) {
      this.#advanceTo(offset, now, monotonic);
      const batch = this.#batch(offset, now, monotonic);
      batch.to = offset + 1;
      batch.records++;
      batch.last = null;
      this.position = batch.to;
      batch.rows.reject('unreadable_batch', range.reason, '', 0, { ...this.#id, offset, part: 0 });
      if (this.#replay !== null && batch.to === this.#replay.to) this.#endReplay(batch, now);
    }
  }

  /** Offsets without a record belong to the range too, so that it is contiguous. */
  #advanceTo(offset: number, now: number, monotonic: number): void {
    while (this.position < offset) {
      const batch = this.#batch(this.position, now, monotonic);
      const end = Math.min(offset, this.#boundaryAfter(this.position));
      batch.holes += end - batch.to;
      batch.to = end;
      batch.last = null;
      this.position = end;
      if (this.#replay !== null && end === this.#replay.to) this.#endReplay(batch, now);
    }
  }

  #batch(offset: number, now: number, monotonic: number): Batch {
    if (this.#open !== null && this.#replay?.from === offset) {
      const before = this.#open;
      this.#adder.finish(before.rows, now);
      this.#open = null;
      this.closed.push(before);
    }
    this.#open ??= {
      from: offset,
      to: offset,
      rows: new BatchRows(),
      records: 0,
      bytes: 0,
      holes: 0,
      last: null,
      openedAt: monotonic,
      announced: null,
    };
    return this.#open;
  }

  #boundaryAfter(offset: number): number {
    if (this.#replay === null) return Number.POSITIVE_INFINITY;
    return offset < this.#replay.from ? this.#replay.from : this.#replay.to;
  }

  #replaying(batch: Batch): boolean {
    return this.#replay !== null && batch.from >= this.#replay.from;
  }

  #endReplay(batch: Batch, now: number): void {
    this.#adder.finish(batch.rows, now);
    batch.announced = this.#replay;
    this.#replay = null;
    this.#open = null;
    this.closed.push(batch);
  }
}

/**
 * How many times longer a batch waits when the records that are still to be read will fill it. So a machine that reads
 * slowly writes large batches, too.
 */
const FILLING = 3;

/** Whether a batch will be full once the `waiting` records are added; `records` records have filled it to `share`. */
function fillsUp(share: number, records: number, waiting: number): boolean {
  return share > 0 && waiting * share >= records * (1 - share);
}

/**
 * The age in ms at which a batch closes. For a partition that is behind, small batches would not make data fresh; a few
 * large batches let it catch up sooner.
 */
function longestAge(limits: BatchLimits, behind: boolean, records: number): number {
  const patient = Math.max(limits.age_ms, limits.quiet_age_ms);
  if (behind) return 2 * patient;
  return records < QUIET_RECORDS ? patient : limits.age_ms;
}

/** The digest that lets a later worker recognise the record before `to`. */
export function lastDigest(batch: Batch): string {
  return batch.last === null ? '' : recordDigest(batch.last.value);
}
