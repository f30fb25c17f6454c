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

/** Receives a log line of the client: level, message and fields. */
export type KafkaLog = (level: 'error' | 'warn' | 'info' | 'debug', message: string, fields: object) => void;

/** What the brokers reported about topics, shared by all clients of this process. */
export const knownTopics = new KnownTopics();

/** Makes a client for these settings. It connects when one of its parts is told to connect. */
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
    // An unreachable broker is reported soon. The parts that must not give up have retry settings of their own.
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

/** Adds the error to the message: "Response SyncGroup" alone would not show what is wrong. */
function wordsOf({ message, error }: { message: string; error?: unknown }): string {
  return typeof error === 'string' && !message.includes(error) ? `${message}: ${error}` : message;
}

/**
 * The level at which a line of the client is logged. The client gives the level `error` also to errors from which it
 * recovers, so these lines become warnings. The worker reports the errors that matter to the user.
 */
const levels: Readonly<Record<number, 'warn' | 'info' | 'debug'>> = {
  1: 'warn',
  2: 'info',
  4: 'debug',
  5: 'debug',
};

/** Runs a request to Kafka; an error becomes a `KafkaError` of one line. */
export async function attempt<T>(settings: KafkaSettings, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw toKafkaError(error, settings);
  }
}

let adapted = false;

/**
 * Corrects weaknesses of the client (docs/decisions/0004-kafkajs.md), once per process: record batches are delivered as
 * bytes, metadata answers have topic ids and may lack missing topics, an idle connection does not wake up every
 * millisecond, and a group whose coordinator is away is waited for.
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
  // While all brokers are away, none can be asked for the coordinator, and the client would give up.
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

/** Chooses partitions for a producer as the Java client does. */
export const javaPartitioner = kafkajs.Partitioners.DefaultPartitioner;
