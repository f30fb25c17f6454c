import type { Batch } from './kafka-client.ts';
import { isRawMessage } from './raw-fetch.ts';
import { rawRecords } from './raw-records.ts';
import { type Chunk, RawRecord } from './source.ts';

/** The records of a partition from one fetch. */
export async function toChunk(batch: Batch): Promise<Chunk> {
  const from = fetchedOffset(batch);
  const messages: readonly object[] = batch.messages;
  const raw = messages.filter(isRawMessage);
  // Messages in formats older than Kafka 0.11 arrive as the client decodes them.
  const old = batch.messages.filter((message) => !isRawMessage(message));
  const { records, written, unreadable } = await rawRecords(raw, from);
  return {
    topic: batch.topic,
    partition: batch.partition,
    from,
    to: Number(batch.lastOffset()) + 1,
    records:
      old.length === 0
        ? records
        : [...old.map((message) => new RawRecord(Number(message.offset), message.value)), ...records],
    written: old.length === 0 ? written : [...old.map(({ timestamp }) => Number(timestamp)), ...written],
    unreadable,
    highWatermark: Number(batch.highWatermark),
  };
}

/** The client's Batch has the offset that was requested, but its types do not show it. */
function fetchedOffset(batch: Batch): number {
  return 'fetchedOffset' in batch ? Number(batch.fetchedOffset) : Number(batch.firstOffset());
}
