import { StoreError } from '../store/error.ts';
import { CommitPace } from './commit-pace.ts';
import { Batcher, type BatchLimits } from './batcher.ts';
import type { RecordReader } from './read-record.ts';
import type { AssignedPartition } from './assigned-partition.ts';
import { type Decide, startPartitions } from './partition-start.ts';
import type { Chunk, Sink } from './sources/source.ts';
import { type PartitionId, partitionKey } from './partition-id.ts';
import { KeptNames } from './rows/name-cap.ts';
import { groupRules } from './start-rules.ts';
import { statusOf, type WorkerStatus } from './worker-status.ts';
import { acknowledge, type WriteContext, writeBatch } from './write.ts';

export interface WorkerOptions extends WriteContext {
  reader: RecordReader;
  limits: BatchLimits;
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
  /** Writes and acknowledges what has been read, for at most so many ms, then leaves the group. `run` rejects when that fails. */
  stop(deadlineMs: number): Promise<void>;
  /** What is held now. */
  status(): WorkerStatus;
  /**
   * Asks the source where the logs of the partitions end: the lag of those that are not being read would else stand
   * still. Answers false when nothing is held, so that nothing was asked; throws when the source does not answer.
   */
  refreshLag(): Promise<boolean>;
}

/** Times in ms: between two looks at what is due; without a batch before the group is told; between tries when halted. */
const TICK = 50;
const IDLE = 500;
const HALTED = 10_000;
/** More records than one fetch of a partition holds are waiting: larger batches matter more than fresh ones. */
const BEHIND = 2_500;
/**
 * From this share of the memory on, the oldest batches are closed until the rest of it is closed, waiting or being
 * written. Memory comes back only from what is written; the other batches grow on until it is their turn, because many
 * small ones cost the store more than they are worth.
 */
const CROWDED = 0.75;

/**
 * The flow: records come from the source, are folded into batches of contiguous offsets, and each batch is announced,
 * inserted and acknowledged. All decisions about where to begin and what is in are `protocol.ts`.
 */
