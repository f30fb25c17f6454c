import { closeSync, existsSync, fstatSync, openSync, statSync } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from './error.ts';

/**
 * Creates a directory and its parents one by one. Node's own recursive `mkdir` never returns when the system answers
 * ENOENT although the parent exists, as in /proc.
 */
export async function makeDirectory(directory: string): Promise<void> {
  const parent = path.dirname(directory);
  if (existsSync(directory)) {
    if (!statSync(directory).isDirectory())
      throw Object.assign(new Error('not a directory'), { code: 'ENOTDIR' });
    return;
  }
  if (parent !== directory) await makeDirectory(parent);
  await mkdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

/** What `detachStdin` asks of the system. */
export interface Descriptors {
  /** Whether a descriptor is /dev/null already. */
  isNull(descriptor: number): boolean;
  close(descriptor: number): void;
  /** Opens /dev/null; the system gives the lowest descriptor that is free. */
  openNull(): number;
}

const real: Descriptors = {
  isNull(descriptor) {
    try {
      return fstatSync(descriptor).rdev === statSync('/dev/null').rdev;
    } catch {
      return false;
    }
  },
  close: closeSync,
  openNull: () => openSync('/dev/null', 'r'),
};

const TRIES = 200;
const TRIES_AT_ONCE = 20;
let detaching: Promise<void> | undefined;

/**
 * Points file descriptor 0 at /dev/null, once in a process. Otherwise an insert of the engine would read standard input
 * as further rows after its own: a log that is piped in would be consumed and stored. Code that needs standard input must
 * take it over before (cli/input/relay-stdin.ts).
 */
export function detachStdin(): Promise<void> {
  // All calls share one run. A second run at the same time could close a file that another thread has just opened as
  // descriptor 0.
  detaching ??= process.platform === 'win32' ? Promise.resolve() : pointStdinAtNull(real);
  return detaching;
}

/**
 * Points descriptor 0 at /dev/null; `wait` is the pause between tries in ms. Rejects with `StoreError` when other
 * threads keep the number for all tries, which last seconds.
 */
export async function pointStdinAtNull(system: Descriptors, wait = 20): Promise<void> {
  if (system.isNull(0)) return;
  try {
    system.close(0);
  } catch {
    // The descriptor was closed already.
  }
  for (let left = TRIES; left > 0; left--) {
    const descriptor = system.openNull();
    if (descriptor === 0) return;
    // Between the two calls another thread opened a file, which got the number 0. That thread will close the file.
    system.close(descriptor);
    // There is no pause between the first tries, so that other code of this thread cannot open a file as descriptor 0.
    if (left <= TRIES - TRIES_AT_ONCE) await sleep(wait);
  }
  throw new StoreError(
    'unavailable',
    'standard input cannot be kept from the embedded engine: start faultline with </dev/null',
  );
}

/**
 * Throws `StoreError` when another process owns the data directory. The engine itself would print a complaint about the
 * lock, so this is checked before the engine is opened.
 */
export async function refuseForeignOwner(where: string, readLocks = readLinuxLocks): Promise<void> {
  const found = await readOwner(path.join(where, 'status'));
  if (found === null || found.pid === process.pid || !isAlive(found.pid)) return;
  // A killed owner leaves its process number in the file, and the system may give that number to another process.
  const locks = await readLocks();
  if (locks !== null && !hasLock(locks, found.pid, found.inode)) return;
  throw new StoreError('locked', lockedMessage(where, found.pid));
}

/**
 * The process that the engine's file names, and the inode of the file; null when nobody is named. Both come from one
 * open file, because the owner may remove the file at any moment.
 */
async function readOwner(file: string): Promise<{ pid: number; inode: number } | null> {
  const opened = await open(file).catch(() => null);
  if (opened === null) return null;
  try {
    const { ino: inode } = await opened.stat();
    const pid = Number(/PID: (\d+)/.exec(await opened.readFile('utf8'))?.[1] ?? 0);
    return pid === 0 ? null : { pid, inode };
  } finally {
    await opened.close();
  }
}

/** The text of `/proc/locks`; null where the system has none. */
async function readLinuxLocks(): Promise<string | null> {
  return readFile('/proc/locks', 'utf8').catch(() => null);
}

/** Whether a process holds the engine's lock on a file, by the text of Linux's `/proc/locks`. Pure. */
export function hasLock(locks: string, pid: number, inode: number): boolean {
  return new RegExp(`^\\d+: FLOCK .* ${pid} [0-9a-f]+:[0-9a-f]+:${inode} `, 'm').test(locks);
}

function lockedMessage(where: string, pid: number): string {
  return `data directory ${where} is in use by process ${pid}: stop it, choose another with clickhouse.path, or share it with --clickhouse-http`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
