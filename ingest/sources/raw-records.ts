import { codecs } from './codecs.ts';
import type { RawMessage } from './raw-fetch.ts';
import { eachRecord, openRecordBatch } from './record-set.ts';
import { RawRecord } from './source.ts';

/** A record batch that cannot be read: its offsets, the reason, and its bytes. */
export interface UnreadableBatch {
  from: number;
  /** Exclusive. */
  to: number;
  reason: string;
  bytes: Buffer;
}

/**
 * The records of fetched batches from offset `from` on, in order, and when each was written, epoch ms (negative:
 * unknown). Never rejects: damaged batches are returned separately.
 */
export async function rawRecords(
  messages: readonly RawMessage[],
  from: number,
): Promise<{ records: RawRecord[]; written: number[]; unreadable: UnreadableBatch[] }> {
  const records: RawRecord[] = [];
  const written: number[] = [];
  const unreadable: UnreadableBatch[] = [];
  for (const { value: bytes } of messages) {
    const batch = openRecordBatch(bytes);
    const before = records.length;
    try {
      const unpacked =
        batch.codec === null ? batch.records : await codecs[batch.codec].decompress(batch.records);
      eachRecord(batch, unpacked, from, (offset, start, end, time) => {
        records.push(new RawRecord(offset, unpacked, start, end));
        written.push(time);
      });
    } catch (error) {
      // The records of a batch are kept all or not at all, so that a damaged batch is one range.
      records.length = before;
      written.length = before;
      const reason = error instanceof Error ? error.message : String(error);
      unreadable.push({ from: Math.max(batch.firstOffset, from), to: batch.lastOffset + 1, reason, bytes });
    }
  }
  return { records, written, unreadable };
}
