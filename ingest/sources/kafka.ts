import { createRequire } from 'node:module';
import kafkajs, {
  type Admin,
  type Batch,
  type Consumer,
  type EachBatchPayload,
  type Kafka,
  type Producer,
  type SASLOptions,
} from 'kafkajs';
import type { Settings } from '../../domain/settings.ts';
import { codecs } from './codecs.ts';
import { type KafkaConfig, kafkaConfig } from './kafka-config.ts';
import { KafkaError, toKafkaError } from './kafka-error.ts';
import { type DecodeMessages, isRawMessage, rawDecodeMessages } from './raw-fetch.ts';
import { rawRecords } from './raw-records.ts';
import { type RequestVersions, withTopicIds } from './topic-ids.ts';
import { type Chunk, CommitError, type Committed, RawRecord, type Sink, type Source } from './source.ts';
import { type PartitionId, partitionKey } from '../partition-id.ts';

export type KafkaSettings = Settings['kafka'];

/** A log line of the client: level, what it says, and the fields it names. */
export type KafkaLog = (level: 'error' | 'warn' | 'info' | 'debug', message: string, fields: object) => void;

/** The consumer group as a source. Connecting throws a `KafkaError` of one line, and may be tried again. */
export async function openKafka(settings: KafkaSettings, log: KafkaLog): Promise<Source> {
  let connected = false;
  // Until there is a connection, the error that is thrown says it all in one line.
  const kafka = connect(settings, (level, message, fields) =>
    log(connected ? level : 'debug', message, fields),
  );
  const admin = kafka.admin();
  const consumer = kafka.consumer({
    groupId: settings.group,
    sessionTimeout: settings.session_timeout_ms,
    rebalanceTimeout: settings.session_timeout_ms,
    heartbeatInterval: Math.min(1_000, settings.session_timeout_ms / 10),
    maxWaitTimeInMs: 250,
    maxBytesPerPartition: 2 * 1024 * 1024,
    maxBytes: 8 * 1024 * 1024,
    metadataMaxAge: 10_000,
    // The client would create a deleted topic again.
    allowAutoTopicCreation: false,
    // A broker that is down comes back. The count of retries is never reset while an assignment lasts, so any limit
    // would make the worker leave the group after some days.
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
    // What has been connected would stay so, once for each try.
    await Promise.allSettled([admin.disconnect(), consumer.disconnect()]);
    throw error;
  }
  connected = true;
  return groupSource(settings, consumer, admin);
}

/** A broker that lets a client connect and closes at its first question wants a login, however often it is asked. */
function wantsLogin(error: unknown): unknown {
  const isClosed = error instanceof KafkaError && error.code === 'closed';
  return isClosed ? new KafkaError('login_refused', error.message, error) : error;
}

/** Sends records; the caller awaits each `send`. */
export async function openProducer(
  settings: KafkaSettings,
  log: KafkaLog,
): Promise<{
  send(topic: string, records: { key: string; value: string }[]): Promise<void>;
  close(): Promise<void>;
}> {
  const producer: Producer = connect(settings, log).producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
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

/** Log ends and group offsets for programs that only look: `reconcile` and `doctor`. */
export async function openKafkaAdmin(settings: KafkaSettings, log: KafkaLog) {
  const admin = connect(settings, log).admin();
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
 * The newest values of a topic, at most `most`, in the order in which they come; no group of the settings takes part, and
 * nothing is committed. Waits for at most `waitMs`. Throws a `KafkaError` of one line.
 */
export async function sampleTopic(
  settings: KafkaSettings,
  topic: string,
  { most, waitMs, group }: { most: number; waitMs: number; group: string },
  log: KafkaLog,
): Promise<(Buffer | null)[]> {
  const kafka = connect(settings, log);
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

/** Topic ids that the brokers told, by topic; and who wants to know of a change. */
const topicIds = new Map<string, string>();
const topicWatchers = new Set<(topic: string) => void>();
let adapted = false;

/**
 * Changes the client where it falls short (docs/decisions/0004-kafkajs.md), once per process: record batches are
 * handed over as bytes, metadata answers tell topic ids, an idle connection does not wake up every millisecond, and a
 * group whose coordinator is away is waited for.
 */
function adaptClient(): void {
  if (adapted) return;
  adapted = true;
  const require = createRequire(import.meta.url);
  const decoder = require.resolve('kafkajs/src/protocol/requests/fetch/v4/decodeMessages');
  const original: DecodeMessages = require(decoder);
  const loaded = require.cache[decoder];
  if (loaded !== undefined) loaded.exports = rawDecodeMessages(original);
  const { requests }: { requests: { Metadata: RequestVersions } } = require('kafkajs/src/protocol/requests');
  requests.Metadata = withTopicIds(requests.Metadata, ({ topic, id }) => {
    const before = topicIds.get(topic);
    topicIds.set(topic, id);
    if (before !== undefined && before !== id) for (const watch of topicWatchers) watch(topic);
  });
  const { prototype }: { prototype: RequestQueue } = require('kafkajs/src/network/requestQueue');
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function scheduleWhenPending(this: RequestQueue) {
    if (this.pending.length > 0 || this.throttledUntil > performance.timeOrigin + performance.now())
      schedule.call(this);
  };
  // While every broker is away, none can be asked for the coordinator: the client takes that for the end.
  const { KafkaJSGroupCoordinatorNotFound } = require('kafkajs/src/errors');
  Object.defineProperty(KafkaJSGroupCoordinatorNotFound.prototype, 'retriable', {
    get: () => true,
    set() {},
  });
}

interface RequestQueue {
  pending: readonly unknown[];
  throttledUntil: number;
  scheduleCheckPendingRequests(): void;
}

function connect(settings: KafkaSettings, log: KafkaLog): Kafka {
  adaptClient();
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  CompressionCodecs[CompressionTypes.GZIP] = () => codecs.gzip;
  CompressionCodecs[CompressionTypes.Snappy] = () => codecs.snappy;
  CompressionCodecs[CompressionTypes.LZ4] = () => codecs.lz4;
  CompressionCodecs[CompressionTypes.ZSTD] = () => codecs.zstd;
  const { ssl, sasl, ...config } = kafkaConfig(settings);
  return new kafkajs.Kafka({
    ...config,
    // A broker that cannot be reached is told of soon; what must not give up says so itself.
    retry: { initialRetryTime: 200, retries: 2 },
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl: saslOptions(sasl) }),
    logLevel: kafkajs.logLevel.INFO,
    logCreator: () => (entry) =>
      log(levels[entry.level] ?? 'debug', wordsOf(entry.log), { namespace: entry.namespace }),
  });
}

function saslOptions({ mechanism, username, password }: NonNullable<KafkaConfig['sasl']>): SASLOptions {
  switch (mechanism) {
    case 'plain':
      return { mechanism, username, password };
    case 'scram-sha-256':
      return { mechanism, username, password };
    case 'scram-sha-512':
      return { mechanism, username, password };
  }
}

/** "Response SyncGroup" alone would not tell what is wrong with it. */
function wordsOf({ message, error }: { message: string; error?: unknown }): string {
  return typeof error === 'string' && !message.includes(error) ? `${message}: ${error}` : message;
}

/** The client calls most of what it survives an error; what concerns the user is reported by the worker. */
const levels: Readonly<Record<number, 'warn' | 'info' | 'debug'>> = {
  1: 'warn',
  2: 'info',
  4: 'debug',
  5: 'debug',
};

async function attempt<T>(settings: KafkaSettings, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw toKafkaError(error, settings);
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

const TOPIC_WATCH_MS = 3_000;

type CommitOffsets = EachBatchPayload['commitOffsetsIfNecessary'];

function groupSource(settings: KafkaSettings, consumer: Consumer, admin: Admin): Source {
  let epoch = 0;
  let epochs = 0;
  let stopping = false;
  let watch: NodeJS.Timeout | undefined;
  let commitOffsets: CommitOffsets | null = null;
  /** Where the next fetch of a partition begins, as far as we asked for it. */
  const asked = new Map<string, number>();
  /** The id that a topic had when the start in its partition was decided. */
  const begunIds = new Map<string, string>();
  /** Whether the ids of the topics have been told since the last fetch was answered; null: not asked yet. */
  let idsConfirmed: Promise<boolean> | null = null;
  const askIds = (): Promise<unknown> => admin.fetchTopicMetadata({ topics: settings.topics });

  const deliver = (sink: Sink, chunk: Chunk): void => {
    asked.set(partitionKey(chunk), chunk.to);
    if (epoch !== 0) sink.chunk(epoch, chunk);
  };

  const end = (sink: Sink): void => {
    if (epoch === 0) return;
    epoch = 0;
    sink.revoked();
  };

  const listen = (sink: Sink): void => {
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      epoch = ++epochs;
      const assignment: Record<string, number[]> = payload.memberAssignment;
      const partitions = Object.entries(assignment).flatMap(([topic, ids]) =>
        ids.map((partition) => ({ topic, partition })),
      );
      // Nothing is fetched before the start of each partition has been decided.
      consumer.pause(Object.entries(assignment).map(([topic, ids]) => ({ topic, partitions: ids })));
      sink.assigned(epoch, partitions);
    });
    // The client installs the new generation as soon as the answer to SyncGroup is in, before it says so: from
    // the first answer of a rejoin on, a commit would be made in the name of an assignment nobody knows yet.
    consumer.on(consumer.events.REQUEST, ({ payload }) => {
      if (payload.apiName === 'JoinGroup' || payload.apiName === 'SyncGroup') end(sink);
    });
    consumer.on(consumer.events.REBALANCING, () => end(sink));
    consumer.on(consumer.events.CRASH, () => end(sink));
    consumer.on(consumer.events.STOP, () => end(sink));
    consumer.on(consumer.events.FETCH, () => {
      idsConfirmed = null;
    });
    // Fetches of which nothing is left (control records, compaction) are not delivered, only announced here.
    topicWatchers.add((topic) => {
      if (epoch !== 0 && settings.topics.includes(topic)) sink.recreated(epoch, topic);
    });
    consumer.on(consumer.events.START_BATCH_PROCESS, ({ payload }) => {
      if (payload.batchSize > 0) return;
      const id = { topic: payload.topic, partition: payload.partition };
      const from = asked.get(partitionKey(id)) ?? -1;
      const to = Number(payload.lastOffset) + 1;
      if (from >= 0 && to > from)
        deliver(sink, { ...id, from, to, records: [], highWatermark: Number(payload.highWatermark) });
    });
  };

  return {
    async run(sink) {
      listen(sink);
      // Any answer tells the ids of topics: one created again is noticed before it outgrows the old one.
      watch = setInterval(() => void askIds().catch(() => undefined), TOPIC_WATCH_MS);
      const over = new Promise<void>((resolve, reject) => {
        consumer.on(consumer.events.DISCONNECT, () => {
          if (stopping) resolve();
        });
        consumer.on(consumer.events.CRASH, ({ payload }) => {
          if (!payload.restart) reject(toKafkaError(payload.error, settings));
        });
      });
      if (stopping) return;
      await consumer.subscribe({ topics: settings.topics, fromBeginning: true });
      await attempt(settings, () =>
        consumer.run({
          autoCommit: false,
          eachBatchAutoResolve: false,
          // Handlers only fold and never wait, so more than one at a time would gain nothing.
          partitionsConsumedConcurrently: 1,
          eachBatch: async ({ batch, resolveOffset, commitOffsetsIfNecessary, isStale }) => {
            commitOffsets = commitOffsetsIfNecessary;
            const ownEpoch = epoch;
            // A topic created again between two fetches goes on at the old offset, and no error tells: only its id
            // does, asked for after the answer to the fetch.
            idsConfirmed ??= askIds().then(
              () => true,
              () => false,
            );
            const [chunk, confirmed] = await Promise.all([toChunk(batch), idsConfirmed]);
            // What is not taken is fetched again.
            if (!confirmed || isStale() || ownEpoch !== epoch) return;
            if (begunIds.get(partitionKey(chunk)) !== (topicIds.get(chunk.topic) ?? '')) return;
            deliver(sink, chunk);
            resolveOffset(batch.lastOffset());
          },
        }),
      );
      await over;
    },
    seek(id, offset) {
      asked.set(partitionKey(id), offset);
      begunIds.set(partitionKey(id), topicIds.get(id.topic) ?? '');
      consumer.seek({ ...id, offset: String(offset) });
    },
    pause: (id) => consumer.pause([{ topic: id.topic, partitions: [id.partition] }]),
    resume: (id) => consumer.resume([{ topic: id.topic, partitions: [id.partition] }]),
    async commit(ownEpoch, id, offset, metadata) {
      if (epoch === 0 || epoch !== ownEpoch) throw new CommitError('fenced', 'the assignment is over');
      if (commitOffsets === null) throw new CommitError('unreachable', 'nothing has been read yet');
      const partitions = [{ partition: id.partition, offset: String(offset), metadata }];
      try {
        // One attempt, in the name of the generation that is present at this very moment.
        await commitOffsets({ topics: [{ topic: id.topic, partitions }] });
      } catch (error) {
        throw toCommitError(error, id);
      }
    },
    committed: (ids) => committedOffsets(admin, settings.group, ids),
    logOffsets: (ids) => logOffsetsOf(admin, ids),
    topicId: (topic) => topicIds.get(topic) ?? '',
    async stop() {
      stopping = true;
      clearInterval(watch);
      await consumer.disconnect();
      await admin.disconnect();
    },
  };
}

async function toChunk(batch: Batch): Promise<Chunk> {
  const from = fetchedOffset(batch);
  const messages: readonly object[] = batch.messages;
  const raw = messages.filter(isRawMessage);
  // Formats of before Kafka 0.11 come as the client decodes them.
  const old = batch.messages.filter((message) => !isRawMessage(message));
  const { records, unreadable } = await rawRecords(raw, from);
  return {
    topic: batch.topic,
    partition: batch.partition,
    from,
    to: Number(batch.lastOffset()) + 1,
    records:
      old.length === 0
        ? records
        : [...old.map((message) => new RawRecord(Number(message.offset), message.value)), ...records],
    unreadable,
    highWatermark: Number(batch.highWatermark),
  };
}

/** The client's Batch holds the offset that was asked for, but its types do not say so. */
function fetchedOffset(batch: Batch): number {
  return 'fetchedOffset' in batch ? Number(batch.fetchedOffset) : Number(batch.firstOffset());
}

const fencedTypes = new Set([
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'REBALANCE_IN_PROGRESS',
  'FENCED_INSTANCE_ID',
]);

function toCommitError(error: unknown, id: PartitionId): CommitError {
  const type = error instanceof Error && 'type' in error ? String(error.type) : '';
  const reason = error instanceof Error ? error.message : String(error);
  const code = fencedTypes.has(type) ? 'fenced' : 'unreachable';
  return new CommitError(code, `commit of ${partitionKey(id)}: ${reason}`, error);
}

async function committedOffsets(
  admin: Admin,
  groupId: string,
  ids: readonly PartitionId[],
): Promise<Committed[]> {
  const topics = [...new Set(ids.map((id) => id.topic))];
  const answer = topics.length === 0 ? [] : await admin.fetchOffsets({ groupId, topics });
  const found = new Map<string, Committed>();
  for (const { topic, partitions } of answer) {
    for (const { partition, offset, metadata } of partitions) {
      found.set(partitionKey({ topic, partition }), { offset: Number(offset), metadata });
    }
  }
  return ids.map((id) => found.get(partitionKey(id)) ?? { offset: -1, metadata: null });
}

async function logOffsetsOf(
  admin: Admin,
  ids: readonly PartitionId[],
): Promise<{ earliest: number; latest: number }[]> {
  const found = new Map<string, { earliest: number; latest: number }>();
  for (const topic of new Set(ids.map((id) => id.topic))) {
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      found.set(partitionKey({ topic, partition }), { earliest: Number(low), latest: Number(high) });
    }
  }
  return ids.map((id) => {
    const offsets = found.get(partitionKey(id));
    if (offsets === undefined) throw new Error(`${partitionKey(id)} is not in the cluster's metadata`);
    return offsets;
  });
}