export function createWorker(options: WorkerOptions): Worker {
  const { source, events } = options;
  let epoch = 0;
  let assignment = new Map<string, AssignedPartition>();
  let stopping = false;
  let ended = false;
  let writing = 0;
  let tickedAt: number | null = null;
  const pace = new CommitPace(options.monotonic);
  let fail: (error: unknown) => void = () => {};

  const sink: Sink = {
    assigned(newEpoch, partitions) {
      if (newEpoch === epoch) return change(partitions);
      const before = assignment;
      epoch = newEpoch;
      pace.reset();
      assignment = new Map(partitions.map((id) => [partitionKey(id), take(id, newEpoch)]));
      events.assigned(partitions);
      const unfinished = [...before.values()].map((old) => old.writing ?? Promise.resolve());
      void Promise.all(unfinished)
        .then(() => begin([...assignment.values()].filter((partition) => partition.epoch === newEpoch)))
        .catch(fail);
    },
    revoked() {
      epoch = 0;
      events.revoked();
    },
    chunk(chunkEpoch, chunk) {
      const partition = assignment.get(partitionKey(chunk));
      if (chunkEpoch !== epoch || partition === undefined || partition.batcher === null) return;
      receive(partition, partition.batcher, chunk);
    },
    recreated(ownEpoch, topic) {
      if (ownEpoch !== epoch) return;
      for (const partition of assignment.values())
        if (partition.id.topic === topic && partition.batcher !== null) restart(partition);
    },
  };

  /** The same assignment with other partitions: those that are held go on. */
  function change(partitions: readonly PartitionId[]): void {
    const keys = new Set(partitions.map(partitionKey));
    for (const [key, partition] of assignment) partition.leaving = !keys.has(key);
    const added = partitions.filter((id) => !assignment.has(partitionKey(id))).map((id) => take(id, epoch));
    for (const partition of added) assignment.set(partitionKey(partition.id), partition);
    if (added.length === 0) return;
    events.assigned(partitions);
    void begin(added).catch(fail);
  }

  function take(id: PartitionId, ownEpoch: number): AssignedPartition {
    return {
      id,
      epoch: ownEpoch,
      incarnation: 0,
      topicId: '',
      names: new KeptNames(),
      isAssigned: () => epoch === ownEpoch,
      batcher: null,
      verify: null,
      done: -1,
      acknowledged: -1,
      writing: null,
      paused: true,
      haltedUntil: null,
      leaving: false,
      lag: null,
      lagAt: null,
      idleSince: 0,
    };
  }

  function receive(partition: AssignedPartition, batcher: Batcher, chunk: Chunk): void {
    const { verify } = partition;
    if (chunk.from !== batcher.position - (verify === null ? 0 : 1)) return restart(partition);
    if (verify !== null) {
      partition.verify = null;
      const last = chunk.records.find((record) => record.offset === verify.to - 1);
      const rules = source.starts ?? groupRules;
      if (last !== undefined && !rules.isSame(last.value, verify.digest))
        return restart(partition, (log) => rules.replaced(partition.id, verify, log));
    }
    const started = options.monotonic();
    batcher.add(chunk, options.now(), started);
    partition.lag = chunk.highWatermark === null ? null : Math.max(0, chunk.highWatermark - chunk.to);
    partition.lagAt = options.now();
    partition.idleSince = started;
    const bytes = chunk.records.reduce((sum, record) => sum + record.size, 0);
    events.folded(partition.id, chunk.records.length, bytes, options.monotonic() - started, partition.lag);
    look(partition, started);
  }

  /** The source gave other offsets than asked for: what was gathered is written, then the start is decided anew. */
  function restart(partition: AssignedPartition, decide?: Decide): void {
    const { batcher } = partition;
    batcher?.close();
    pause(partition);
    partition.batcher = null;
    void (async () => {
      if (batcher !== null) await drain(partition, batcher);
      if (partition.isAssigned()) await begin([partition], decide);
    })().catch(fail);
  }

  async function begin(partitions: readonly AssignedPartition[], decide?: Decide): Promise<void> {
    const begun = startPartitions({ ...options, isStopping: () => stopping }, partitions, decide);
    for await (const { partition, start, acknowledged, topicId, names } of begun) {
      if (assignment.get(partitionKey(partition.id)) !== partition) continue;
      partition.incarnation = start.incarnation;
      partition.topicId = topicId;
      partition.names = names;
      partition.verify = start.verify;
      partition.done = start.replay?.from ?? start.at;
      partition.acknowledged = acknowledged;
      partition.batcher = new Batcher(partition.id, start.at, start.replay, options.reader);
      events.started(partition.id, start.at, start.reason);
      source.seek(partition.id, start.at - (start.verify === null ? 0 : 1));
      unpause(partition);
    }
  }

  /** Closes what is due, writes what is closed, and says when reading must wait. */
  function look(partition: AssignedPartition, monotonic: number): void {
    const { batcher } = partition;
    if (batcher === null) return;
    if (stopping || ended || partition.leaving) batcher.close();
    else
      batcher.closeIfDue(options.limits, monotonic, {
        behind: (partition.lag ?? 0) > BEHIND,
        waiting: partition.lag ?? 0,
        busy: writing >= options.writers,
      });
    if (batcher.closed.length > 1) pause(partition);
    if (batcher.closed.length > 0) write(partition, batcher);
    else if (batcher.isEmpty && partition.writing === null && monotonic - partition.idleSince > IDLE)
      sayDone(partition);
  }

  function write(partition: AssignedPartition, batcher: Batcher): void {
    if (partition.writing !== null || writing >= options.writers) return;
    if (partition.haltedUntil !== null && options.monotonic() < partition.haltedUntil) return;
    partition.haltedUntil = null;
    if (!pace.mayTry()) return;
    writing++;
    partition.writing = writeNext(partition, batcher)
      .catch(fail)
      .finally(() => {
        writing--;
        partition.writing = null;
        if (partition.isAssigned() && batcher === partition.batcher && batcher.closed.length < 2)
          unpause(partition);
        // The place goes to who has waited longest, not to whoever gets a record next.
        if (!stopping && !ended) tick();
      })
      .catch(fail);
  }

  async function writeNext(partition: AssignedPartition, batcher: Batcher): Promise<void> {
    const batch = batcher.closed[0];
    if (batch === undefined || !partition.isAssigned()) return pace.answered('over');
    const started = options.monotonic();
    try {
      if (!answered(partition, await writeBatch(options, partition, batch))) return;
    } catch (error) {
      pace.answered('over');
      if (!(error instanceof StoreError) || options.onRefused === 'fail') throw error;
      partition.haltedUntil = options.monotonic() + HALTED;
      events.halted(partition.id, error.message);
      return;
    }
    batcher.closed.shift();
    if (batch.rows.names !== null) partition.names.take(batch.rows.names);
    partition.done = batch.to;
    partition.idleSince = options.monotonic();
    events.written(partition.id, batch, partition.idleSince - batch.openedAt, partition.idleSince - started);
    batch.rows.free();
  }

  /** Notes what the group answered to a commit: whether it is `done`, and if not, whether the assignment goes on. */
  function answered(partition: AssignedPartition, done: boolean): boolean {
    pace.answered(done ? 'taken' : partition.isAssigned() ? 'refused' : 'over');
    return done;
  }

  function sayDone(partition: AssignedPartition): void {
    if (partition.done < 0 || partition.done === partition.acknowledged || partition.writing !== null) return;
    // An acknowledgement would erase the announcement, and with it what tells the next owner how the range was cut.
    if (partition.batcher === null || partition.batcher.owesReplay) return;
    if (!pace.mayTry()) return;
    const { done } = partition;
    partition.writing = acknowledge(options, partition, done)
      .then((said) => {
        if (answered(partition, said)) partition.acknowledged = done;
      })
      .catch(fail)
      .finally(() => {
        partition.writing = null;
      });
  }

  async function drain(partition: AssignedPartition, batcher: Batcher): Promise<void> {
    while (partition.isAssigned() && (batcher.closed.length > 0 || partition.writing !== null)) {
      write(partition, batcher);
      await (partition.writing ?? options.sleep(TICK));
    }
  }

  function pause(partition: AssignedPartition): void {
    if (partition.paused) return;
    partition.paused = true;
    source.pause(partition.id);
  }

  function unpause(partition: AssignedPartition): void {
    if (!partition.paused || stopping || heldBytes() > options.memoryBytes) return;
    partition.paused = false;
    source.resume(partition.id);
  }

  function heldBytes(): number {
    let bytes = 0;
    for (const partition of assignment.values()) bytes += partition.batcher?.heldBytes ?? 0;
    return bytes;
  }

  function closedBytes(): number {
    let bytes = 0;
    for (const partition of assignment.values()) bytes += partition.batcher?.closedBytes ?? 0;
    return bytes;
  }

  function tick(): void {
    const monotonic = options.monotonic();
    tickedAt = monotonic;
    const bytes = heldBytes();
    const full = bytes > options.memoryBytes;
    let more =
      bytes > CROWDED * options.memoryBytes ? (1 - CROWDED) * options.memoryBytes - closedBytes() : 0;
    const since = (partition: AssignedPartition): number =>
      partition.batcher?.oldest?.openedAt ?? Number.POSITIVE_INFINITY;
    for (const partition of [...assignment.values()].sort((a, b) => (since(a) < since(b) ? -1 : 1))) {
      if (!partition.isAssigned() || partition.batcher === null) continue;
      if (partition.leaving && partition.batcher.isEmpty && partition.done === partition.acknowledged)
        assignment.delete(partitionKey(partition.id));
      if (more > 0 && partition.batcher.closed.length === 0) {
        partition.batcher.close();
        more -= partition.batcher.closedBytes;
      }
      if (full) pause(partition);
      else if (partition.batcher.closed.length < 2) unpause(partition);
      look(partition, monotonic);
    }
  }

  async function settle(deadlineMs: number): Promise<void> {
    const until = options.monotonic() + deadlineMs;
    const unsettled = (partition: AssignedPartition): boolean =>
      partition.isAssigned() &&
      partition.batcher !== null &&
      (partition.batcher.closed.length > 0 || partition.writing !== null);
    for (const partition of assignment.values()) pause(partition);
    do {
      tick();
      await options.sleep(10);
    } while ([...assignment.values()].some(unsettled) && options.monotonic() < until);
    for (const partition of assignment.values())
      if (partition.isAssigned() && !unsettled(partition)) sayDone(partition);
    while ([...assignment.values()].some(({ writing: own }) => own !== null) && options.monotonic() < until)
      await options.sleep(10);
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
        epoch = 0;
        await source.stop();
      } catch (error) {
        fail(error);
      }
    },
    status() {
      const all = [...assignment.values()].filter((partition) => partition.isAssigned());
      return { partitions: all.map(statusOf), held_bytes: heldBytes(), ticked_at: tickedAt };
    },
    async refreshLag() {
      const all = [...assignment.values()].filter((one) => one.isAssigned());
      if (all.length === 0) return false;
      const asked = options.now();
      const logs = await source.logOffsets(all.map((one) => one.id));
      all.forEach((one, i) => {
        const latest = logs[i]?.latest ?? Number.MAX_SAFE_INTEGER;
        // A source without an end has no lag.
        if (!one.isAssigned() || one.batcher === null || latest >= Number.MAX_SAFE_INTEGER) return;
        one.lag = Math.max(0, latest - one.batcher.position);
        one.lagAt = asked;
      });
      return true;
    },
  };
}
