import { settingsSchema } from '../domain/settings.ts';
import { openKafka } from '../ingest/sources/kafka.ts';
import { describeSource } from './fixtures/source-contract.ts';
import { describeWithKafka } from './kafka/describe-with-kafka.ts';
import { produceLines } from './kafka/produce.ts';

await describeWithKafka('Kafka', (kafka) => {
  describeSource('a topic', { refusesToGoBack: null, ends: false }, async (lines) => {
    const topic = await kafka.createTopic();
    await produceLines(kafka.brokers, topic, lines);
    const { kafka: settings } = settingsSchema.parse({
      kafka: { brokers: [...kafka.brokers], topics: [topic], group: topic },
    });
    return {
      source: await openKafka(settings, () => undefined),
      append: async (more) => void (await produceLines(kafka.brokers, topic, more)),
      close: async () => undefined,
    };
  });
});
