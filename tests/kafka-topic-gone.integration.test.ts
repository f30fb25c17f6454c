import { expect, it } from 'vitest';
import { settingsSchema } from '../domain/settings.ts';
import { openKafka } from '../ingest/sources/kafka.ts';
import { partitionKey } from '../ingest/partition-id.ts';
import { describeWithKafka } from './kafka/describe-with-kafka.ts';
import { createTopic } from './kafka/kafka-topics.ts';
import { produceLines } from './kafka/produce.ts';

await describeWithKafka('a topic that is deleted', (kafka) => {
  it('does not stop the others, is named, and is read when it exists again', async () => {
    const [stays, goes] = [await kafka.createTopic(), await kafka.createTopic()];
    await produceLines(kafka.brokers, stays, ['stays 0']);
    await produceLines(kafka.brokers, goes, ['goes 0']);
    const { kafka: settings } = settingsSchema.parse({
      kafka: { brokers: [...kafka.brokers], topics: [stays, goes], group: stays },
    });
    const source = await openKafka(settings, () => undefined);
    const read: string[] = [];
    const named: (readonly string[])[] = [];
    const next = new Map<string, number>();
    const running = source.run({
      assigned(_epoch, partitions) {
        for (const id of partitions) {
          source.seek(id, next.get(partitionKey(id)) ?? 0);
          source.resume(id);
        }
      },
      revoked: () => undefined,
      chunk(_epoch, chunk) {
        next.set(partitionKey(chunk), chunk.to);
        for (const { value } of chunk.records) read.push(String(value));
      },
      recreated(_epoch, topic) {
        for (const key of next.keys()) if (key.startsWith(topic)) next.delete(key);
        source.seek({ topic, partition: 0 }, 0);
      },
      missing: (topics) => named.push(topics),
    });
    try {
      await expect.poll(() => [...read].sort(), { timeout: 30_000 }).toEqual(['goes 0', 'stays 0']);
      await kafka.deleteTopic(goes);
      await produceLines(kafka.brokers, stays, ['stays 1']);
      await expect.poll(() => read, { timeout: 30_000 }).toContain('stays 1');
      await expect.poll(() => named, { timeout: 30_000 }).toEqual([[goes]]);
      // The other topic is still read: records written from now on arrive, and not only those that were fetched before
      // the client noticed the loss.
      await produceLines(kafka.brokers, stays, ['stays 2']);
      await expect.poll(() => read, { timeout: 30_000 }).toContain('stays 2');
      expect(await source.logOffsets([{ topic: stays, partition: 0 }])).toEqual([{ earliest: 0, latest: 3 }]);
      // If a missing topic looked like an empty log, it would be taken for a topic that was created again, and its
      // records would be counted twice.
      await expect(source.logOffsets([{ topic: goes, partition: 0 }])).rejects.toThrow();
      await createTopic(kafka.brokers[0] ?? '', goes, {});
      await produceLines(kafka.brokers, goes, ['again 0']);
      await expect.poll(() => read, { timeout: 120_000 }).toContain('again 0');
      await expect.poll(() => named.at(-1), { timeout: 30_000 }).toEqual([]);
    } finally {
      await source.stop();
      await running;
    }
  });
});
