import { isRetriable, StoreError } from '../store/error.ts';
import { readLedgerEnds } from '../store/queries/ledger.ts';
import { ledgerInsert } from '../store/write-batch.ts';
import { recordDigest } from './fold.ts';
import { Gather, type Limits, type Steps } from './gather.ts';
import {
  decideStart,
  decodeCommit,
  type LedgerEnd,
  type OffsetRange,
  recreated,
  type Start,
} from './protocol.ts';
import { type Chunk, type PartitionId, partitionKey, type Sink } from './sources/source.ts';
import { acknowledge, type Tenure, type WriteContext, writeBatch } from './write.ts';

export interface WorkerOptions extends WriteContext {
  steps: Steps;
  limits: Limits;
  /** Rows held in memory over all partitions before reading stops, in bytes. */
  memoryBytes: number;
  /** Batches that are written at the same time. */
  writers: number;
  /** When the store rejects the rows for good: stand still and try again later, or give up with the error. */
  onRefused: 'halt' | 'fail';
  /** Wall clock, epoch ms. */
  now(): number;
}

export interface Worker {
  /** Works until the source ends or `stop` is called. Rejects when it cannot go on. */
  run(): Promise<void>;
  /** Writes and acknowledges what has been read, for at most so many ms, then leaves the group. */
  stop(deadlineMs: number): Promise<void>;
  /** What is held now. */
  status(): WorkerStatus;
  /**
   * Asks the source where the logs of the partitions end: the lag of those that are not being read would else stand
   * still. Answers false when nothing is held, so that nothing was asked; throws when the source does not answer.
   */
  refreshLag(): Promise<boolean>;
}

/** One partition as seen from outside. */
export interface PartitionStatus extends PartitionId {
  /** The start is not decided yet. */
  starting: boolean;
  paused: boolean;
  halted: boolean;
  /** Offsets that are not written, as far as the log's end is known; null when it is not. */
  unwritten: number | null;
  /** Event time of the newest request in the oldest batch that is not written, epoch ms; null when none is gathered. */
  waiting_ts: number | null;
}

export interface WorkerStatus {
  partitions: PartitionStatus[];
  /** Estimated size of the rows that are not written. */
  held_bytes: number;
  /** When the loop last turned, monotonic ms; null before it has begun. */
  ticked_at: number | null;
}

/** One partition while this worker has it. */
interface Held extends Tenure {
  /** Null until the start is decided. */
  gather: Gather | null;
  verify: LedgerEnd | null;
  /** All before it is in; and so far the group knows it. */
  done: number;
  acknowledged: number;
  writing: Promise<void> | null;
  paused: boolean;
  halted: boolean;
  lag: number | null;
  idleSince: number;
}

/** Times in ms: between two looks at what is due; without a batch before the group is told; between tries when halted. */
const TICK = 50;
const IDLE = 500;
const HALTED = 10_000;
/** Timers count in 31 bits. */
const LONGEST_SLEEP = 2 ** 31 - 1;
/** More records than one fetch of a partition holds are waiting: larger batches matter more than fresh ones. */
const BEHIND = 2_500;

/**
 * The flow: records come from the source, are folded into batches of contiguous offsets, and each batch is announced,
 * inserted and acknowledged. All decisions about where to begin and what is in are `protocol.ts`.
 */
