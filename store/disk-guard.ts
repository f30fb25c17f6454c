import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from './error.ts';

/**
 * Space that the embedded engine leaves free. With less, inserts are refused, merges wait, and the engine is not
 * opened.
 */
export const KEEP_FREE_MIB = 256;
/** How often the free space is checked, ms. */
const EVERY_MS = 250;
/**
 * While enough space is free, only every fourth check also counts the refused writes, because this takes a statement of
 * the engine (3 ms).
 */
const COUNT_EVERY = 4;

/** What the guard reads and controls. */
export interface GuardedDisk {
  /** The data directory, for messages. */
  where: string;
  freeMib(): Promise<number>;
  /** Writes that the operating system has refused to the engine since the process started. */
  refusedWrites(): Promise<number>;
  /** `true` stops all merges, `false` lets them run again. */
  holdMerges(hold: boolean): Promise<void>;
  /** Must end the process: the engine's memory no longer matches the files on disk. */
  damaged(error: StoreError): void;
}

export interface DiskGuard {
  /**
   * Runs an insert. Throws code 243 when the disk is nearly full. Never settles when a write was refused meanwhile,
   * because the process then ends.
   */
  insert<T>(act: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/**
 * Keeps the embedded engine away from a full disk. Unlike a server, the engine treats a write that the system refuses
 * as done (chDB 3.4, decision 13): the insert or the merge takes effect, but its files are empty. So nothing is written
 * unless enough space is free, and if a write is refused all the same, the process ends before anything builds on it.
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
        `the disk of data directory ${disk.where} refused ${refused} write${refused === 1 ? '' : 's'} of the embedded ClickHouse: check its space and health, then start faultline again: it sets incomplete data aside and reads the records again`,
      ),
    );
  }

  async function watch(): Promise<void> {
    for (let turn = 1; !closing.signal.aborted; turn++) {
      // An error here, for example because the directory was deleted, is ignored: whoever uses the engine gets an error
      // too.
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

/** Throws `StoreError` when the disk is too full to open the embedded engine. */
export function refuseFullDisk(where: string, freeMib: number): void {
  if (freeMib >= KEEP_FREE_MIB) return;
  throw new StoreError('unavailable', `data directory ${where} cannot be used: ${noRoom(freeMib)}`);
}

function noRoom(freeMib: number): string {
  return `its disk has ${Math.floor(freeMib)} MiB of space left, the embedded ClickHouse needs ${KEEP_FREE_MIB} MiB: make space`;
}
