import type { Batcher } from './batcher.ts';
import type { PartitionId } from './partition-id.ts';
import type { LedgerEnd } from './protocol.ts';
import type { KeptNames } from './rows/name-cap.ts';

/** One partition of an assignment: the right to write for it, and how far this worker has come. */
export interface AssignedPartition {
  id: PartitionId;
  epoch: number;
  incarnation: number;
  topicId: string;
  /** The values of the dimensions that are counted by their names on its newest day; after each batch that is stored. */
  names: KeptNames;
  /** False from when the assignment is over: nothing may be announced or written for it any more. */
  isAssigned(): boolean;
  /** Null until the start is decided. */
  batcher: Batcher | null;
  /** The record before the start has to be the one that the ledger knows; null when it need not be, or is proven. */
  verify: LedgerEnd | null;
  /** Everything before it is stored; -1 until the start is decided. */
  done: number;
  /** Everything before it is stored, and the group knows it; -1: the group knows nothing. */
  acknowledged: number;
  writing: Promise<void> | null;
  paused: boolean;
  /** Monotonic ms until which it stands still because the store rejects its rows; null: it does not. */
  haltedUntil: number | null;
  /** The source has no more of it: given up once it is written. */
  leaving: boolean;
  lag: number | null;
  /** When the end of the log was last learned, epoch ms; null: never. */
  lagAt: number | null;
  idleSince: number;
}
