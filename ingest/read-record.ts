import type { Decoded } from '../domain/request-log.ts';
import type { FoldedIds, Privacy } from '../domain/settings.ts';
import { Cleaner } from './fields/clean.ts';
import { createDecoder, type DecoderOptions, LARGEST_BYTES } from './formats/decode.ts';
import { type PlainRecord, PlainReader, type Wanted } from './native-bytes/plain-reader.ts';
import type { PartitionId } from './partition-id.ts';
import type { BatchRows } from './rows/batch-rows.ts';
import { dimensionSets } from './rows/dimension-sets.ts';
import { failureOf } from './rows/judged-error.ts';
import type { RawRecord } from './sources/source.ts';

/** Reads records. It holds everything that a worker needs to know of formats and secrets. */
export interface RecordReader {
  /**
   * Reads a plain native record without JSON.parse. Null when the record must be decoded, or is not wanted. The result
   * is valid until the next call.
   */
  readPlain(record: RawRecord, now: number, wanted: Wanted): PlainRecord | null;
  /** `written`: when the record was written, according to its source; both times are epoch ms. */
  decode(value: Buffer | null, now: number, written: number): Decoded;
  /** The text of a rejected record with secrets removed, so that it can be stored. */
  redact(value: Buffer | null): string;
}

/** Makes the reader of a worker. Throws when the mapping of the format is wrong. */
export function createRecordReader(
  options: DecoderOptions & { privacy?: Privacy; names?: { ids: FoldedIds } },
): RecordReader {
  const cleaner = new Cleaner(options.privacy, options.names?.ids);
  const reader = new PlainReader(cleaner);
  // Only with these two formats can a message be a native record.
  const mayBeNative = options.format === 'auto' || options.format === 'native';
  return {
    readPlain: ({ bytes, start, end }, now, wanted) =>
      mayBeNative && end > start && end - start <= LARGEST_BYTES
        ? reader.read(bytes, start, end, now, wanted)
        : null,
    decode: createDecoder(options, cleaner),
    redact: (value) => (value === null ? '' : cleaner.message(value)),
  };
}

/**
 * Adds the records of one partition to rows: plain successes at once, and all others together in `finish`, which is far
 * faster than alternating between the two.
 */
export class RecordAdder {
  readonly #reader: RecordReader;
  readonly #id: PartitionId;
  readonly #others: RawRecord[] = [];
  /** When each record of `#others` was written, epoch ms; negative: unknown. */
  readonly #written: number[] = [];

  constructor(reader: RecordReader, id: PartitionId) {
    this.#reader = reader;
    this.#id = id;
  }

  /** `written` is negative when the source does not give it; both times are epoch ms. */
  add(rows: BatchRows, record: RawRecord, { written, now }: { written: number; now: number }): void {
    const plain = this.#reader.readPlain(record, now, 'success');
    if (plain === null) {
      this.#others.push(record);
      this.#written.push(written);
    } else rows.addSuccess(plain, plain.dimensionSet);
  }

  /** Must be called before the rows are written, and before records are added to other rows. */
  finish(rows: BatchRows, now: number): void {
    for (const [i, record] of this.#others.entries())
      addRecord(rows, this.#reader, record, this.#id, { written: this.#written[i] ?? -1, now });
    this.#others.length = 0;
    this.#written.length = 0;
  }
}

/** Adds a record that is not a plain success: a failure, several requests, or bytes that cannot be decoded. */
function addRecord(
  rows: BatchRows,
  reader: RecordReader,
  record: RawRecord,
  id: PartitionId,
  { written, now }: { written: number; now: number },
): void {
  const at = (part: number) => ({ topic: id.topic, partition: id.partition, offset: record.offset, part });
  const plain = reader.readPlain(record, now, 'failure');
  if (plain !== null) {
    rows.add(plain, plain.dimensionSet, plain.failure, at(0));
    return;
  }
  const { value } = record;
  const decoded = reader.decode(value, now, written < 0 ? now : written);
  switch (decoded.kind) {
    case 'ok': {
      const rejected = decoded.rejected ?? [];
      decoded.records.forEach((log, part) => rows.add(log, dimensionSets.of(log), failureOf(log), at(part)));
      for (const bad of rejected)
        rows.reject(bad.reason, bad.detail, bad.body, Buffer.byteLength(bad.body), at(bad.part));
      const skipped = decoded.skipped ?? [];
      for (const reason of skipped) rows.skip(reason);
      for (const field of decoded.dropped ?? []) rows.drop(field);
      rows.totals.extra += decoded.records.length + rejected.length + skipped.length - 1;
      return;
    }
    case 'skip':
      rows.skip(decoded.reason);
      return;
    case 'reject':
      rows.reject(decoded.reason, decoded.detail, reader.redact(value), record.size, at(0));
      return;
  }
}
