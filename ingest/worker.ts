import { type AssignedPartition, gatheredOf, applyEvent } from './assigned-partition.ts';
import { Assignment } from './assignment.ts';
import { bytesToClose, heldBytes } from './batch-memory.ts';
import { Batcher, type BatchLimits } from './batcher.ts';
import { type Decide, startPartitions } from './partition-start.ts';
import { isOver, mayRead, nextWrite, placeOf } from './partition-state.ts';
import type { RecordReader } from './read-record.ts';
import type { Chunk, Sink } from './sources/source.ts';
import { groupRules } from './start-rules.ts';
import { statusOf, type WorkerStatus } from './worker-status.ts';
import { createWriters, type WritersOptions } from './writers.ts';

export interface WorkerOptions extends WritersOptions {
  reader: RecordReader;
  limits: BatchLimits;
  /** Reading stops when the rows of all partitions use more memory than this, in bytes. */
  memoryBytes: number;
  /** Wall clock, epoch ms. */
  now(): number;
}

export interface Worker {
  /** Works until the source ends or `stop` is called. Rejects when it cannot continue. */
  run(): Promise<void>;
  /**
   * Writes and acknowledges everything that was read, for at most `deadlineMs`, then leaves the group. `run` rejects
   * when that fails.
   */
  stop(deadlineMs: number): Promise<void>;
  /** The partitions and memory that are held now. */
  status(): WorkerStatus;
  /**
   * Asks the source for the ends of the logs. Without this, the lag of paused partitions would not change. Returns
   * false when the worker has no partitions, so that nothing was asked; throws when the source does not answer.
   */
  refreshLag(): Promise<boolean>;
}

/**
 * In ms: the time between two checks of what is due (TICK); and the time between two checks, when the worker stops,
 * whether everything is written (SETTLING).
 */
const TICK = 50;
const SETTLING = 10;
/** A partition with more waiting records than this is behind: larger batches then matter more than fresh data. */
const BEHIND = 2_500;

/**
 * The flow: records come from the source and are added to batches of contiguous offsets, and each batch is announced,
 * inserted and acknowledged. `protocol.ts` decides where to start, `partition-state.ts` decides what a partition does
 * next, and `writers.ts` writes.
 */
