import { EXIT, UserError } from '../errors.ts';
import { backoffMs, isAway } from './away.ts';

/** How long a command waits for what it needs when `--wait` is absent, ms. */
export const WAIT_MS = 60_000;
/** Time between two lines about the same missing thing, ms. */
const REPEAT_MS = 10_000;

/** Something that a command needs before it can start. */
export interface Needed<T> {
  /** The name in messages: `ClickHouse`, `Kafka`. */
  what: string;
  /** Its address: host:port or URL. */
  address: string;
  /** False when waiting cannot help: then the first error is final. */
  waits?: boolean;
  /** One try to open it. */
  open(): Promise<T>;
  /** Closes it again when the command ends before it has started. */
  close(opened: T): Promise<unknown>;
  /**
   * Called after a failed try to find a permanent error that the try itself could not detect; null when there is none.
   */
  findPermanentError?(): Promise<Error | null>;
}

/** A thing that the command waits for, as health shows it. */
export interface Missing {
  what: string;
  address: string;
  /** The error of the last try, in one line. */
  reason: string;
}

export interface Waiting {
  /** How long to wait, ms. 0: one try, and its error is the result. */
  waitMs: number;
  /** Ends the wait with an AbortError. */
  signal: AbortSignal;
  monotonic: () => number;
  /** Rejects when the signal aborts. */
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** A random number from 0 to 1. */
  chance: () => number;
  /** Prints a line about a missing thing, at most every ten seconds, and one when it is available. */
  say: (line: string) => void;
  /** Receives the list of missing things whenever it changes. */
  onMissing: (missing: readonly Missing[]) => void;
}

/**
 * Opens two things in parallel, each as soon as it is available. Rejects with the first permanent error, with one line
 * about everything that is still missing when the time is over, or with the signal's AbortError. After a rejection
 * neither is open.
 */
export async function openBoth<A, B>(a: Needed<A>, b: Needed<B>, waiting: Waiting): Promise<[A, B]> {
  const end = new AbortController();
  const room = createRoom({ ...waiting, signal: AbortSignal.any([waiting.signal, end.signal]) });
  const first = openOne(a, room);
  const second = openOne(b, room);
  try {
    return await Promise.all([first, second]);
  } catch (error) {
    end.abort();
    const [openedA, openedB] = await Promise.allSettled([first, second]);
    if (openedA.status === 'fulfilled') await a.close(openedA.value);
    if (openedB.status === 'fulfilled') await b.close(openedB.value);
    throw error;
  }
}

/** Opens one thing as `openBoth` opens two. */
export function openWhenThere<T>(needed: Needed<T>, waiting: Waiting): Promise<T> {
  return openOne(needed, createRoom(waiting));
}

/**
 * Opens a thing now if waiting for it cannot help; its `open` then returns what was opened. Rejects with the error of
 * `open`.
 */
export async function openNow<T>(needed: Needed<T>): Promise<Needed<T>> {
  if (needed.waits !== false) return needed;
  const opened = await needed.open();
  return { ...needed, open: async () => opened };
}

/** The state that the waits of one command share: one deadline, and one list of missing things. */
interface Room extends Waiting {
  deadline: number;
  missing: Map<Needed<unknown>, Missing>;
}

function createRoom(waiting: Waiting): Room {
  return { ...waiting, deadline: waiting.monotonic() + waiting.waitMs, missing: new Map() };
}

async function openOne<T>(needed: Needed<T>, room: Room): Promise<T> {
  const { what, address } = needed;
  const begun = room.monotonic();
  // Opening something local is never interrupted, not even by a signal.
  if (needed.waits === false) return needed.open();
  if (room.waitMs === 0) {
    const once = { deadline: Number.POSITIVE_INFINITY, say: () => undefined };
    return tryOnce(needed, () => needed.open(), once, room);
  }
  let saidAt = Number.NEGATIVE_INFINITY;
  const say = (): void => {
    const now = room.monotonic();
    if (now - saidAt < REPEAT_MS) return;
    saidAt = now;
    const reason = room.missing.get(needed)?.reason ?? '';
    room.say(`waiting for ${what} at ${address}, for at most ${seconds(room.deadline - now)}: ${reason}`);
  };
  note(needed, { what, address, reason: `${what} at ${address} does not answer` }, room);
  for (let tries = 0; ; tries++) {
    try {
      const opened = await tryOnce(
        needed,
        () => openOrPermanentError(needed),
        { deadline: room.deadline, say },
        room,
      );
      note(needed, null, room);
      if (saidAt >= 0) room.say(`${what} at ${address} is there after ${seconds(room.monotonic() - begun)}`);
      return opened;
    } catch (error) {
      room.signal.throwIfAborted();
      if (!isAway(error)) throw error;
      note(needed, { what, address, reason: error instanceof Error ? error.message : String(error) }, room);
      const left = room.deadline - room.monotonic();
      if (left <= 0) throw gaveUp(room);
      say();
      await room.sleep(Math.min(left, backoffMs(tries, room.chance())), room.signal);
    }
  }
}

/**
 * Tries once, and calls `say` again while it waits. Ends at the deadline or with the signal even when the other side
 * never answers.
 */
async function tryOnce<T>(
  needed: Needed<T>,
  open: () => Promise<T>,
  { deadline, say }: { deadline: number; say: () => void },
  room: Room,
): Promise<T> {
  const opening = open();
  const over = new AbortController();
  const signal = AbortSignal.any([room.signal, over.signal]);
  const late = async (): Promise<never> => {
    for (;;) {
      const left = deadline - room.monotonic();
      if (left <= 0) throw gaveUp(room);
      await room.sleep(Math.min(left, REPEAT_MS), signal);
      if (room.monotonic() < deadline) say();
    }
  };
  let isOpen = false;
  try {
    const opened = await Promise.race([opening, late()]);
    isOpen = true;
    return opened;
  } finally {
    over.abort();
    // Something that was opened too late must be closed.
    if (!isOpen) opening.then((opened) => needed.close(opened)).catch(() => undefined);
  }
}

/** Tries once. Rejects with the permanent error if there is one, otherwise with the error of the try. */
async function openOrPermanentError<T>(needed: Needed<T>): Promise<T> {
  try {
    return await needed.open();
  } catch (error) {
    throw (isAway(error) ? await needed.findPermanentError?.() : null) ?? error;
  }
}

function note(needed: Needed<unknown>, missing: Missing | null, room: Room): void {
  if (missing === null) room.missing.delete(needed);
  else room.missing.set(needed, missing);
  room.onMissing([...room.missing.values()]);
}

function gaveUp({ missing, waitMs }: Room): UserError {
  const reasons = [...missing.values()].map(({ reason }) => reason);
  return new UserError(`${reasons.join('; ')}; gave up after ${seconds(waitMs)} (--wait)`, EXIT.found);
}

function seconds(ms: number): string {
  return `${ms < 10_000 ? Math.round(ms / 100) / 10 : Math.round(ms / 1000)} s`;
}
