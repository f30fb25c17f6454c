import { isRetriable, StoreError } from '../store/error.ts';
import { callerDimensions } from '../domain/count-row.ts';
import { readLedgerEnds } from '../store/queries/ledger.ts';
import { readUnsummedBatches } from '../store/queries/ledger-days.ts';
import { readNames } from '../store/queries/names.ts';
import { ledgerInsert } from '../store/write-batch.ts';
import type { Store } from '../store/store.ts';
import {
  batchToken,
  decodeCommit,
  lossToken,
  type GroupCommit,
  type LedgerEnd,
  type LogOffsets,
  type OffsetRange,
  type Start,
} from './protocol.ts';
import { KeptNames } from './rows/name-cap.ts';
import { groupRules } from './start-rules.ts';
import type { Committed } from './sources/source.ts';
import { type PartitionId, partitionKey } from './partition-id.ts';
import type { AssignedPartition } from './assigned-partition.ts';
import type { WriteContext } from './write.ts';

/**
 * Gives the start of a partition when it is already known, from the ends of the log; it takes the place of
 * `decideStart`.
 */
export type Decide = (log: LogOffsets) => Start;

export interface StartContext extends WriteContext {
  isStopping(): boolean;
}

/** A partition whose start is decided; its losses are already in the ledger. */
export interface Begun {
  partition: AssignedPartition;
  start: Start;
  /** Offset that the group has as acknowledged; -1: none. */
  acknowledged: number;
  topicId: string;
  /** The names of the partition's newest day. */
  names: KeptNames;
}

/**
 * Decides where each partition starts, from the group's commit, the ledger and the log (`decideStart`), and writes
 * losses to the ledger. Asks broker and store until they answer. Partitions whose assignment ends meanwhile are left
 * out. Throws a `StoreError` that another try cannot mend.
 */
export async function* startPartitions(
  context: StartContext,
  partitions: readonly AssignedPartition[],
  decide?: Decide,
): AsyncGenerator<Begun> {
  if (partitions.length === 0) return;
  const { source, store, events } = context;
  const ids = partitions.map((partition) => partition.id);
  const facts = await untilAnswered(context, partitions, async () => ({
    committed: await source.committed(ids),
    logs: await source.logOffsets(ids),
    ledger: await ledgerEnds(context, ids),
    names: await keptNames(store, ids),
  }));
  if (facts === null) return;
  for (const [i, partition] of partitions.entries()) {
    const { offset, metadata }: Committed = facts.committed[i] ?? { offset: -1, metadata: null };
    const log = facts.logs[i] ?? { earliest: 0, latest: 0 };
    const commit = decodeCommit(offset, metadata);
    const ledger = facts.ledger.get(partitionKey(partition.id)) ?? null;
    const topicId = source.topicId(partition.id.topic);
    const start =
      decide?.(log) ??
      (source.starts ?? groupRules).decide({
        id: partition.id,
        commit,
        foreignOffset: commit === null && offset >= 0 ? offset : null,
        ledger,
        log,
        topicId,
        ledgerMayLag: store.cluster !== '',
      });
    if (!(await recordLoss(context, partition, start, topicId))) continue;
    const known = announcedAndIn(commit, ledger, start);
    if (known !== null) events.alreadyIn(partition.id, known);
    const names = facts.names.get(`${partitionKey(partition.id)}#${start.incarnation}`) ?? new KeptNames();
    yield { partition, start, acknowledged: commit?.to === null ? commit.offset : -1, topicId, names };
  }
}

