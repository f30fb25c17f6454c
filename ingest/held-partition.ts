import type { Gather } from './gather.ts';
import type { LedgerEnd } from './protocol.ts';
import type { Tenure } from './write.ts';

/** One partition while this worker has it. */
export interface Held extends Tenure {
  /** Null until the start is decided. */
  gather: Gather | null;
  verify: LedgerEnd | null;
  /** All before it is in; and so far the group knows it. */
  done: number;
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
