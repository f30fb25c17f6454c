import { isRetriable } from '../store/error.ts';
import type { Store } from '../store/store.ts';
import { batchInserts, type LedgerEntry } from '../store/write-batch.ts';
import type { AssignedPartition } from './assigned-partition.ts';
import { type Batch, lastDigest } from './batcher.ts';
import { batchToken, encodeMetadata, type OffsetRange } from './protocol.ts';
import { excludeRefusedRows } from './refused-rows.ts';
import { CommitError, type Source } from './sources/source.ts';
import type { WorkerEvents } from './worker-events.ts';

/** The named points of the protocol, for fault tests. */
export type FaultPoint =
  | 'before-announce'
  | 'after-announce'
  | 'between-inserts'
  | 'after-inserts'
  | 'before-acknowledge';

export interface WriteContext {
  store: Store;
  source: Source;
  worker: string;
  /** How many values of a dimension are counted by name, per day and partition. */
  mostNames: number;
  /** Longest time between an announcement and an insert that it covers, ms; shorter than the session timeout. */
  announcementMs: number;
  monotonic(): number;
  sleep(ms: number): Promise<void>;
  /** 0 to 1. */
  chance(): number;
  events: WorkerEvents;
  reached(point: FaultPoint): Promise<void> | void;
}

/**
 * Announces the batch and inserts it. Returns true when the batch is stored. Returns false when the assignment ended
 * before (the next owner of the partition replays the batch), or when the group refuses the announcement (the caller
 * tries again). Transient errors are retried for ever. Throws `StoreError` with code `refused` when the store rejects
 * the rows for a reason that no single row explains, and `CommitError` with code `no_topic`.
 */
export async function writeBatch(
  context: WriteContext,
  partition: AssignedPartition,
  batch: Batch,
): Promise<boolean> {
  const range = batch.announced ?? batch;
  const token = batchToken(partition.id.topic, partition.id.partition, partition.state.incarnation, range);
  await context.reached('before-announce');
  if (!(await announce(context, partition, range))) return false;
  let announcedAt = context.monotonic();
  await context.reached('after-announce');
  batch.rows.limitNames(partition.names, context.mostNames);
  let inserts = batchInserts(batch.rows.bodies(), ledgerEntry(context, partition, batch), token);
  let done = 0;
  for (let tries = 0; done < inserts.length; ) {
    // After a long wait the broker may have given the partition to another worker, so this worker announces the range
    // again, which proves that it still has the partition.
    if (context.monotonic() - announcedAt > context.announcementMs) {
      if (!(await announce(context, partition, range))) return false;
      announcedAt = context.monotonic();
    }
    if (!partition.isAssigned()) return false;
    const insert = inserts[done];
    if (insert === undefined) break;
    const started = context.monotonic();
    try {
      await context.store.insert(insert);
      context.events.inserted(insert.table, context.monotonic() - started);
      context.events.storeAnswered();
      done++;
      tries = 0;
      if (done < inserts.length) await context.reached('between-inserts');
    } catch (error) {
      if (isRetriable(error)) {
        context.events.storeFailed(error instanceof Error ? error.message : String(error), error);
        await wait(context, 'store', tries++);
        continue;
      }
      if (
        insert.table !== 'error_events' ||
        !(await excludeRefusedRows(context.store, insert, batch.rows, error))
      )
        throw error;
      inserts = batchInserts(batch.rows.bodies(), ledgerEntry(context, partition, batch), token);
    }
  }
  await context.reached('after-inserts');
  return true;
}

/**
 * Tells the group that everything before `offset` is stored. Returns false when it is not proven that the group knows;
 * the call can be repeated.
 */
export async function acknowledge(
  context: WriteContext,
  partition: AssignedPartition,
  offset: number,
): Promise<boolean> {
  await context.reached('before-acknowledge');
  if (!partition.isAssigned()) return false;
  try {
    await context.source.commit(
      partition.epoch,
      partition.id,
      offset,
      encodeMetadata(partition.state.incarnation, null),
    );
    return true;
  } catch (error) {
    // When a topic is deleted, its group offsets are deleted too: there is nothing left to acknowledge.
    if (error instanceof CommitError) return error.code === 'no_topic';
    throw error;
  }
}

/** First and longest wait between two tries, ms. */
const FIRST_WAIT = 100;
const LONGEST_WAIT = 5_000;

async function wait(context: WriteContext, until: 'store' | 'broker', tries: number): Promise<void> {
  const from = context.monotonic();
  await context.sleep(backoff(tries, context.chance()));
  context.events.waited(until, context.monotonic() - from);
}

function backoff(tries: number, chance: number): number {
  return Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(tries, 10)) * (0.5 + chance / 2);
}

async function announce(
  context: WriteContext,
  partition: AssignedPartition,
  range: OffsetRange,
): Promise<boolean> {
  const metadata = encodeMetadata(partition.state.incarnation, range.to);
  for (let tries = 0; partition.isAssigned(); tries++) {
    const started = context.monotonic();
    try {
      await context.source.commit(partition.epoch, partition.id, range.from, metadata);
      context.events.announced(context.monotonic() - started);
      return true;
    } catch (error) {
      if (!(error instanceof CommitError)) throw error;
      if (error.code === 'fenced') return false;
      if (error.code === 'no_topic') throw error;
      context.events.brokerFailed(error.message);
      await wait(context, 'broker', tries);
    }
  }
  return false;
}

function ledgerEntry(context: WriteContext, partition: AssignedPartition, batch: Batch): LedgerEntry {
  const { totals } = batch.rows;
  return {
    topic: partition.id.topic,
    partition: partition.id.partition,
    incarnation: partition.state.incarnation,
    kind: 'batch',
    from: batch.from,
    to: batch.to,
    counted: totals.counted,
    failed: totals.failed,
    skipped: totals.skipped,
    dead: totals.dead,
    holes: batch.holes,
    extra: totals.extra,
    first_ts: totals.first_ts,
    last_ts: totals.last_ts,
    days: batch.rows.days(),
    dropped: batch.rows.dropped,
    topic_id: partition.state.topicId,
    last_digest: lastDigest(batch),
    worker: context.worker,
    detail: '',
    names: batch.rows.names,
  };
}
