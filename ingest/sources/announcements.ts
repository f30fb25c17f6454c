import { createHash } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { makeDirectory } from '../../store/embedded-process.ts';
import type { Committed } from './source.ts';

/** Keeps the announcements for files, as Kafka does for topics: the last announcement of each topic. */
export interface Announcements {
  read(topic: string): Promise<Committed>;
  write(topic: string, announced: Committed): Promise<void>;
  /** Removes the announcement, because nothing is pending: the ledger alone shows what is stored. */
  clear(topic: string): Promise<void>;
}

const none: Committed = { offset: -1, metadata: null };
const stored = z.object({ topic: z.string(), offset: z.number(), metadata: z.string() });

/** Keeps the announcements in memory, for a store that does not outlive the process. */
export function announceInMemory(): Announcements {
  const known = new Map<string, Committed>();
  return {
    read: async (topic) => known.get(topic) ?? none,
    write: async (topic, announced) => void known.set(topic, announced),
    clear: async (topic) => void known.delete(topic),
  };
}

/**
 * Keeps one small file per topic in a folder, only while a batch is pending. The file is on disk before `write`
 * resolves. Throws Node's errors with the path.
 */
export function announceInFolder(folder: string): Announcements {
  const fileOf = (topic: string): string =>
    path.join(folder, `${createHash('sha256').update(topic).digest('hex').slice(0, 16)}.json`);
  return {
    async read(topic) {
      const text = await readFile(fileOf(topic), 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null;
        throw error;
      });
      if (text === null) return none;
      return parse(text, fileOf(topic));
    },
    async write(topic, announced) {
      await makeDirectory(folder);
      const file = fileOf(topic);
      const handle = await open(`${file}.new`, 'w');
      try {
        await handle.writeFile(JSON.stringify({ topic, ...announced }));
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(`${file}.new`, file);
      await syncFolder(folder);
    },
    clear: (topic) => rm(fileOf(topic), { force: true }),
  };
}

/** Makes a rename survive a power failure. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function parse(text: string, file: string): Committed {
  try {
    const { offset, metadata } = stored.parse(JSON.parse(text));
    return { offset, metadata };
  } catch (cause) {
    const words = `${file} is damaged: remove it; a batch that a killed import had half stored may then count twice`;
    throw Object.assign(new Error(words, { cause }), { code: 'damaged_announcement' });
  }
}
