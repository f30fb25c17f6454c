import { StoreError } from '../store/error.ts';
import { CommitPace } from './commit-pace.ts';
import { Gather, type Limits, type Steps } from './gather.ts';
import type { Held } from './held-partition.ts';
import { type Decide, startPartitions } from './partition-start.ts';
import type { Chunk, Sink } from './sources/source.ts';
import { type PartitionId, partitionKey } from './partition-id.ts';
import { groupRules } from './start-rules.ts';
import { statusOf, type WorkerStatus } from './worker-status.ts';
import { acknowledge, type WriteContext, writeBatch } from './write.ts';

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
  let held = new Map<string, Held>();
  let stopping = false;
  let ended = false;
  let writing = 0;
  let tickedAt: number | null = null;
  const pace = new CommitPace(options.monotonic);
  let fail: (error: unknown) => void = () => {};

  const sink: Sink = {
    assigned(newEpoch, partitions) {
      if (newEpoch === epoch) return change(partitions);
      const before = held;
      epoch = newEpoch;
      pace.reset();
      held = new Map(partitions.map((id) => [partitionKey(id), take(id, newEpoch)]));
      events.assigned(partitions);
      const unfinished = [...before.values()].map((old) => old.writing ?? Promise.resolve());
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

  /** The same assignment with other partitions: those that are held go on. */
  function change(partitions: readonly PartitionId[]): void {
    const keys = new Set(partitions.map(partitionKey));
    for (const [key, partition] of held) partition.leaving = !keys.has(key);
    const added = partitions.filter((id) => !held.has(partitionKey(id))).map((id) => take(id, epoch));
    for (const partition of added) held.set(partitionKey(partition.id), partition);
    if (added.length === 0) return;
    events.assigned(partitions);
    void begin(added).catch(fail);
  }

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
      haltedUntil: null,
      leaving: false,
      lag: null,
      lagAt: null,
      idleSince: 0,
    };
  }

  function receive(partition: Held, gather: Gather, chunk: Chunk): void {
    const { verify } = partition;
    if (chunk.from !== gather.position - (verify === null ? 0 : 1)) return restart(partition);
    if (verify !== null) {
      partition.verify = null;
      const last = chunk.records.find((record) => record.offset === verify.to - 1);
      const rules = source.starts ?? groupRules;
      if (last !== undefined && !rules.isSame(last.value, verify.digest))
        return restart(partition, (log) => rules.replaced(partition.id, verify, log));
    }
    const started = options.monotonic();
    gather.add(chunk, options.now(), started);
    partition.lag = chunk.highWatermark === null ? null : Math.max(0, chunk.highWatermark - chunk.to);
    partition.lagAt = options.now();
    partition.idleSince = started;
    const bytes = chunk.records.reduce((sum, record) => sum + record.size, 0);
    events.folded(partition.id, chunk.records.length, bytes, options.monotonic() - started, partition.lag);
    look(partition, started);
  }

  /** The source gave other offsets than asked for: what was gathered is written, then the start is decided anew. */
  function restart(partition: Held, decide?: Decide): void {
    const { gather } = partition;
    gather?.close();
    pause(partition);
    partition.gather = null;
    void (async () => {
      if (gather !== null) await drain(partition, gather);
      if (partition.held()) await begin([partition], decide);
    })().catch(fail);
  }

  async function begin(partitions: readonly Held[], decide?: Decide): Promise<void> {
    const begun = startPartitions({ ...options, isStopping: () => stopping }, partitions, decide);
    for await (const { tenure, start, acknowledged, topicId } of begun) {
      const partition = held.get(partitionKey(tenure.id));
      if (partition !== tenure || partition === undefined) continue;
      partition.incarnation = start.incarnation;
      partition.topicId = topicId;
      partition.verify = start.verify;
      partition.done = start.replay?.from ?? start.at;
      partition.acknowledged = acknowledged;
      partition.gather = new Gather(partition.id, start.at, start.replay, options.steps);
      events.started(partition.id, start.at, start.reason);
      source.seek(partition.id, start.at - (start.verify === null ? 0 : 1));
      unpause(partition);
    }
  }

  /** Closes what is due, writes what is closed, and says when reading must wait. */
  function look(partition: Held, monotonic: number): void {
    const { gather } = partition;
    if (gather === null) return;
    if (stopping || ended || partition.leaving) gather.close();
    else
      gather.closeIfDue(options.limits, monotonic, {
        behind: (partition.lag ?? 0) > BEHIND,
        waiting: partition.lag ?? 0,
        busy: writing >= options.writers,
      });
    if (gather.closed.length > 1) pause(partition);
    if (gather.closed.length > 0) write(partition, gather);
    else if (gather.isEmpty && partition.writing === null && monotonic - partition.idleSince > IDLE)
      sayDone(partition);
  }

  function write(partition: Held, gather: Gather): void {
    if (partition.writing !== null || writing >= options.writers) return;
    if (partition.haltedUntil !== null && options.monotonic() < partition.haltedUntil) return;
    partition.haltedUntil = null;
    if (!pace.mayTry()) return;
    writing++;
    partition.writing = writeNext(partition, gather)
      .catch(fail)
      .finally(() => {
        writing--;
        partition.writing = null;
        if (partition.held() && gather === partition.gather && gather.closed.length < 2) unpause(partition);
        // The place goes to who has waited longest, not to whoever gets a record next.
        if (!stopping && !ended) tick();
      })
      .catch(fail);
  }

  async function writeNext(partition: Held, gather: Gather): Promise<void> {
    const batch = gather.closed[0];
    if (batch === undefined || !partition.held()) return pace.answered('over');
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
    gather.closed.shift();
    partition.done = batch.to;
    partition.idleSince = options.monotonic();
    events.written(partition.id, batch, partition.idleSince - batch.openedAt, partition.idleSince - started);
    batch.fold.free();
  }

  /** Notes what the group answered to a commit: whether it is `done`, and if not, whether the assignment goes on. */
  function answered(partition: Held, done: boolean): boolean {
    pace.answered(done ? 'taken' : partition.held() ? 'refused' : 'over');
    return done;
  }

  function sayDone(partition: Held): void {
    if (partition.done < 0 || partition.done === partition.acknowledged || partition.writing !== null) return;
    // An acknowledgement would erase the announcement, and with it what tells the next owner how the range was cut.
    if (partition.gather === null || partition.gather.owesReplay) return;
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

  function closedBytes(): number {
    let bytes = 0;
    for (const partition of held.values()) bytes += partition.gather?.closedBytes ?? 0;
    return bytes;
  }

  function tick(): void {
    const monotonic = options.monotonic();
    tickedAt = monotonic;
    const bytes = heldBytes();
    const full = bytes > options.memoryBytes;
    let more =
      bytes > CROWDED * options.memoryBytes ? (1 - CROWDED) * options.memoryBytes - closedBytes() : 0;
    const since = (partition: Held): number => partition.gather?.oldest?.openedAt ?? Number.POSITIVE_INFINITY;
    for (const partition of [...held.values()].sort((a, b) => (since(a) < since(b) ? -1 : 1))) {
      if (!partition.held() || partition.gather === null) continue;
      if (partition.leaving && partition.gather.isEmpty && partition.done === partition.acknowledged)
        held.delete(partitionKey(partition.id));
      if (more > 0 && partition.gather.closed.length === 0) {
        partition.gather.close();
        more -= partition.gather.closedBytes;
      }
      if (full) pause(partition);
      else if (partition.gather.closed.length < 2) unpause(partition);
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
    while ([...held.values()].some(({ writing: own }) => own !== null) && options.monotonic() < until)
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
      const all = [...held.values()].filter((partition) => partition.held());
      return { partitions: all.map(statusOf), held_bytes: heldBytes(), ticked_at: tickedAt };
    },
    async refreshLag() {
      const all = [...held.values()].filter((one) => one.held());
      if (all.length === 0) return false;
      const asked = options.now();
      const logs = await source.logOffsets(all.map((one) => one.id));
      all.forEach((one, i) => {
        const latest = logs[i]?.latest ?? Number.MAX_SAFE_INTEGER;
        // A source without an end has no lag.
        if (!one.held() || one.gather === null || latest >= Number.MAX_SAFE_INTEGER) return;
        one.lag = Math.max(0, latest - one.gather.position);
        one.lagAt = asked;
      });
      return true;
    },
  };
}
