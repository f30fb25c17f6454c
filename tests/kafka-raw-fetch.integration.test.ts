import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { CompressionTypes, Kafka, logLevel } from 'kafkajs';
import { beforeAll, expect, it } from 'vitest';
import {
  type DecodeMessages,
  isRawMessage,
  type RawMessage,
  rawDecodeMessages,
} from '../ingest/sources/raw-fetch.ts';
import { rawRecords } from '../ingest/sources/raw-records.ts';
import { describeWithKafka } from './kafka/describe-with-kafka.ts';

const require = createRequire(import.meta.url);

interface Seen {
  values: string[];
  /** Half-open ranges of offsets that batches or skipped batches covered. */
  ranges: [number, number][];
}

await describeWithKafka('record batches that pass the client undecoded', (kafka) => {
  beforeAll(() => {
    // The client loads this module at its first fetch. It then gets the module that was put into the cache here.
    const path = require.resolve('kafkajs/src/protocol/requests/fetch/v4/decodeMessages');
    const original: DecodeMessages = require(path);
    const entry = require.cache[path];
    if (entry) entry.exports = rawDecodeMessages(original);
  });

  it('leave out aborted transactions, and every offset is covered by a batch', async () => {
    const topic = await kafka.createTopic();
    const client = new Kafka({ brokers: kafka.brokers, logLevel: logLevel.NOTHING });
    const producer = client.producer({
      transactionalId: randomUUID(),
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await producer.connect();
    for (const [outcome, values] of [
      ['commit', ['a', 'b']],
      ['abort', ['never', 'seen']],
      ['abort', ['nor this']],
      ['commit', ['c']],
    ] as const) {
      const transaction = await producer.transaction();
      await transaction.send({
        topic,
        messages: values.map((value) => ({ value })),
        compression: CompressionTypes.GZIP,
      });
      await transaction[outcome]();
    }
    await producer.disconnect();

    // The log has six records and four markers.
    const seen = await consumeUntil(client, topic, 10);
    expect(seen.values).toEqual(['a', 'b', 'c']);
    expect(seen.ranges.at(0)?.[0]).toBe(0);
    expect(seen.ranges.at(-1)?.[1]).toBe(10);
    for (const [index, [from]] of seen.ranges.entries()) {
      if (index > 0) expect(from).toBe(seen.ranges[index - 1]?.[1]);
    }
  });
});

async function consumeUntil(client: Kafka, topic: string, end: number): Promise<Seen> {
  const consumer = client.consumer({ groupId: topic, maxWaitTimeInMs: 100, maxBytesPerPartition: 100 });
  const seen: Seen = { values: [], ranges: [] };
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  try {
    await new Promise<void>((resolve, reject) => {
      const cover = (from: number, to: number): void => {
        seen.ranges.push([from, to]);
        if (to >= end) resolve();
      };
      consumer.on('consumer.crash', ({ payload }) => !payload.restart && reject(payload.error));
      consumer.on('consumer.start_batch_process', ({ payload }) => {
        if (payload.batchSize === 0) cover(seen.ranges.at(-1)?.[1] ?? 0, Number(payload.lastOffset) + 1);
      });
      consumer
        .run({
          autoCommit: false,
          eachBatchAutoResolve: false,
          eachBatch: async (payload) => {
            const { batch } = payload;
            const from = 'fetchedOffset' in batch ? Number(batch.fetchedOffset) : -1;
            const { records } = await rawRecords(rawOnly(batch.messages), from);
            for (const { value } of records) seen.values.push(String(value));
            payload.resolveOffset(batch.lastOffset());
            cover(from, Number(batch.lastOffset()) + 1);
          },
        })
        .catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
  return seen;
}

const rawOnly = (messages: readonly object[]): RawMessage[] => messages.filter(isRawMessage);
