import { createHash } from 'node:crypto';
import type { Insert } from './store.ts';

/**
 * Settings of one insert, sent whatever the server's defaults are. The worker makes the batches, so the insert is
 * synchronous: it resolves when the rows are stored. `shards` is 0 without a cluster.
 */
export function insertSettings(insert: Insert, shards: number) {
  return {
    async_insert: 0,
    insert_deduplicate: 1,
    deduplicate_blocks_in_dependent_materialized_views: 1,
    // A batch holds each dimension set once per interval, so merging its rows at the insert would find nothing to
    // merge.
    optimize_on_insert: 0,
    // No limit, because old logs span many days, and a batch is always one insert.
    max_partitions_per_insert_block: '0',
    // One block per insert, because the token stands for the whole insert.
    max_insert_block_size: '4000000',
    min_insert_block_size_rows: '4000000',
    min_insert_block_size_bytes: '1000000000',
    insert_deduplication_token: insert.token,
    ...(shards === 0 ? {} : clusterInsertSettings(insert, shards)),
  } as const;
}

/**
 * The shard, from 1, that holds all rows of a Kafka partition. Neighbouring partitions of a topic are on neighbouring
 * shards, so that the load is even. The hash of the topic shifts the start, so that small topics do not all use shard
 * 1.
 */
export function homeShard(home: { topic: string; partition: number }, shards: number): number {
  const turn = createHash('sha256').update(home.topic).digest().readUInt32BE();
  return ((turn + home.partition) % shards) + 1;
}

/** Settings of every statement on a cluster. */
export const clusterSettings = {
  // Reads and writes go to the same replica: the first one that answers, in a fixed order.
  load_balancing: 'in_order',
  prefer_localhost_replica: 0,
  // The settle time of the analyzers is 10 s: a replica that is further behind answers only when no other can.
  max_replica_delay_for_distributed_queries: '10',
  // A subquery over a Distributed table runs once instead of being refused.
  distributed_product_mode: 'global',
  // Shorter than the client's own timeout, so that the server says which servers did not answer.
  distributed_ddl_task_timeout: '45',
} as const;

function clusterInsertSettings({ home }: Insert, shards: number) {
  return {
    // The answer means that the shard has stored the rows, not that the asked server has queued them.
    distributed_foreground_insert: 1,
    // A batch is one block on one shard, so a repeated insert finds its token there.
    ...(home === undefined ? {} : { insert_shard_id: String(homeShard(home, shards)) }),
  } as const;
}
