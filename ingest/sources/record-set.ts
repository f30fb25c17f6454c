import type { CodecName } from './codecs.ts';

/** The header of one stored record batch (format 2), and its records, which are compressed unless `codec` is null. */
export interface RecordBatch {
  firstOffset: number;
  /** Offset of the last record in the batch as written, even if compaction removed that record. */
  lastOffset: number;
  count: number;
  codec: CodecName | null;
  /** A transaction marker: it has an offset, but no content for a reader. */
  control: boolean;
  /** Time of the first record, epoch ms; -1: unknown. */
  firstWritten: number;
  /** When the broker appended the batch, epoch ms, if the topic uses this time for its records; otherwise null. */
  appended: number | null;
  records: Buffer;
}

/**
 * Visits one record. Its value is the unpacked bytes from `start` to `end`; a tombstone has `end` -1. `written` is its
 * timestamp in epoch ms; negative: it has none.
 */
export type RecordVisitor = (offset: number, start: number, end: number, written: number) => void;

/** The bytes are not a record batch. */
export class RecordBatchError extends Error {
  readonly code = 'undecodable_batch';
  override readonly name = 'RecordBatchError';
}

const headerBytes = 61;
const codecNames = [null, 'gzip', 'snappy', 'lz4', 'zstd'] as const;

/** Length in bytes of the batch that starts at `at`; 0 when it is not complete. */
export function batchLength(set: Buffer, at: number): number {
  if (at + headerBytes > set.length) return 0;
  const length = 12 + set.readInt32BE(at + 8);
  return length >= headerBytes && at + length <= set.length ? length : 0;
}

/** Reads the header of a complete batch. Throws a `RecordBatchError`. */
export function openRecordBatch(batch: Buffer): RecordBatch {
  if (batchLength(batch, 0) !== batch.length)
    throw new RecordBatchError(`a record batch of ${batch.length} bytes is cut`);
  if (batch[16] !== 2) throw new RecordBatchError(`record batch format ${batch[16]} is not known`);
  const attributes = batch.readInt16BE(21);
  const codec = codecNames[attributes & 7];
  if (codec === undefined) throw new RecordBatchError(`compression ${attributes & 7} is not known`);
  const firstOffset = Number(batch.readBigInt64BE(0));
  return {
    firstOffset,
    lastOffset: firstOffset + batch.readInt32BE(23),
    count: batch.readInt32BE(57),
    codec,
    control: (attributes & 0x20) !== 0,
    firstWritten: Number(batch.readBigInt64BE(27)),
    // With this attribute, the newest time of the batch is the time when it was appended.
    appended: (attributes & 0x08) === 0 ? null : Number(batch.readBigInt64BE(35)),
    records: batch.subarray(headerBytes),
  };
}

/**
 * Visits the records from offset `from` on, in order, without making an object per record. `records` are the
 * uncompressed records. Throws a `RecordBatchError` when they end too early.
 */
export function eachRecord(batch: RecordBatch, records: Buffer, from: number, visit: RecordVisitor): void {
  if (batch.control) return;
  const cursor = new Cursor(records);
  for (let index = 0; index < batch.count; index += 1) {
    const length = cursor.varint();
    const end = cursor.at + length;
    if (length < 0 || end > records.length) throw cut(batch, index);
    cursor.at += 1; // attributes, unused
    const later = cursor.varlong();
    const written = batch.appended ?? after(batch.firstWritten, later);
    const offset = batch.firstOffset + cursor.varint();
    const keyLength = cursor.varint();
    if (keyLength > 0) cursor.at += keyLength;
    const valueLength = cursor.varint();
    const start = cursor.at;
    if (start + Math.max(valueLength, 0) > end) throw cut(batch, index);
    if (offset >= from) {
      visit(offset, start, valueLength < 0 ? -1 : start + valueLength, written);
    }
    cursor.at = end; // headers are not read
  }
}

/** The time of a record from the first time of its batch; -1 when the batch has none. */
function after(first: number, difference: number): number {
  return first < 0 ? -1 : first + difference;
}

function cut(batch: RecordBatch, index: number): RecordBatchError {
  return new RecordBatchError(
    `record ${index} of ${batch.count} in the batch at offset ${batch.firstOffset} is cut`,
  );
}

/** The key of the only record of a transaction marker; it says commit or abort. Null when it cannot be read. */
export function controlKey(batch: RecordBatch): Buffer | null {
  const cursor = new Cursor(batch.records);
  cursor.varint();
  cursor.at += 1;
  cursor.varlong();
  cursor.varint();
  const length = cursor.varint();
  return length < 0 || cursor.at + length > batch.records.length
    ? null
    : batch.records.subarray(cursor.at, cursor.at + length);
}

class Cursor {
  at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** A zigzag number of 32 bits. After the end of the bytes it reads zeros, which the checks of the caller detect. */
  varint(): number {
    let byte = this.#bytes[this.at++] ?? 0;
    let value = byte & 0x7f;
    for (let shift = 7; byte > 0x7f && shift < 35; shift += 7) {
      byte = this.#bytes[this.at++] ?? 0;
      value |= (byte & 0x7f) << shift;
    }
    return (value >>> 1) ^ -(value & 1);
  }

  /** A zigzag number of 64 bits, exact up to 2^53. */
  varlong(): number {
    let byte = this.#bytes[this.at++] ?? 0;
    let value = byte & 0x7f;
    for (let scale = 128; byte > 0x7f && scale < 2 ** 70; scale *= 128) {
      byte = this.#bytes[this.at++] ?? 0;
      value += (byte & 0x7f) * scale;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
