import { createHash } from 'node:crypto';
import type { Insert } from './store.ts';

/**
 * Settings of one insert, sent whatever the server's defaults are. The worker batches by itself, so the insert is
 * synchronous: it resolves when the rows are stored. `shards` is 0 without a cluster.
 */
export function insertSettings(insert: Insert, shards: number) {
  return {
    async_insert: 0,
    insert_deduplicate: 1,
    deduplicate_blocks_in_dependent_materialized_views: 1,
    // A batch holds each combination of dimensions once per interval: there is nothing to merge before merges do.
    optimize_on_insert: 0,
    // Old logs span many days, and a batch is one insert whatever it holds.
    max_partitions_per_insert_block: '0',
    // One block per insert: the token stands for the whole of it.
    max_insert_block_size: '4000000',
    min_insert_block_size_rows: '4000000',
    min_insert_block_size_bytes: '1000000000',
    insert_deduplication_token: insert.token,
    ...(shards === 0 ? {} : clusterInsertSettings(insert, shards)),
  } as const;
}

/**
 * The shard, from 1, that holds all rows of a Kafka partition. Neighbouring partitions of a topic have neighbouring
 * shards, so that the load is even; the topic turns the circle, so that small topics do not all begin at shard 1.
 */
export function homeShard(home: { topic: string; partition: number }, shards: number): number {
  const turn = createHash('sha256').update(home.topic).digest().readUInt32BE();
  return ((turn + home.partition) % shards) + 1;
}

/** Settings of every statement on a cluster. */
export const clusterSettings = {
  // Read where was written: the first replica that answers, not whichever the request happens to reach.
  load_balancing: 'in_order',
  prefer_localhost_replica: 0,
  // Analyzers wait 10 s for counts to settle: a replica that is further behind answers only if no other can.
  max_replica_delay_for_distributed_queries: '10',
  // A subquery over a Distributed table is asked once, not refused.
  distributed_product_mode: 'global',
  // Below the client's own limit, so that the server says which servers did not answer.
  distributed_ddl_task_timeout: '45',
} as const;

function clusterInsertSettings({ home }: Insert, shards: number) {
  return {
    // The answer means stored on the shard, not queued on the server that was asked.
    distributed_foreground_insert: 1,
    // A batch is one block on one shard: its token is met again where it was left.
    ...(home === undefined ? {} : { insert_shard_id: String(homeShard(home, shards)) }),
  } as const;
}
