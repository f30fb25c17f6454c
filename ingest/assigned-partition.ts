import type { Batcher } from './batcher.ts';
import type { PartitionId } from './partition-id.ts';
import { nextState, type Gathered, type PartitionEvent, type PartitionState } from './partition-state.ts';
import type { KeptNames } from './rows/name-cap.ts';

/**
 * One partition of an assignment: whether this worker may write the partition, its unwritten batches, and how much of
 * the partition is stored.
 */
export interface AssignedPartition {
  readonly id: PartitionId;
  readonly epoch: number;
  /** The names of the partition's newest day, including those that stored batches added. */
  names: KeptNames;
  /** False once the assignment is over. Then nothing may be announced or written for this partition. */
  isAssigned(): boolean;
  state: PartitionState;
  /** Null while the state is `starting`. */
  batcher: Batcher | null;
  /** The write of a batch or acknowledgement that is under way; null when nothing is being written. */
  writing: Promise<void> | null;
  /** Whether the source was asked to pause reading this partition. */
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
