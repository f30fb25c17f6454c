import { type PartitionId, partitionKey } from '../partition-id.ts';
import type { LogOffsets } from '../protocol.ts';
import type { Admin } from './kafka-client.ts';
import type { Committed } from './source.ts';

/** The offsets that the group has committed for each partition. */
export async function committedOffsets(
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

/** First and next offset in the log of each partition. Throws when one of the topics is missing. */
export async function logOffsetsOf(admin: Admin, ids: readonly PartitionId[]): Promise<LogOffsets[]> {
  const found = new Map<string, LogOffsets>();
  for (const topic of new Set(ids.map((id) => id.topic))) {
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      found.set(partitionKey({ topic, partition }), { earliest: Number(low), latest: Number(high) });
    }
  }
  return ids.map((id) => {
    const offsets = found.get(partitionKey(id));
    // A missing answer must not look like an empty log: that would be taken for a topic that was created again.
    if (offsets === undefined) throw new Error(`${partitionKey(id)} is not in the cluster's metadata`);
    return offsets;
  });
}
