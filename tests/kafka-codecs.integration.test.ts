import { randomUUID } from 'node:crypto';
import { CompressionCodecs, CompressionTypes, Kafka as Client, logLevel, type Message } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CodecName, codecs } from '../ingest/sources/codecs.ts';
import { describeWithOwnKafka } from './kafka/describe-with-kafka.ts';
import { runKafkaTool } from './kafka/kafka-libs.ts';
import { type Kafka, startKafka } from './kafka/start-kafka.ts';

const types = {
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
} as const satisfies Record<CodecName, CompressionTypes>;
const names = Object.keys(types) as CodecName[];

// A part of each line repeats, so that it compresses well, and a part does not. Together the lines fill several blocks
// of every compression format.
const lines = Array.from({ length: 3_000 }, (_, index) => {
  const noise = Array.from({ length: 6 }, (_, part) =>
    Math.imul(index * 6 + part + 1, 0x9e3779b1).toString(36),
  );
  return JSON.stringify({
    request_id: `req-${index}`,
    status: 429,
    noise,
    text: 'ünïcödé '.repeat(index % 20),
  });
});

// This suite starts its own broker, because one of Kafka's tools reads the broker's files.
await describeWithOwnKafka('compressed topics', () => {
  let kafka: Kafka;

  beforeAll(async () => {
    kafka = await startKafka();
    for (const name of names) CompressionCodecs[types[name]] = () => codecs[name];
  });

  afterAll(() => kafka.stop());

  it.each(names)('reads what the Java producer wrote with %s', async (name) => {
    const topic = randomUUID();
    await kafka.createTopic(topic);
    await runKafkaTool(
      'org.apache.kafka.tools.ConsoleProducer',
      [
        '--bootstrap-server',
        brokerOf(kafka),
        '--topic',
        topic,
        '--compression-codec',
        name,
        '--batch-size',
        '200000',
      ],
      `${lines.join('\n')}\n`,
    );
    expect(await storedCodec(brokerOf(kafka), topic)).toBe(name);
    expect(await consume(kafka.brokers, topic, lines.length)).toEqual(lines);
  });

  it.each(names)('writes %s so that the Java consumer reads it', async (name) => {
    const topic = randomUUID();
    await kafka.createTopic(topic);
    await produce(kafka.brokers, topic, types[name]);
    expect(await storedCodec(brokerOf(kafka), topic)).toBe(name);
    const printed = await runKafkaTool('org.apache.kafka.tools.consumer.ConsoleConsumer', [
      ...`--bootstrap-server ${brokerOf(kafka)} --topic ${topic} --from-beginning`.split(' '),
      ...`--max-messages ${lines.length} --timeout-ms 60000`.split(' '),
    ]);
    expect(printed.trimEnd().split('\n')).toEqual(lines);
  });
});

const brokerOf = (kafka: { brokers: string[] }): string => kafka.brokers[0] ?? '';

const client = (brokers: string[]): Client => new Client({ brokers, logLevel: logLevel.NOTHING });

async function produce(brokers: string[], topic: string, compression: CompressionTypes): Promise<void> {
  const producer = client(brokers).producer();
  await producer.connect();
  await producer.send({ topic, compression, messages: lines.map((value): Message => ({ value })) });
  await producer.disconnect();
}

async function consume(brokers: string[], topic: string, count: number): Promise<string[]> {
  const consumer = client(brokers).consumer({ groupId: topic, sessionTimeout: 10_000 });
  const seen: string[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  try {
    await new Promise<void>((resolve, reject) => {
      consumer.on('consumer.crash', ({ payload }) => !payload.restart && reject(payload.error));
      const run = consumer.run({
        eachBatch: async ({ batch }) => {
          for (const { value } of batch.messages) seen.push(String(value));
          if (seen.length >= count) resolve();
        },
      });
      run.catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
  return seen;
}

/** The codec in which the only partition of the topic is stored, as Kafka's tool reads it in the broker's file. */
async function storedCodec(broker: string, topic: string): Promise<string> {
  const described = await runKafkaTool('org.apache.kafka.tools.LogDirsCommand', [
    '--bootstrap-server',
    broker,
    '--describe',
    '--topic-list',
    topic,
  ]);
  const dir = /"logDir":"([^"]+)"/.exec(described)?.[1] ?? '';
  const segment = `${dir}/${topic}-0/00000000000000000000.log`;
  const dump = await runKafkaTool('kafka.tools.DumpLogSegments', ['--files', segment]);
  return /compresscodec: (\w+)/.exec(dump)?.[1] ?? dump;
}
