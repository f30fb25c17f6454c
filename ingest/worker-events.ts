import type { Batch } from './batcher.ts';
import type { OffsetRange } from './protocol.ts';
import type { PartitionId } from './partition-id.ts';

/** The events that a worker reports; metrics, health and logs are made from them. Durations in ms. */
export interface WorkerEvents {
  /** A chunk was decoded, classified and counted. `lag` in records; null when unknown. */
  folded(id: PartitionId, records: number, bytes: number, duration: number, lag: number | null): void;
  announced(duration: number): void;
  inserted(table: string, duration: number): void;
  /** The batch is stored. `age`: time since its first record arrived; `duration`: time since a writer took it. */
  written(id: PartitionId, batch: Batch, age: number, duration: number): void;
  /** The store did not accept a statement; it is tried again. */
  storeFailed(reason: string, error: unknown): void;
  storeAnswered(): void;
  brokerFailed(reason: string): void;
  /** A pause between two tries is over. */
  waited(until: 'store' | 'broker', duration: number): void;
  assigned(partitions: readonly PartitionId[]): void;
  revoked(): void;
  /** The start of a partition is decided; `reason` is empty in the ordinary case. */
  started(id: PartitionId, at: number, reason: string): void;
  /** An announced range is not sent again, because the ledger shows that it is stored. */
  alreadyIn(id: PartitionId, range: OffsetRange): void;
  /** Records were deleted before they were read. */
  lost(id: PartitionId, from: number, to: number): void;
  /** Topics to be read that do not exist at present; empty: all exist again. */
  topicsMissing(topics: readonly string[]): void;
  /** The store rejects the rows of this partition. Nothing of the partition is stored until this is corrected. */
  halted(id: PartitionId, reason: string): void;
}

/** Ignores all events. */
export const silentEvents: WorkerEvents = {
  folded: () => {},
  announced: () => {},
  inserted: () => {},
  written: () => {},
  storeFailed: () => {},
  storeAnswered: () => {},
  brokerFailed: () => {},
  waited: () => {},
  assigned: () => {},
  revoked: () => {},
  started: () => {},
  alreadyIn: () => {},
  lost: () => {},
  topicsMissing: () => {},
  halted: () => {},
};

/** Reports each event to `first`, then to `second`. */
export function reportToBoth(first: WorkerEvents, second: WorkerEvents): WorkerEvents {
  const both =
    <Told extends unknown[]>(name: keyof WorkerEvents) =>
    (...told: Told): void => {
      (first[name] as (...all: Told) => void)(...told);
      (second[name] as (...all: Told) => void)(...told);
    };
  const names = Object.keys(silentEvents) as (keyof WorkerEvents)[];
  return Object.fromEntries(names.map((name) => [name, both(name)])) as unknown as WorkerEvents;
}
