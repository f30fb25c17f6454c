import { createRequire } from 'node:module';
import { Kafka, logLevel } from 'kafkajs';
import { beforeAll, expect, it } from 'vitest';
import { type RequestVersions, withTopicIds } from '../ingest/sources/topic-ids.ts';
import { describeWithKafka } from './kafka/describe-with-kafka.ts';
import { createTopic } from './kafka/kafka-topics.ts';
import { produceLines } from './kafka/produce.ts';

const require = createRequire(import.meta.url);

await describeWithKafka('topic ids', (kafka) => {
  const told: { topic: string; id: string }[] = [];
  const idsOf = (topic: string): string[] => [
    ...new Set(told.filter((one) => one.topic === topic).map(({ id }) => id)),
  ];

  beforeAll(() => {
    const {
      requests,
    }: { requests: { Metadata: RequestVersions } } = require('kafkajs/src/protocol/requests');
    requests.Metadata = withTopicIds(requests.Metadata, {
      found: (topic, id) => told.push({ topic, id }),
      missed: () => undefined,
    });
  });

  it('do not change what the client knows of cluster, topics and partitions', async () => {
    const topic = await kafka.createTopic({ partitions: 3 });
    const admin = new Kafka({ brokers: kafka.brokers, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    expect(topics[0]?.name).toBe(topic);
    expect(topics[0]?.partitions.map(({ partitionId }) => partitionId).sort()).toEqual([0, 1, 2]);
    expect(topics[0]?.partitions[0]).toMatchObject({ partitionErrorCode: 0, offlineReplicas: [] });
    expect(await admin.listTopics()).toContain(topic);
    expect((await admin.describeCluster()).brokers.map(({ host, port }) => `${host}:${port}`)).toContain(
      kafka.brokers[0],
    );
    await expect(admin.fetchTopicMetadata({ topics: ['is-not-there'] })).rejects.toMatchObject({
      type: 'UNKNOWN_TOPIC_OR_PARTITION',
    });
    await admin.disconnect();
    expect(idsOf(topic)).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
  });

  it('tell a running consumer of a topic that was deleted and created again, before it reads on', async () => {
    const topic = await kafka.createTopic();
    await produceLines(kafka.brokers, topic, ['old 0', 'old 1']);
    const consumer = new Kafka({ brokers: kafka.brokers, logLevel: logLevel.NOTHING }).consumer({
      groupId: topic,
      maxWaitTimeInMs: 100,
      allowAutoTopicCreation: false,
      retry: { initialRetryTime: 100, maxRetryTime: 300, retries: 1_000 },
    });
    const seen: { value: string; ids: number }[] = [];
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ message }) => {
        seen.push({ value: String(message.value), ids: idsOf(topic).length });
      },
    });
    await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(2);
    await kafka.deleteTopic(topic);
    await createTopic(kafka.brokers[0] ?? '', topic, {});
    await produceLines(kafka.brokers, topic, ['new 0', 'new 1', 'new 2']);
    await expect.poll(() => seen.length, { timeout: 20_000 }).toBeGreaterThan(2);
    await consumer.disconnect();
    // The client may begin again or read on at its old position, but by then the topic always has two ids.
    expect(seen[2]?.value).toMatch(/^new/);
    expect(seen[2]?.ids).toBe(2);
  });
});
