import type { Batcher } from './batcher.ts';
import type { PartitionId } from './partition-id.ts';
import { advance, type Gathered, type PartitionEvent, type PartitionState } from './partition-state.ts';
import type { KeptNames } from './rows/name-cap.ts';

/** One partition of an assignment: the right to write for it, what is held of it, and how far this worker has come. */
export interface AssignedPartition {
  readonly id: PartitionId;
  readonly epoch: number;
  /** The values of the dimensions that are counted by their names on its newest day; after each batch that is stored. */
  names: KeptNames;
  /** False from when the assignment is over: nothing may be announced or written for it any more. */
  isAssigned(): boolean;
  state: PartitionState;
  /** Null while the state is `starting`. */
  batcher: Batcher | null;
  /** What is being written for it, or told the group. */
  writing: Promise<void> | null;
  /** The source was asked not to read it. */
  paused: boolean;
}

/** Changes the state of a partition by what has happened. */
export function happen(partition: AssignedPartition, event: PartitionEvent): void {
  partition.state = advance(partition.state, event);
}

/** What is held of a partition. */
export function gatheredOf({ batcher, writing }: AssignedPartition): Gathered {
  return {
    closed: batcher?.closed.length ?? 0,
    isEmpty: batcher?.isEmpty ?? true,
    owesReplay: batcher?.owesReplay ?? false,
    isWriting: writing !== null,
  };
}
