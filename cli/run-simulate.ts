import type { CommandContext } from './context.ts';
import { quietKafkaLog } from './kafka-log.ts';
import { type SimulatedMessage, type SimulateOptions, simulateCommand } from './simulate.ts';

/** `faultline simulate`, with a producer for `--to kafka`: the records go to the first of `kafka.topics`. */
export async function run(options: SimulateOptions, context: CommandContext): Promise<number> {
  const { stdout, signal } = context;
  const io = { stdout, signal, now: context.now, err: context.err };
  if (options.to !== 'kafka') return simulateCommand(options, { ...io, send: null });
  const { kafka } = context.settings;
  const topic = kafka.topics[0] ?? '';
  // Loaded here, so that writing to a pipe needs no Kafka client.
  const { openProducer } = await import('../ingest/sources/kafka.ts');
  const producer = await openProducer(kafka, quietKafkaLog(context));
  try {
    const send = (messages: readonly SimulatedMessage[]) => producer.send(topic, [...messages]);
    return await simulateCommand(options, { ...io, send });
  } finally {
    await producer.close();
  }
}
