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
  halted: () => {},
};

/** Reports to both, in this order. */
export function reportToBoth(first: WorkerEvents, second: WorkerEvents): WorkerEvents {
  return {
    folded(...all) {
      first.folded(...all);
      second.folded(...all);
    },
    announced(...all) {
      first.announced(...all);
      second.announced(...all);
    },
    inserted(...all) {
      first.inserted(...all);
      second.inserted(...all);
    },
    written(...all) {
      first.written(...all);
      second.written(...all);
    },
    storeFailed(...all) {
      first.storeFailed(...all);
      second.storeFailed(...all);
    },
    storeAnswered(...all) {
      first.storeAnswered(...all);
      second.storeAnswered(...all);
    },
    brokerFailed(...all) {
      first.brokerFailed(...all);
      second.brokerFailed(...all);
    },
    waited(...all) {
      first.waited(...all);
      second.waited(...all);
    },
    assigned(...all) {
      first.assigned(...all);
      second.assigned(...all);
    },
    revoked(...all) {
      first.revoked(...all);
      second.revoked(...all);
    },
    started(...all) {
      first.started(...all);
      second.started(...all);
    },
    alreadyIn(...all) {
      first.alreadyIn(...all);
      second.alreadyIn(...all);
    },
    lost(...all) {
      first.lost(...all);
      second.lost(...all);
    },
    halted(...all) {
      first.halted(...all);
      second.halted(...all);
    },
  };
}
