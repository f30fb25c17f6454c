import { type PartitionId, partitionKey } from '../partition-id.ts';
import {
  type Admin,
  attempt,
  type Consumer,
  type EachBatchPayload,
  type KafkaSettings,
  knownTopics,
} from './kafka-client.ts';
import { toChunk } from './kafka-chunk.ts';
import { toKafkaError } from './kafka-error.ts';
import { committedOffsets, logOffsetsOf } from './kafka-offsets.ts';
import { type Chunk, CommitError, type Sink, type Source } from './source.ts';

/** Time between two checks whether the topics exist and are the same. */
const TOPIC_WATCH_MS = 3_000;

type CommitOffsets = EachBatchPayload['commitOffsetsIfNecessary'];

/** A source made of a consumer and an admin client, both connected. */
export function groupSource(settings: KafkaSettings, consumer: Consumer, admin: Admin): Source {
  let epoch = 0;
  let epochs = 0;
  let stopping = false;
  let watch: NodeJS.Timeout | undefined;
  let commitOffsets: CommitOffsets | null = null;
  /** Where the next fetch of a partition starts, according to our requests. */
  const asked = new Map<string, number>();
  /** The id of a topic when the start in a partition was decided. */
  const begunIds = new Map<string, string>();
  /** Resolves to true when the topic ids were confirmed since the last fetch was answered; null: not requested yet. */
  let idsConfirmed: Promise<boolean> | null = null;
  /** Topics that were missing at the last check, and topics that the worker was told are missing. */
  let missing: readonly string[] = [];
  let told: readonly string[] = [];
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
      // Nothing is fetched before the start of each partition is decided.
      consumer.pause(Object.entries(assignment).map(([topic, ids]) => ({ topic, partitions: ids })));
      sink.assigned(epoch, partitions);
    });
    // The client installs the new generation of the group as soon as the answer to SyncGroup arrives, and only then
    // reports it. From the first request of a rejoin on, a commit would be made for an assignment that nobody knows
    // yet.
    consumer.on(consumer.events.REQUEST, ({ payload }) => {
      if (payload.apiName === 'JoinGroup' || payload.apiName === 'SyncGroup') end(sink);
    });
    consumer.on(consumer.events.REBALANCING, () => end(sink));
    consumer.on(consumer.events.CRASH, () => end(sink));
    consumer.on(consumer.events.STOP, () => end(sink));
    consumer.on(consumer.events.FETCH, () => {
      idsConfirmed = null;
    });
    // Fetches without any records left (control records, compaction) are not delivered; this event is their only sign.
    knownTopics.onRecreated((topic) => {
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

  /** A broker that does not know a topic yet reports it once as missing, so only the second report counts. */
  const tellMissing = (sink: Sink): void => {
    const now = settings.topics.filter((topic) => knownTopics.isMissing(topic));
    const gone = now.filter((topic) => missing.includes(topic));
    missing = now;
    if (gone.join() !== told.join()) sink.missing(gone);
    told = gone;
  };

  return {
    async run(sink) {
      listen(sink);
      // Every answer contains the topic ids. So a topic that was created again is noticed before it grows beyond the
      // old one.
      watch = setInterval(() => {
        void askIds()
          .catch(() => undefined)
          .then(() => tellMissing(sink));
      }, TOPIC_WATCH_MS);
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
          // Handlers mostly compute, and wait only for the topic ids, once per fetch. So several at a time would gain
          // nothing.
          partitionsConsumedConcurrently: 1,
          eachBatch: async ({ batch, resolveOffset, commitOffsetsIfNecessary, isStale }) => {
            commitOffsets = commitOffsetsIfNecessary;
            const ownEpoch = epoch;
            // When a topic is created again between two fetches, fetching continues at the old offset without an error.
            // Only the topic's id shows this, and the id is requested after the answer to the fetch.
            idsConfirmed ??= askIds().then(
              () => true,
              () => false,
            );
            const [chunk, confirmed] = await Promise.all([toChunk(batch), idsConfirmed]);
            // A chunk that is not delivered is fetched again.
            if (!confirmed || isStale() || ownEpoch !== epoch) return;
            if (begunIds.get(partitionKey(chunk)) !== knownTopics.idOf(chunk.topic)) return;
            deliver(sink, chunk);
            resolveOffset(batch.lastOffset());
          },
        }),
      );
      await over;
    },
    seek(id, offset) {
      asked.set(partitionKey(id), offset);
      begunIds.set(partitionKey(id), knownTopics.idOf(id.topic));
      consumer.seek({ ...id, offset: String(offset) });
    },
    pause: (id) => consumer.pause([{ topic: id.topic, partitions: [id.partition] }]),
    resume: (id) => consumer.resume([{ topic: id.topic, partitions: [id.partition] }]),
    async commit(ownEpoch, id, offset, metadata) {
      if (epoch === 0 || epoch !== ownEpoch) throw new CommitError('fenced', 'the assignment is over');
      if (commitOffsets === null) throw new CommitError('unreachable', 'nothing has been read yet');
      const partitions = [{ partition: id.partition, offset: String(offset), metadata }];
      try {
        // One attempt, for the generation that the client has at this moment.
        await commitOffsets({ topics: [{ topic: id.topic, partitions }] });
      } catch (error) {
        throw toCommitError(error, id);
      }
    },
    committed: (ids) => committedOffsets(admin, settings.group, ids),
    logOffsets: (ids) => logOffsetsOf(admin, ids),
    topicId: (topic) => knownTopics.idOf(topic),
    async stop() {
      stopping = true;
      clearInterval(watch);
      await consumer.disconnect();
      await admin.disconnect();
    },
  };
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
  const isGone = type === 'UNKNOWN_TOPIC_OR_PARTITION' && knownTopics.isMissing(id.topic);
  const code = fencedTypes.has(type) ? 'fenced' : isGone ? 'no_topic' : 'unreachable';
  return new CommitError(code, `commit of ${partitionKey(id)}: ${reason}`, error);
}
