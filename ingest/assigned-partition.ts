import type { Batcher } from './batcher.ts';
import type { PartitionId } from './partition-id.ts';
import { nextState, type Gathered, type PartitionEvent, type PartitionState } from './partition-state.ts';
import type { KeptNames } from './rows/name-cap.ts';

/**
 * One partition of an assignment: whether this worker may write it, its unwritten batches, and how much of it is
 * stored.
 */
export interface AssignedPartition {
  readonly id: PartitionId;
  readonly epoch: number;
  /** The names that are counted on its newest day, including those of all stored batches. */
  names: KeptNames;
  /** False once the assignment is over: then nothing may be announced or written for it. */
  isAssigned(): boolean;
  state: PartitionState;
  /** Null while the state is `starting`. */
  batcher: Batcher | null;
  /** The batch or acknowledgement that is being written; null: none. */
  writing: Promise<void> | null;
  /** Whether the source was asked to pause reading it. */
  paused: boolean;
}

/** Changes the state of a partition according to an event. */
export function applyEvent(partition: AssignedPartition, event: PartitionEvent): void {
  partition.state = nextState(partition.state, event);
}

/** What was read of a partition and is not stored. */
export function gatheredOf({ batcher, writing }: AssignedPartition): Gathered {
  return {
    closed: batcher?.closed.length ?? 0,
    isEmpty: batcher?.isEmpty ?? true,
    owesReplay: batcher?.owesReplay ?? false,
    isWriting: writing !== null,
  };
}
