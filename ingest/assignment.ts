import { type AssignedPartition, applyEvent } from './assigned-partition.ts';
import { type PartitionId, partitionKey } from './partition-id.ts';
import { assigned } from './partition-state.ts';
import { KeptNames } from './rows/name-cap.ts';

/** The partitions that the group has given to a worker, under one epoch. */
export class Assignment {
  /** 0: there is no assignment. */
  #epoch = 0;
  #partitions = new Map<string, AssignedPartition>();

  get epoch(): number {
    return this.#epoch;
  }

  /** The partitions of the present assignment. After its end: those of the last assignment. */
  get all(): AssignedPartition[] {
    return [...this.#partitions.values()];
  }

  /** The partitions that this worker may write. */
  get held(): AssignedPartition[] {
    return this.all.filter((partition) => partition.isAssigned());
  }

  get(id: PartitionId): AssignedPartition | undefined {
    return this.#partitions.get(partitionKey(id));
  }

  /** Starts a new epoch with these partitions. */
  begin(epoch: number, ids: readonly PartitionId[]): AssignedPartition[] {
    this.#epoch = epoch;
    this.#partitions = new Map(ids.map((id) => [partitionKey(id), this.#take(id)]));
    return this.all;
  }

  /**
   * Changes the partitions within the same epoch. A partition in `ids` continues or is added; any other partition is
   * marked as leaving. Returns the added partitions.
   */
  change(ids: readonly PartitionId[]): AssignedPartition[] {
    const keys = new Set(ids.map(partitionKey));
    for (const [key, partition] of this.#partitions)
      applyEvent(partition, { kind: 'named', isNamed: keys.has(key) });
    const added = ids.filter((id) => !this.#partitions.has(partitionKey(id))).map((id) => this.#take(id));
    for (const partition of added) this.#partitions.set(partitionKey(partition.id), partition);
    return added;
  }

  drop({ id }: AssignedPartition): void {
    this.#partitions.delete(partitionKey(id));
  }

  /** Ends the assignment: from now on nothing may be written. */
  end(): void {
    this.#epoch = 0;
  }

  #take(id: PartitionId): AssignedPartition {
    const epoch = this.#epoch;
    return {
      id,
      epoch,
      names: new KeptNames(),
      isAssigned: () => this.#epoch === epoch,
      state: assigned,
      batcher: null,
      writing: null,
      paused: true,
    };
  }
}
