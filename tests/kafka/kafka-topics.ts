import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Admin, Kafka, logLevel } from 'kafkajs';

/** True when the broker answers, is part of its cluster, and its consumer groups can be used. */
export async function isReady(broker: string): Promise<boolean> {
  if (!(await listens(broker))) return false;
  try {
    return await withAdmin(broker, async (admin) => {
      if ((await admin.describeCluster()).brokers.length === 0) return false;
      // The first question about a group makes the broker create its offsets topic, which takes some time.
      await admin.describeGroups(['is-ready']);
      return true;
    });
  } catch {
    return false;
  }
}

/** Makes a new topic whose partitions can be written. */
export async function createTopic(
  broker: string,
  topic: string,
  options: { partitions?: number; config?: Record<string, string> },
): Promise<void> {
  const configEntries = Object.entries(options.config ?? {}).map(([name, value]) => ({ name, value }));
  const numPartitions = options.partitions ?? 1;
  await withAdmin(broker, async (admin) => {
    await admin.createTopics({ topics: [{ topic, numPartitions, configEntries }], waitForLeaders: false });
    await until(`topic ${topic} has leaders`, async () => {
      const partitions = await partitionsOf(admin, topic);
      return partitions.length === numPartitions && partitions.every(({ leader }) => leader >= 0);
    });
    await until(`the leaders of topic ${topic} know it`, () => answersOffsets(admin, topic));
  });
}

// A broker that does not know a new topic yet answers with an error.
async function partitionsOf(admin: Admin, topic: string): Promise<{ leader: number }[]> {
  try {
    return (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]?.partitions ?? [];
  } catch (error) {
    if (error instanceof Error && 'type' in error && error.type === 'UNKNOWN_TOPIC_OR_PARTITION') return [];
    throw error;
  }
}

// Metadata names a leader before the leader has taken over the partition.
async function answersOffsets(admin: Admin, topic: string): Promise<boolean> {
  try {
    await admin.fetchTopicOffsets(topic);
    return true;
  } catch {
    return false;
  }
}

/** Resolves when the broker no longer lists the topic, or rejects after ten seconds. */
export async function deleteTopic(broker: string, topic: string): Promise<void> {
  await withAdmin(broker, async (admin) => {
    await admin.deleteTopics({ topics: [topic] });
    await until(`topic ${topic} is gone`, async () => !(await admin.listTopics()).includes(topic));
  });
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not within ten seconds: ${what}`);
    await sleep(50);
  }
}

/** Runs `use` with a connected admin client and closes it. */
export async function withAdmin<T>(broker: string, use: (admin: Admin) => Promise<T>): Promise<T> {
  const kafka = new Kafka({
    brokers: [broker],
    clientId: 'tests',
    logLevel: logLevel.NOTHING,
    retry: { retries: 2 },
  });
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}

async function listens(broker: string): Promise<boolean> {
  const [host = '', port] = broker.split(':');
  const socket = connect(Number(port), host);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
