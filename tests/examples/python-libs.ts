import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * A folder with the packages of a `requirements.txt`, installed once per content of that file. Rejects with one line
 * when there is no Python 3 with pip, or no registry.
 */
export async function pythonLibs(requirements: string): Promise<string> {
  const version = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 12);
  const libs = join(import.meta.dirname, 'libs', version);
  if (existsSync(libs)) return libs;
  const partial = `${libs}.${randomUUID()}`;
  try {
    await run('python3', ['-m', 'pip', 'install', '--quiet', '--target', partial, '-r', requirements]);
    // Two runs may install at once: the first rename wins.
    await rename(partial, libs).catch((error: unknown) => {
      if (!existsSync(libs)) throw error;
    });
  } catch (error) {
    const { message = '' } = error instanceof Error ? error : {};
    throw new Error(
      `the Python example needs python3 with pip and its registry: ${message.split('\n').at(-2) ?? message}`,
      { cause: error },
    );
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return libs;
}