export function createWorker(options: WorkerOptions): Worker {
  const { source, events } = options;
  const assignment = new Assignment();
  let stopping = false;
  let ended = false;
  let tickedAt: number | null = null;
  let fail: (error: unknown) => void = () => {};

  const writers = createWriters(
    options,
    (partition, batcher) => {
      if (partition.isAssigned() && batcher === partition.batcher && mayRead(gatheredOf(partition)))
        unpause(partition);
      // The free writer must take the partition that has waited longest, and not the next one that receives a record.
      if (!stopping && !ended) tick();
    },
    (error) => fail(error),
  );

  const sink: Sink = {
    assigned(epoch, ids) {
      const isSame = epoch === assignment.epoch;
      const unfinished = isSame ? [] : assignment.all.flatMap(({ writing }) => writing ?? []);
      const added = isSame ? assignment.change(ids) : assignment.begin(epoch, ids);
      if (!isSame) writers.reset();
      if (isSame && added.length === 0) return;
      events.assigned(ids);
      // Batches that are being written under the previous epoch may still reach the ledger, and the starts depend on
      // the ledger.
      void Promise.all(unfinished)
        .then(() => begin(added))
        .catch((error: unknown) => fail(error));
    },
    revoked() {
      assignment.end();
      events.revoked();
    },
    chunk(epoch, chunk) {
      const partition = assignment.get(chunk);
      if (epoch !== assignment.epoch || partition === undefined || partition.batcher === null) return;
      receive(partition, partition.batcher, chunk);
    },
    recreated(epoch, topic) {
      if (epoch !== assignment.epoch) return;
      for (const partition of assignment.all)
        if (partition.id.topic === topic && partition.batcher !== null) restart(partition);
    },
    missing: (topics) => events.topicsMissing(topics),
  };

  async function begin(partitions: readonly AssignedPartition[], decide?: Decide): Promise<void> {
    const begun = startPartitions({ ...options, isStopping: () => stopping }, partitions, decide);
    for await (const { partition, start, acknowledged, topicId, names } of begun) {
      if (assignment.get(partition.id) !== partition) continue;
      partition.names = names;
      applyEvent(partition, { kind: 'decided', start, acknowledged, topicId });
      partition.batcher = new Batcher(partition.id, start.at, start.replay, options.reader);
      events.started(partition.id, start.at, start.reason);
      source.seek(partition.id, start.at - (start.verify === null ? 0 : 1));
      unpause(partition);
    }
  }

  function receive(partition: AssignedPartition, batcher: Batcher, chunk: Chunk): void {
    const { verify } = partition.state;
    if (placeOf(partition.state, chunk.from, batcher.position) === 'elsewhere') return restart(partition);
    if (verify !== null) {
      applyEvent(partition, { kind: 'proven' });
      const last = chunk.records.find((record) => record.offset === verify.to - 1);
      const rules = source.starts ?? groupRules;
      if (last !== undefined && !rules.isSame(last.value, verify.digest))
        return restart(partition, (log) => rules.replaced(partition.id, verify, log));
    }
    const started = options.monotonic();
    batcher.add(chunk, options.now(), started);
    const lag = chunk.highWatermark === null ? null : Math.max(0, chunk.highWatermark - chunk.to);
    applyEvent(partition, { kind: 'read', lag, now: options.now(), monotonic: started });
    const bytes = chunk.records.reduce((sum, record) => sum + record.size, 0);
    events.folded(partition.id, chunk.records.length, bytes, options.monotonic() - started, lag);
    look(partition, started);
  }

  /**
   * Handles a source that brought other offsets than requested: the rows so far are written, then the start is decided
   * again.
   */
  function restart(partition: AssignedPartition, decide?: Decide): void {
    const { batcher } = partition;
    batcher?.close();
    pause(partition);
    partition.batcher = null;
    applyEvent(partition, { kind: 'restarted' });
    void (async () => {
      if (batcher !== null) await writers.drain(partition, batcher);
      if (partition.isAssigned()) await begin([partition], decide);
    })().catch(fail);
  }

  /** Closes the growing batch if it is due, has a closed batch written, and pauses reading when reading must wait. */
  function look(partition: AssignedPartition, monotonic: number): void {
    const { batcher, state } = partition;
    if (batcher === null) return;
    const waiting = state.lag ?? 0;
    if (stopping || ended || state.leaving) batcher.close();
    else
      batcher.closeIfDue(options.limits, monotonic, {
        behind: waiting > BEHIND,
        waiting,
        busy: writers.isBusy(),
      });
    const gathered = gatheredOf(partition);
    if (!mayRead(gathered)) pause(partition);
    const next = nextWrite(state, gathered, monotonic);
    if (next === 'batch') writers.write(partition, batcher);
    if (next === 'acknowledgement') writers.acknowledge(partition);
  }

  function pause(partition: AssignedPartition): void {
    if (partition.paused) return;
    partition.paused = true;
    source.pause(partition.id);
  }

  function unpause(partition: AssignedPartition): void {
    if (!partition.paused || stopping || heldBytes(assignment.all) > options.memoryBytes) return;
    partition.paused = false;
    source.resume(partition.id);
  }

  /** Checks all partitions, starting with the one that has waited longest. */
  function tick(): void {
    const monotonic = options.monotonic();
    tickedAt = monotonic;
    const isFull = heldBytes(assignment.all) > options.memoryBytes;
    let toClose = bytesToClose(assignment.all, options.memoryBytes);
    const since = ({ batcher }: AssignedPartition): number =>
      batcher?.oldest?.openedAt ?? Number.POSITIVE_INFINITY;
    for (const partition of assignment.held.sort((a, b) => (since(a) < since(b) ? -1 : 1))) {
      const { batcher } = partition;
      if (batcher === null) continue;
      if (isOver(partition.state, gatheredOf(partition))) assignment.drop(partition);
      if (toClose > 0 && batcher.closed.length === 0) {
        batcher.close();
        toClose -= batcher.closedBytes;
      }
      if (isFull) pause(partition);
      else if (mayRead(gatheredOf(partition))) unpause(partition);
      look(partition, monotonic);
    }
  }

  /** Writes and acknowledges everything that was read. */
  async function settle(deadlineMs: number): Promise<void> {
    const until = options.monotonic() + deadlineMs;
    const isUnsettled = (partition: AssignedPartition): boolean => {
      const { closed, isWriting } = gatheredOf(partition);
      return partition.batcher !== null && (closed > 0 || isWriting);
    };
    for (const partition of assignment.all) pause(partition);
    do {
      tick();
      await options.sleep(SETTLING);
    } while (assignment.held.some(isUnsettled) && options.monotonic() < until);
    for (const partition of assignment.held) if (!isUnsettled(partition)) writers.acknowledge(partition);
    while (assignment.all.some(({ writing }) => writing !== null) && options.monotonic() < until)
      await options.sleep(SETTLING);
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
      ticking.catch(fail);
      await Promise.race([source.run(sink), failed]);
      ended = true;
      await Promise.race([Promise.all([ticking, settle(Number.POSITIVE_INFINITY)]), failed]);
    },
    async stop(deadlineMs) {
      if (stopping) return;
      stopping = true;
      try {
        await settle(deadlineMs);
        assignment.end();
        await source.stop();
      } catch (error) {
        fail(error);
      }
    },
    status: () => ({
      partitions: assignment.held.map(statusOf),
      held_bytes: heldBytes(assignment.all),
      ticked_at: tickedAt,
    }),
    async refreshLag() {
      const asked = assignment.held;
      if (asked.length === 0) return false;
      const now = options.now();
      const logs = await source.logOffsets(asked.map(({ id }) => id));
      asked.forEach((partition, i) => {
        const log = logs[i];
        if (log === undefined || partition.batcher === null || !partition.isAssigned()) return;
        applyEvent(partition, { kind: 'asked', log, position: partition.batcher.position, now });
      });
      return true;
    },
  };
}
