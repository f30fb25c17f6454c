import {
  type Admin,
  attempt,
  createClient,
  javaPartitioner,
  type KafkaLog,
  type KafkaSettings,
} from './kafka-client.ts';
import { KafkaError } from './kafka-error.ts';
import { groupSource } from './kafka-group.ts';
import { toChunk } from './kafka-chunk.ts';
import { committedOffsets, logOffsetsOf } from './kafka-offsets.ts';
import type { PartitionId } from '../partition-id.ts';
import type { Source } from './source.ts';

/**
 * Opens the consumer group as a source. Throws a `KafkaError` of one line when connecting fails; then it can be called
 * again.
 */
export async function openKafka(settings: KafkaSettings, log: KafkaLog): Promise<Source> {
  let connected = false;
  // Until there is a connection, the thrown error contains everything in one line.
  const kafka = createClient(settings, (level, message, fields) =>
    log(connected ? level : 'debug', message, fields),
  );
  const admin = kafka.admin();
  const consumer = kafka.consumer({
    groupId: settings.group,
    sessionTimeout: settings.session_timeout_ms,
    rebalanceTimeout: settings.session_timeout_ms,
    heartbeatInterval: Math.min(1_000, settings.session_timeout_ms / 10),
    maxWaitTimeInMs: 250,
    // With answers of half this size a worker takes a quarter more of a processor, and no less memory.
    maxBytesPerPartition: 2 * 1024 * 1024,
    maxBytes: 8 * 1024 * 1024,
    metadataMaxAge: 10_000,
    // The client would create a deleted topic again.
    allowAutoTopicCreation: false,
    // A broker that is down comes back. The client never resets its number of retries during an assignment, so with any
    // limit the worker would leave the group after some days.
    retry: {
      initialRetryTime: 300,
      maxRetryTime: 3_000,
      retries: Number.MAX_SAFE_INTEGER,
      restartOnFailure: async () => true,
    },
  });
  try {
    await attempt(settings, () => admin.connect());
    await attempt(settings, () => requireTopics(admin, settings)).catch((error: unknown) => {
      throw wantsLogin(error);
    });
    await attempt(settings, () => consumer.connect());
  } catch (error) {
    // Otherwise a client that did connect would stay connected after each failed try.
    await Promise.allSettled([admin.disconnect(), consumer.disconnect()]);
    throw error;
  }
  connected = true;
  return groupSource(settings, consumer, admin);
}

/**
 * The error of a broker that closed the connection: a broker that closes each connection at the first request requires
 * a login.
 */
function wantsLogin(error: unknown): unknown {
  const isClosed = error instanceof KafkaError && error.code === 'closed';
  return isClosed ? new KafkaError('login_refused', error.message, error) : error;
}

/** Opens a producer; the caller awaits each `send`. */
export async function openProducer(
  settings: KafkaSettings,
  log: KafkaLog,
): Promise<{
  send(topic: string, records: { key: string; value: string }[]): Promise<void>;
  close(): Promise<void>;
}> {
  const producer = createClient(settings, log).producer({
    createPartitioner: javaPartitioner,
  });
  await attempt(settings, () => producer.connect());
  return {
    send: (topic, records) =>
      attempt(settings, async () => {
        await producer.send({ topic, messages: records, acks: -1 });
      }),
    close: () => producer.disconnect(),
  };
}

/** Reads offsets of logs and of the group for commands that only read: `reconcile` and `doctor`. */
export async function openKafkaAdmin(settings: KafkaSettings, log: KafkaLog) {
  const admin = createClient(settings, log).admin();
  await attempt(settings, () => admin.connect());
  return {
    partitions: (topic: string): Promise<PartitionId[]> =>
      attempt(settings, async () => {
        const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
        const found = topics[0]?.partitions ?? [];
        return found
          .map((p) => ({ topic, partition: p.partitionId }))
          .sort((a, b) => a.partition - b.partition);
      }),
    topics: (): Promise<string[]> => attempt(settings, () => admin.listTopics()),
    committed: (ids: readonly PartitionId[]) =>
      attempt(settings, () => committedOffsets(admin, settings.group, ids)),
    logOffsets: (ids: readonly PartitionId[]) => attempt(settings, () => logOffsetsOf(admin, ids)),
    close: () => admin.disconnect(),
  };
}

/**
 * The newest values of a topic, at most `most`, in the order of arrival. The consumer uses `group` instead of the group
 * of the settings and commits nothing. Waits for at most `waitMs`. Throws a `KafkaError` of one line.
 */
export async function sampleTopic(
  settings: KafkaSettings,
  topic: string,
  { most, waitMs, group }: { most: number; waitMs: number; group: string },
  log: KafkaLog,
): Promise<(Buffer | null)[]> {
  const kafka = createClient(settings, log);
  const admin = kafka.admin();
  const consumer = kafka.consumer({ groupId: group, allowAutoTopicCreation: false });
  const values: (Buffer | null)[] = [];
  try {
    await attempt(settings, () => admin.connect());
    await attempt(settings, () => requireTopics(admin, { ...settings, topics: [topic] }));
    const ends = await attempt(settings, () => admin.fetchTopicOffsets(topic));
    const available = ends.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0);
    if (available === 0) return [];
    await attempt(settings, () => consumer.connect());
    await consumer.subscribe({ topics: [topic] });
    const each = Math.ceil(most / ends.length);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, waitMs);
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      void consumer
        .run({
          autoCommit: false,
          eachBatch: async ({ batch }) => {
            const { records } = await toChunk(batch);
            for (const { value } of records)
              if (values.length < most) values.push(value && Buffer.from(value));
            if (values.length < Math.min(most, available)) return;
            clearTimeout(timer);
            resolve();
          },
        })
        .then(() => {
          for (const { partition, low, high } of ends)
            consumer.seek({ topic, partition, offset: String(Math.max(Number(low), Number(high) - each)) });
        }, reject);
    });
    return values;
  } finally {
    await Promise.allSettled([consumer.disconnect(), admin.disconnect()]);
  }
}

async function requireTopics(admin: Admin, settings: KafkaSettings): Promise<void> {
  const existing = new Set(await admin.listTopics());
  const missing = settings.topics.filter((topic) => !existing.has(topic));
  if (missing.length === 0) return;
  const at = settings.brokers.join(',');
  throw new KafkaError(
    'no_topic',
    `kafka.topics: ${missing.join(', ')} does not exist at ${at}: create it, or name another topic`,
  );
}
