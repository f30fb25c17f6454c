import type { Decoded, RequestLog } from '../domain/request-log.ts';
import { Fold, type Judgement, recordDigest } from './fold.ts';
import type { OffsetRange } from './protocol.ts';
import type { Chunk, PartitionId, RawRecord } from './sources/source.ts';

/** The pure steps from bytes to rows. */
export interface Steps {
  decode(value: Buffer | null, now: number): Decoded;
  judge(record: RequestLog): Judgement;
  /** Text of a rejected record as it may be stored: secrets removed. */
  redact(value: Buffer | null): string;
}

export interface Limits {
  rows: number;
  bytes: number;
  age_ms: number;
  quiet_age_ms: number;
}

/** A partition with fewer records per `age_ms` than this is quiet: its batch waits `quiet_age_ms`. */
export const QUIET_RECORDS = 10;

/** One contiguous range being folded. `to` grows until the batch closes. */
export interface Batch extends OffsetRange {
  fold: Fold;
  messages: number;
  bytes: number;
  holes: number;
  /** Value of the record at `to - 1`; undefined when that offset is a hole. */
  last: Buffer | null | undefined;
  /** Monotonic ms. */
  openedAt: number;
  /** What was announced, where the beginning of that is gone: the token is of this range. */
  announced: OffsetRange | null;
}

/**
 * The batches of one partition: one that grows and those that are closed and wait to be written.
 * A range to be replayed is cut exactly at its boundaries, whatever the limits say.
 */
export class Gather {
  /** Offset of the next record that belongs here. */
  position: number;
  readonly closed: Batch[] = [];
  #open: Batch | null = null;
  #replay: OffsetRange | null;
  readonly #id: PartitionId;
  readonly #steps: Steps;

  constructor(id: PartitionId, at: number, replay: OffsetRange | null, steps: Steps) {
    this.#id = id;
    this.position = at;
    this.#replay = replay;
    this.#steps = steps;
  }

  /** Folds the records of a chunk that are at or after the position. */
  add(chunk: Chunk, now: number, monotonic: number): void {
    const unreadable = [...(chunk.unreadable ?? [])];
    for (const record of chunk.records) {
      while ((unreadable[0]?.from ?? record.offset) < record.offset)
        this.#addUnreadable(unreadable.shift(), monotonic);
      if (record.offset < this.position) continue;
      this.#advanceTo(record.offset, monotonic);
      this.#addRecord(record, now, monotonic);
    }
    for (const range of unreadable) this.#addUnreadable(range, monotonic);
    this.#advanceTo(chunk.to, monotonic);
    // A copy: a slice would keep the whole fetch in memory.
    if (this.#open?.last) this.#open.last = Buffer.from(this.#open.last);
  }

  /**
   * Closes the growing batch if it is due: by size, or by age where more would not come at once. While nobody could
   * write it, age closes nothing: the batch grows instead, so that a busy store gets fewer inserts, not a queue of them.
   */
  closeIfDue(limits: Limits, monotonic: number, { behind, busy }: { behind: boolean; busy: boolean }): void {
    const batch = this.#open;
    if (batch === null || this.#replaying(batch)) return;
    const full =
      batch.messages >= limits.rows || batch.bytes >= limits.bytes || batch.fold.bytes >= limits.bytes;
    const age = monotonic - batch.openedAt;
    const patient = behind || batch.messages < QUIET_RECORDS;
    if (full || (!busy && age >= (patient ? Math.max(limits.age_ms, limits.quiet_age_ms) : limits.age_ms)))
      this.close();
  }

  /** Closes the growing batch, whatever its size; a replay stays open until its end. */
  close(): void {
    const batch = this.#open;
    if (batch === null || this.#replaying(batch)) return;
    this.#open = null;
    this.closed.push(batch);
  }

  /** Bytes held in rows that are not written yet. */
  get heldBytes(): number {
    return this.closed.reduce((sum, batch) => sum + batch.fold.bytes, this.#open?.fold.bytes ?? 0);
  }

  /** The first range that is not written. */
  get oldest(): Batch | null {
    return this.closed[0] ?? this.#open;
  }

  get isEmpty(): boolean {
    return this.#open === null && this.closed.length === 0;
  }

  /** Not all of the announced range has been read again. */
  get owesReplay(): boolean {
    return this.#replay !== null;
  }

  #addRecord(record: RawRecord, now: number, monotonic: number): void {
    const batch = this.#batch(record.offset, monotonic);
    batch.to = record.offset + 1;
    batch.messages++;
    batch.bytes += record.value?.length ?? 0;
    batch.last = record.value;
    this.position = batch.to;
    foldRecord(batch.fold, this.#steps, record, this.#id, now);
    if (this.#replay !== null && batch.to === this.#replay.to) this.#endReplay(batch);
  }

  /** Each offset of a range that cannot be read is a dead letter; Kafka still holds the bytes. */
  #addUnreadable(range: { from: number; to: number; reason: string } | undefined, monotonic: number): void {
    if (range === undefined) return;
    for (let offset = Math.max(range.from, this.position); offset < range.to; offset++) {
      this.#advanceTo(offset, monotonic);
      const batch = this.#batch(offset, monotonic);
      batch.to = offset + 1;
      batch.messages++;
      batch.last = undefined;
      this.position = batch.to;
      batch.fold.reject('unreadable_batch', range.reason, '', 0, { ...this.#id, offset, part: 0 });
      if (this.#replay !== null && batch.to === this.#replay.to) this.#endReplay(batch);
    }
  }

  /** Offsets without a record belong to the range too, or it would not be contiguous. */
  #advanceTo(offset: number, monotonic: number): void {
    while (this.position < offset) {
      const batch = this.#batch(this.position, monotonic);
      const end = Math.min(offset, this.#boundaryAfter(this.position));
      batch.holes += end - batch.to;
      batch.to = end;
      batch.last = undefined;
      this.position = end;
      if (this.#replay !== null && end === this.#replay.to) this.#endReplay(batch);
    }
  }

  #batch(offset: number, monotonic: number): Batch {
    if (this.#open !== null && this.#replay?.from === offset) {
      const before = this.#open;
      this.#open = null;
      this.closed.push(before);
    }
    this.#open ??= {
      from: offset,
      to: offset,
      fold: new Fold(),
      messages: 0,
      bytes: 0,
      holes: 0,
      last: undefined,
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

  #endReplay(batch: Batch): void {
    batch.announced = this.#replay;
    this.#replay = null;
    this.#open = null;
    this.closed.push(batch);
  }
}

/** The digest by which a later worker recognises the record before `to`. */
export function lastDigest(batch: Batch): string {
  return batch.last === undefined ? '' : recordDigest(batch.last);
}

function foldRecord(fold: Fold, steps: Steps, record: RawRecord, id: PartitionId, now: number): void {
  const decoded = steps.decode(record.value, now);
  const at = (part: number) => ({ topic: id.topic, partition: id.partition, offset: record.offset, part });
  switch (decoded.kind) {
    case 'ok': {
      const rejected = decoded.rejected ?? [];
      decoded.records.forEach((log, part) => fold.add(log, steps.judge(log), at(part)));
      for (const bad of rejected)
        fold.reject(bad.reason, bad.detail, bad.body, Buffer.byteLength(bad.body), at(bad.part));
      fold.totals.extra += decoded.records.length + rejected.length - 1;
      return;
    }
    case 'skip':
      fold.skip();
      return;
    case 'reject':
      fold.reject(
        decoded.reason,
        decoded.detail,
        steps.redact(record.value),
        record.value?.length ?? 0,
        at(0),
      );
      return;
  }
}
