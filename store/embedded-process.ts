import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { StoreError } from './error.ts';

/** Step by step: Node's own recursion never ends where the system says ENOENT for a folder that could not be made. */
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

/**
 * Points file descriptor 0 at /dev/null. An insert of the engine takes, after its own rows, whatever stands on
 * standard input for further rows: a log that is piped in would be eaten, and stored. Who wants to read standard
 * input has to take it over before (cli/input/relay-stdin.ts).
 */
export function detachStdin(): void {
  if (process.platform === 'win32') return;
  try {
    closeSync(0);
  } catch {
    // Closed already.
  }
  const descriptor = openSync('/dev/null', 'r');
  if (descriptor !== 0)
    throw new StoreError(
      'unavailable',
      'standard input cannot be kept from the embedded engine: start faultline with </dev/null',
    );
}

/** The engine prints its own complaint about a locked directory, so the owner is looked up before it is asked. */
export async function refuseForeignOwner(where: string): Promise<void> {
  const status = await readFile(path.join(where, 'status'), 'utf8').catch(() => '');
  const pid = Number(/PID: (\d+)/.exec(status)?.[1] ?? 0);
  if (pid === 0 || pid === process.pid || !isAlive(pid)) return;
  throw new StoreError('locked', lockedMessage(where, pid));
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
