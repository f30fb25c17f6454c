import { createRequire } from 'node:module';
import kafkajs, { type Kafka, type SASLOptions } from 'kafkajs';
import type { Settings } from '../../domain/settings.ts';
import { codecs } from './codecs.ts';
import { type KafkaConfig, kafkaConfig } from './kafka-config.ts';
import { toKafkaError } from './kafka-error.ts';
import { KnownTopics } from './known-topics.ts';
import { type DecodeMessages, rawDecodeMessages } from './raw-fetch.ts';
import { type RequestVersions, withTopicIds } from './topic-ids.ts';

export type { Admin, Batch, Consumer, EachBatchPayload } from 'kafkajs';

export type KafkaSettings = Settings['kafka'];

/** A log line of the client: level, what it says, and the fields it names. */
export type KafkaLog = (level: 'error' | 'warn' | 'info' | 'debug', message: string, fields: object) => void;

/** What the brokers told all clients of this process of their topics. */
export const knownTopics = new KnownTopics();

/** The client for these settings. It connects when one of its parts is told to. */
export function createClient(settings: KafkaSettings, log: KafkaLog): Kafka {
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

/** Runs what asks Kafka; what it throws is a `KafkaError` of one line. */
export async function attempt<T>(settings: KafkaSettings, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw toKafkaError(error, settings);
  }
}

let adapted = false;

/**
 * Changes the client where it falls short (docs/decisions/0004-kafkajs.md), once per process: record batches are
 * handed over as bytes, metadata answers tell topic ids and do without missing topics, an idle connection does not wake
 * up every millisecond, and a group whose coordinator is away is waited for.
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
  requests.Metadata = withTopicIds(requests.Metadata, knownTopics);
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

/** How a producer chooses partitions: as the Java client does. */
export const javaPartitioner = kafkajs.Partitioners.DefaultPartitioner;