/** The names of the newest day of each partition, by its key and incarnation. */
async function keptNames(store: Store, ids: readonly PartitionId[]): Promise<Map<string, KeptNames>> {
  const kept = new Map<string, KeptNames>();
  for (const topic of new Set(ids.map((id) => id.topic))) {
    const partitions = ids.filter((id) => id.topic === topic).map(({ partition }) => partition);
    for (const { partition, incarnation, day, names } of await readNames(store, topic, partitions)) {
      const known = names.flatMap(({ dimension, value }) => {
        const found = callerDimensions.find((one) => one === dimension);
        return found === undefined ? [] : [{ dimension: found, value }];
      });
      kept.set(`${partitionKey({ topic, partition })}#${incarnation}`, new KeptNames(day, known));
    }
  }
  return kept;
}

/** The announced range if the ledger shows that it is already stored, so that it is not replayed; otherwise null. */
function announcedAndIn(
  commit: GroupCommit | null,
  ledger: LedgerEnd | null,
  start: Start,
): OffsetRange | null {
  if (commit === null || commit.to === null || start.replay !== null || ledger === null) return null;
  if (ledger.incarnation !== commit.incarnation || ledger.to < commit.to) return null;
  return { from: commit.offset, to: commit.to };
}

async function ledgerEnds(
  { store }: StartContext,
  ids: readonly PartitionId[],
): Promise<Map<string, LedgerEnd>> {
  const ends = new Map<string, LedgerEnd>();
  for (const topic of new Set(ids.map((id) => id.topic))) {
    const own = ids.filter((id) => id.topic === topic).map((id) => id.partition);
    await completeLedgerDays(store, topic, own);
    for (const row of await readLedgerEnds(store, topic)) ends.set(partitionKey(row), row);
  }
  return ends;
}

/**
 * Sends those ledger rows again that have no sums by day yet, each under its own token. ClickHouse ignores a row that
 * is already stored, and also its sums if they have been stored meanwhile. So another worker may send the same rows at
 * the same time.
 */
export async function completeLedgerDays(
  store: Store,
  topic: string,
  partitions: readonly number[],
): Promise<void> {
  for (const entry of await readUnsummedBatches(store, topic, partitions)) {
    const token = entry.kind === 'lost' ? lossToken : batchToken;
    await store.insert(ledgerInsert(entry, token(topic, entry.partition, entry.incarnation, entry)));
  }
}

/** Asks again until broker and store answer; null when the assignment is over. */
async function untilAnswered<T>(
  context: StartContext,
  partitions: readonly AssignedPartition[],
  ask: () => Promise<T>,
): Promise<T | null> {
  const { events } = context;
  while (partitions.some((partition) => partition.isAssigned()) && !context.isStopping()) {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof StoreError && !isRetriable(error)) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      if (error instanceof StoreError) events.storeFailed(reason, error);
      else events.brokerFailed(reason);
      await context.sleep(1_000);
      events.waited(error instanceof StoreError ? 'store' : 'broker', 1_000);
    }
  }
  return null;
}

async function recordLoss(
  context: StartContext,
  partition: AssignedPartition,
  start: Start,
  topicId: string,
): Promise<boolean> {
  const { lost } = start;
  if (lost === null) return partition.isAssigned();
  const insert = lossInsert(partition.id, start, lost, context.worker, topicId);
  const written = await untilAnswered(context, [partition], async () => {
    await context.store.insert(insert);
    return true;
  });
  if (written !== null) context.events.lost(partition.id, lost.from, lost.to);
  return written !== null && partition.isAssigned();
}

function lossInsert(id: PartitionId, start: Start, lost: OffsetRange, worker: string, topicId: string) {
  const token = lossToken(id.topic, id.partition, start.incarnation, lost);
  return ledgerInsert(
    {
      topic: id.topic,
      partition: id.partition,
      incarnation: start.incarnation,
      kind: 'lost',
      from: lost.from,
      to: lost.to,
      counted: 0,
      failed: 0,
      skipped: 0,
      dead: 0,
      holes: 0,
      extra: 0,
      first_ts: null,
      last_ts: null,
      days: [],
      dropped: new Map(),
      topic_id: topicId,
      last_digest: '',
      worker,
      detail: start.reason,
      names: null,
    },
    token,
  );
}
