import type { Batch } from './gather.ts';
import type { PartitionId } from './sources/source.ts';

/** What the worker reports while it works; metrics, health and logs are made of it. Durations in ms. */
export interface WorkerEvents {
  /** A chunk was decoded, classified and folded. `lag` in records; null when unknown. */
  folded(id: PartitionId, records: number, bytes: number, duration: number, lag: number | null): void;
  announced(duration: number): void;
  inserted(table: string, duration: number): void;
  /** The batch is in; `age`: since its first record arrived. */
  written(id: PartitionId, batch: Batch, age: number): void;
  /** The store could not take an insert; it is tried again. */
  storeFailed(reason: string): void;
  storeAnswered(): void;
  brokerFailed(reason: string): void;
  /** Partitions were assigned. */
  assigned(partitions: readonly PartitionId[]): void;
  revoked(): void;
  /** A partition begins; `reason` is empty in the ordinary case. */
  started(id: PartitionId, at: number, reason: string): void;
  /** Records were gone before they were read. */
  lost(id: PartitionId, from: number, to: number): void;
  /** The store rejects what this partition writes: it stands still until that is mended. */
  halted(id: PartitionId, reason: string): void;
}

/** Reports to nobody. */
export const silentEvents: WorkerEvents = {
  folded: () => {},
  announced: () => {},
  inserted: () => {},
  written: () => {},
  storeFailed: () => {},
  storeAnswered: () => {},
  brokerFailed: () => {},
  assigned: () => {},
  revoked: () => {},
  started: () => {},
  lost: () => {},
  halted: () => {},
};
