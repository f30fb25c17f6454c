import type { Batch } from './batcher.ts';
import type { OffsetRange } from './protocol.ts';
import type { PartitionId } from './partition-id.ts';

/** What the worker reports while it works; metrics, health and logs are made of it. Durations in ms. */
export interface WorkerEvents {
  /** A chunk was decoded, classified and folded. `lag` in records; null when unknown. */
  folded(id: PartitionId, records: number, bytes: number, duration: number, lag: number | null): void;
  announced(duration: number): void;
  inserted(table: string, duration: number): void;
  /** The batch is in; `age`: since its first record arrived, `duration`: since it was taken to be announced. */
  written(id: PartitionId, batch: Batch, age: number, duration: number): void;
  /** The store could not take a statement; it is tried again. */
  storeFailed(reason: string, error: unknown): void;
  storeAnswered(): void;
  brokerFailed(reason: string): void;
  /** A pause between two tries is over. */
  waited(until: 'store' | 'broker', duration: number): void;
  /** Partitions were assigned. */
  assigned(partitions: readonly PartitionId[]): void;
  revoked(): void;
  /** A partition begins; `reason` is empty in the ordinary case. */
  started(id: PartitionId, at: number, reason: string): void;
  /** An announced range is not sent again: the ledger shows that it is in. */
  alreadyIn(id: PartitionId, range: OffsetRange): void;
  /** Records were gone before they were read. */
  lost(id: PartitionId, from: number, to: number): void;
  /** Topics to be read that do not exist at present; none: all are there again. */
  topicsMissing(topics: readonly string[]): void;
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
  waited: () => {},
  assigned: () => {},
  revoked: () => {},
  started: () => {},
  alreadyIn: () => {},
  lost: () => {},
  topicsMissing: () => {},
  halted: () => {},
};

/** Reports to both, in this order. */
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
