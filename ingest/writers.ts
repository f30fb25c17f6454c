import { StoreError } from '../store/error.ts';
import { type AssignedPartition, gatheredOf, applyEvent } from './assigned-partition.ts';
import type { Batcher } from './batcher.ts';
import { CommitPace } from './commit-pace.ts';
import { isHalted, mayAcknowledge } from './partition-state.ts';
import { CommitError } from './sources/source.ts';
import { acknowledge, type WriteContext, writeBatch } from './write.ts';

export interface WritersOptions extends WriteContext {
  /** How many batches are written at the same time. */
  writers: number;
  /** What to do when the store rejects rows: `halt` the partition and try again later, or `fail` with the error. */
  onRefused: 'halt' | 'fail';
}

/** A pool of writers. The pool decides which batch is written, and when the group is told what is stored. */
export interface Writers {
  /** Whether all writers are busy. */
  isBusy(): boolean;
  /** Writes the first closed batch of a partition, if a writer is free and the partition is not halted. */
  write(partition: AssignedPartition, batcher: Batcher): void;
  /** Tells the group what is stored, if something was stored since the last acknowledgement. */
  acknowledge(partition: AssignedPartition): void;
  /** Writes all closed batches; ends earlier when the assignment ends. */
  drain(partition: AssignedPartition, batcher: Batcher): Promise<void>;
  /** Call it for a new assignment, in which nothing was refused yet. */
  reset(): void;
}

/** Time between two checks while draining, ms. */
const TICK = 50;

/** Makes writers. They call `freed` whenever a writer becomes free, and `fail` when the worker cannot continue. */
export function createWriters(
  options: WritersOptions,
  freed: (partition: AssignedPartition, batcher: Batcher) => void,
  fail: (error: unknown) => void,
): Writers {
  const { events } = options;
  const pace = new CommitPace(options.monotonic);
  let writing = 0;

  function write(partition: AssignedPartition, batcher: Batcher): void {
    if (partition.writing !== null || writing >= options.writers) return;
    if (isHalted(partition.state, options.monotonic())) return;
    applyEvent(partition, { kind: 'tried' });
    if (!pace.mayTry()) return;
    writing++;
    partition.writing = writeNext(partition, batcher)
      .catch(fail)
      .finally(() => {
        writing--;
        partition.writing = null;
        freed(partition, batcher);
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
      // No writer waits for a topic that may never exist again. The batch is kept, because the topic may be created
      // again.
      if (error instanceof CommitError && error.code === 'no_topic')
        return applyEvent(partition, { kind: 'refused', monotonic: options.monotonic() });
      if (!(error instanceof StoreError) || options.onRefused === 'fail') throw error;
      applyEvent(partition, { kind: 'refused', monotonic: options.monotonic() });
      events.halted(partition.id, error.message);
      return;
    }
    batcher.closed.shift();
    if (batch.rows.names !== null) partition.names.take(batch.rows.names);
    const ended = options.monotonic();
    applyEvent(partition, { kind: 'written', to: batch.to, monotonic: ended });
    events.written(partition.id, batch, ended - batch.openedAt, ended - started);
    batch.rows.free();
  }

  /**
   * Tells the pace how the group answered a commit: `done` says whether the group accepted it; if not, the assignment
   * continues or is over. Returns `done`.
   */
  function answered(partition: AssignedPartition, done: boolean): boolean {
    pace.answered(done ? 'taken' : partition.isAssigned() ? 'refused' : 'over');
    return done;
  }

  return {
    isBusy: () => writing >= options.writers,
    write,
    acknowledge(partition) {
      if (!mayAcknowledge(partition.state, gatheredOf(partition)) || !pace.mayTry()) return;
      const { stored } = partition.state;
      partition.writing = acknowledge(options, partition, stored)
        .then((done) => {
          if (answered(partition, done)) applyEvent(partition, { kind: 'acknowledged', to: stored });
        })
        .catch(fail)
        .finally(() => {
          partition.writing = null;
        });
    },
    async drain(partition, batcher) {
      while (partition.isAssigned() && (batcher.closed.length > 0 || partition.writing !== null)) {
        write(partition, batcher);
        await (partition.writing ?? options.sleep(TICK));
      }
    },
    reset: () => pace.reset(),
  };
}
