import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from './error.ts';

/** Space that the embedded engine leaves free: inserts and merges wait for more, and it is not opened with less. */
export const KEEP_FREE_MIB = 256;
/** How often the space is looked at, ms. */
const EVERY_MS = 250;
/** Every so many looks the refused writes are counted, too: a statement of the engine takes 3 ms. */
const COUNT_EVERY = 4;

/** What the guard sees and does. */
export interface GuardedDisk {
  /** Directory, for messages. */
  where: string;
  freeMib(): Promise<number>;
  /** Writes that the system has refused to the engine since the process began. */
  refusedWrites(): Promise<number>;
  /** Ends the merges under way and lets none begin, or lets them begin again. */
  holdMerges(hold: boolean): Promise<void>;
  /** Must end the process: what the engine has in memory is no longer what stands on the disk. */
  damaged(error: StoreError): void;
}

export interface DiskGuard {
  /**
   * Runs an insert. Throws code 243 when the disk is nearly full. Does not come back when a write was refused in the
   * meantime.
   */
  insert<T>(act: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/**
 * Keeps the embedded engine from a full disk. Unlike a server it takes a write that the system refuses for done
 * (chDB 3.4, decision 13): the insert or the merge counts, its files are empty. So nothing is written unless there
 * is room to spare, and when a write was refused all the same the process ends before anything is built on it.
 */
export function createDiskGuard(disk: GuardedDisk): DiskGuard {
  const closing = new AbortController();
  let held = false;
  let isDamaged = false;

  async function look(): Promise<void> {
    const refused = await disk.refusedWrites();
    if (refused === 0 || isDamaged) return;
    isDamaged = true;
    disk.damaged(
      new StoreError(
        'unavailable',
        `the disk of data directory ${disk.where} refused ${refused} write${refused === 1 ? '' : 's'} of the embedded ClickHouse: look at its space and health, then start faultline again, which sets aside what is incomplete and reads it anew`,
      ),
    );
  }

  async function watch(): Promise<void> {
    for (let turn = 1; !closing.signal.aborted; turn++) {
      // What fails now, on a directory that is gone, say, also fails for whoever uses the engine; the guard stays.
      await check(turn % COUNT_EVERY === 0).catch(() => undefined);
      await sleep(EVERY_MS, undefined, { signal: closing.signal, ref: false }).catch(() => undefined);
    }
  }

  async function check(counts: boolean): Promise<void> {
    const isLow = (await disk.freeMib()) < KEEP_FREE_MIB;
    if (isLow !== held) await disk.holdMerges(isLow);
    held = isLow;
    if (isLow || counts) await look();
  }

  const watching = watch();
  return {
    async insert(act) {
      const before = await disk.freeMib();
      if (before < KEEP_FREE_MIB)
        throw new Error(`Code: 243. DB::Exception: ${noRoom(before)} (NOT_ENOUGH_SPACE)`);
      const done = await act();
      if ((await disk.freeMib()) < KEEP_FREE_MIB) await look();
      if (isDamaged) await new Promise(() => undefined);
      return done;
    },
    async close() {
      closing.abort();
      await watching;
    },
  };
}

/** Throws `StoreError` when the embedded engine had better not be opened. */
export function refuseFullDisk(where: string, freeMib: number): void {
  if (freeMib >= KEEP_FREE_MIB) return;
  throw new StoreError('unavailable', `data directory ${where} cannot be used: ${noRoom(freeMib)}`);
}

function noRoom(freeMib: number): string {
  return `its disk has ${Math.floor(freeMib)} MiB of space left, the embedded ClickHouse needs ${KEEP_FREE_MIB} MiB: make space`;
}