export function createWorker(options: WorkerOptions): Worker {
  const { source, store, events } = options;
  let epoch = 0;
  let held = new Map<string, Held>();
  let stopping = false;
  let ended = false;
  let writing = 0;
  let tickedAt: number | null = null;
  let fail: (error: unknown) => void = () => {};

  const sink: Sink = {
    assigned(newEpoch, partitions) {
      const before = held;
      epoch = newEpoch;
      held = new Map(partitions.map((id) => [partitionKey(id), take(id, newEpoch)]));
      events.assigned(partitions);
      const unfinished = [...before.values()].map((old) => old.writing);
      void Promise.all(unfinished)
        .then(() => begin([...held.values()].filter((partition) => partition.epoch === newEpoch)))
        .catch(fail);
    },
    revoked() {
      epoch = 0;
      events.revoked();
    },
    chunk(chunkEpoch, chunk) {
      const partition = held.get(partitionKey(chunk));
      if (chunkEpoch !== epoch || partition === undefined || partition.gather === null) return;
      receive(partition, partition.gather, chunk);
    },
    recreated(ownEpoch, topic) {
      if (ownEpoch !== epoch) return;
      for (const partition of held.values())
        if (partition.id.topic === topic && partition.gather !== null) restart(partition);
    },
  };

  function take(id: PartitionId, ownEpoch: number): Held {
    return {
      id,
      epoch: ownEpoch,
      incarnation: 0,
      topicId: '',
      held: () => epoch === ownEpoch,
      gather: null,
      verify: null,
      done: -1,
      acknowledged: -1,
      writing: null,
      paused: true,
      halted: false,
      lag: null,
      idleSince: 0,
    };
  }

  function receive(partition: Held, gather: Gather, chunk: Chunk): void {
    const { verify } = partition;
    if (chunk.from !== gather.position - (verify === null ? 0 : 1)) return restart(partition);
    if (verify !== null) {
      partition.verify = null;
      const last = chunk.records.find((record) => record.offset === verify.to - 1);
      if (last !== undefined && recordDigest(last.value) !== verify.digest) {
        return restart(partition, (log) => recreated(verify.incarnation, log));
      }
    }
    const started = options.monotonic();
    gather.add(chunk, options.now(), started);
    partition.lag = chunk.highWatermark === null ? null : Math.max(0, chunk.highWatermark - chunk.to);
    partition.idleSince = started;
    const bytes = chunk.records.reduce((sum, record) => sum + (record.value?.length ?? 0), 0);
    events.folded(partition.id, chunk.records.length, bytes, options.monotonic() - started, partition.lag);
    look(partition, started);
  }

  /** The source gave other offsets than asked for: what was gathered is written, then the start is decided anew. */
  function restart(partition: Held, decide?: (log: { earliest: number; latest: number }) => Start): void {
    const { gather } = partition;
    gather?.close();
    pause(partition);
    partition.gather = null;
    void (async () => {
      if (gather !== null) await drain(partition, gather);
      if (partition.held()) await begin([partition], decide);
    })().catch(fail);
  }

  async function begin(
    partitions: readonly Held[],
    decide?: (log: { earliest: number; latest: number }) => Start,
  ): Promise<void> {
    if (partitions.length === 0) return;
    const ids = partitions.map((partition) => partition.id);
    const facts = await untilAnswered(partitions, async () => {
      const [committed, logs, ledger] = [
        await source.committed(ids),
        await source.logOffsets(ids),
        await ledgerEnds(ids),
      ];
      return { committed, logs, ledger };
    });
    if (facts === null) return;
    for (const [i, partition] of partitions.entries()) {
      const committed = facts.committed[i] ?? { offset: -1, metadata: null };
      const log = facts.logs[i] ?? { earliest: 0, latest: 0 };
      const commit = decodeCommit(committed.offset, committed.metadata);
      const foreignOffset = commit === null && committed.offset >= 0 ? committed.offset : null;
      const ledger = facts.ledger.get(partitionKey(partition.id)) ?? null;
      const start =
        decide?.(log) ??
        decideStart({
          commit,
          foreignOffset,
          ledger,
          log,
          topicId: source.topicId(partition.id.topic),
          ledgerMayLag: store.cluster !== '',
        });
      if (!(await recordLoss(partition, start))) continue;
      if (
        commit !== null &&
        commit.to !== null &&
        start.replay === null &&
        ledger?.incarnation === commit.incarnation &&
        ledger.to >= commit.to
      )
        events.alreadyIn(partition.id, { from: commit.offset, to: commit.to });
      partition.incarnation = start.incarnation;
      partition.topicId = source.topicId(partition.id.topic);
      partition.verify = start.verify;
      partition.done = start.replay?.from ?? start.at;
      partition.acknowledged = commit?.to === null ? commit.offset : -1;
      partition.gather = new Gather(partition.id, start.at, start.replay, options.steps);
      events.started(partition.id, start.at, start.reason);
      source.seek(partition.id, start.at - (start.verify === null ? 0 : 1));
      unpause(partition);
    }
  }

  async function ledgerEnds(ids: readonly PartitionId[]): Promise<Map<string, LedgerEnd>> {
    const ends = new Map<string, LedgerEnd>();
    for (const topic of new Set(ids.map((id) => id.topic))) {
      for (const row of await readLedgerEnds(store, topic)) ends.set(partitionKey(row), row);
    }
    return ends;
  }

  /** Asks again while broker or store do not answer; null when the assignment is over. */
  async function untilAnswered<T>(partitions: readonly Held[], ask: () => Promise<T>): Promise<T | null> {
    while (partitions.some((partition) => partition.held()) && !stopping) {
      try {
        return await ask();
      } catch (error) {
        if (error instanceof StoreError && !isRetriable(error)) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        if (error instanceof StoreError) events.storeFailed(reason, error);
        else events.brokerFailed(reason);
        await options.sleep(1_000);
        events.waited(error instanceof StoreError ? 'store' : 'broker', 1_000);
      }
    }
    return null;
  }

  async function recordLoss(partition: Held, start: Start): Promise<boolean> {
    const { lost } = start;
    if (lost === null) return partition.held();
    const insert = lossInsert(partition.id, start, lost, options.worker, source.topicId(partition.id.topic));
    const written = await untilAnswered([partition], async () => {
      await store.insert(insert);
      return true;
    });
    if (written !== null) events.lost(partition.id, lost.from, lost.to);
    return written !== null && partition.held();
  }

  /** Closes what is due, writes what is closed, and says when reading must wait. */
  function look(partition: Held, monotonic: number): void {
    const { gather } = partition;
    if (gather === null) return;
    if (stopping || ended) gather.close();
    else gather.closeIfDue(options.limits, monotonic, (partition.lag ?? 0) > BEHIND);
    if (gather.closed.length > 1) pause(partition);
    if (gather.closed.length > 0) write(partition, gather);
    else if (gather.isEmpty && partition.writing === null && monotonic - partition.idleSince > IDLE)
      sayDone(partition);
  }

  function write(partition: Held, gather: Gather): void {
    if (partition.writing !== null || writing >= options.writers || partition.halted) return;
    writing++;
    partition.writing = writeNext(partition, gather)
      .catch(fail)
      .finally(() => {
        writing--;
        partition.writing = null;
        if (partition.held() && gather === partition.gather && gather.closed.length < 2) unpause(partition);
      });
  }

  async function writeNext(partition: Held, gather: Gather): Promise<void> {
    const batch = gather.closed[0];
    if (batch === undefined || !partition.held()) return;
    const started = options.monotonic();
    try {
      if (!(await writeBatch(options, partition, batch))) return;
    } catch (error) {
      if (!(error instanceof StoreError) || options.onRefused === 'fail') throw error;
      partition.halted = true;
      events.halted(partition.id, error.message);
      void options.sleep(HALTED).then(() => (partition.halted = false));
      return;
    }
    gather.closed.shift();
    partition.done = batch.to;
    partition.idleSince = options.monotonic();
    events.written(partition.id, batch, partition.idleSince - batch.openedAt, partition.idleSince - started);
  }

  function sayDone(partition: Held): void {
    if (partition.done < 0 || partition.done === partition.acknowledged || partition.writing !== null) return;
    // An acknowledgement would erase the announcement, and with it what tells the next owner how the range was cut.
    if (partition.gather === null || partition.gather.owesReplay) return;
    const { done } = partition;
    partition.writing = acknowledge(options, partition, done)
      .then((said) => {
        if (said) partition.acknowledged = done;
      })
      .catch(fail)
      .finally(() => {
        partition.writing = null;
      });
  }

  async function drain(partition: Held, gather: Gather): Promise<void> {
    while (partition.held() && (gather.closed.length > 0 || partition.writing !== null)) {
      write(partition, gather);
      await (partition.writing ?? options.sleep(TICK));
    }
  }

  function pause(partition: Held): void {
    if (partition.paused) return;
    partition.paused = true;
    source.pause(partition.id);
  }

  function unpause(partition: Held): void {
    if (!partition.paused || stopping || heldBytes() > options.memoryBytes) return;
    partition.paused = false;
    source.resume(partition.id);
  }

  function heldBytes(): number {
    let bytes = 0;
    for (const partition of held.values()) bytes += partition.gather?.heldBytes ?? 0;
    return bytes;
  }

  function tick(): void {
    const monotonic = options.monotonic();
    tickedAt = monotonic;
    const full = heldBytes() > options.memoryBytes;
    for (const partition of held.values()) {
      if (!partition.held() || partition.gather === null) continue;
      if (full) {
        partition.gather.close();
        pause(partition);
      } else if (partition.gather.closed.length < 2) unpause(partition);
      look(partition, monotonic);
    }
  }

  async function settle(deadlineMs: number): Promise<void> {
    const until = options.monotonic() + deadlineMs;
    const unsettled = (partition: Held): boolean =>
      partition.held() &&
      partition.gather !== null &&
      (partition.gather.closed.length > 0 || partition.writing !== null);
    for (const partition of held.values()) pause(partition);
    do {
      tick();
      await options.sleep(10);
    } while ([...held.values()].some(unsettled) && options.monotonic() < until);
    for (const partition of held.values()) if (partition.held() && !unsettled(partition)) sayDone(partition);
    await Promise.race([
      Promise.all([...held.values()].map((p) => p.writing)),
      options.sleep(Math.min(LONGEST_SLEEP, Math.max(0, until - options.monotonic()))),
    ]);
  }

  return {
    async run() {
      const failed = new Promise<never>((_resolve, reject) => {
        fail = reject;
      });
      const ticking = (async () => {
        while (!stopping && !ended) {
          await options.sleep(TICK);
          tick();
        }
      })();
      await Promise.race([source.run(sink), failed]);
      ended = true;
      await Promise.race([Promise.all([ticking, settle(Number.POSITIVE_INFINITY)]), failed]);
    },
    async stop(deadlineMs) {
      if (stopping) return;
      stopping = true;
      await settle(deadlineMs);
      epoch = 0;
      await source.stop();
    },
    status() {
      const all = [...held.values()].filter((partition) => partition.held());
      return { partitions: all.map(statusOf), held_bytes: heldBytes(), ticked_at: tickedAt };
    },
    async refreshLag() {
      const all = [...held.values()].filter((one) => one.held());
      if (all.length === 0) return false;
      const logs = await source.logOffsets(all.map((one) => one.id));
      all.forEach((one, i) => {
        const latest = logs[i]?.latest ?? Number.MAX_SAFE_INTEGER;
        // A source without an end has no lag.
        if (!one.held() || one.gather === null || latest >= Number.MAX_SAFE_INTEGER) return;
        one.lag = Math.max(0, latest - one.gather.position);
      });
      return true;
    },
  };
}

function statusOf({ id, gather, lag, done, paused, halted }: Held): PartitionStatus {
  return {
    ...id,
    starting: gather === null,
    paused,
    halted,
    unwritten: gather === null || lag === null ? null : lag + Math.max(0, gather.position - done),
    waiting_ts: gather?.oldest?.fold.totals.last_ts ?? null,
  };
}

function lossInsert(id: PartitionId, start: Start, lost: OffsetRange, worker: string, topicId: string) {
  const token = `lost:${id.topic}:${id.partition}:${start.incarnation}:${lost.from}-${lost.to}`;
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
      topic_id: topicId,
      last_digest: '',
      worker,
      detail: start.reason,
    },
    token,
  );
}
