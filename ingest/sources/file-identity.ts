import { createHash } from 'node:crypto';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { isWholeJson } from './json-end.ts';
import type { LastLine } from './line-file.ts';

/** So much of the first line tells one file from another. */
const HEAD = 64 * 1024;
/** Rotated files that are looked at, the newest first. */
const MOST_ROTATED = 50;

/** A file of lines that is open, and the topic that its lines have. */
export interface OpenFile {
  handle: FileHandle;
  topic: string;
  path: string;
}

/**
 * The topic of the file that lies at `at` now and is, or was, written as `written`: made of that path and the first
 * line, so that the same file goes on where it ended, wherever it was moved. Null while there is no first line.
 */
async function topicOf(handle: FileHandle, written: string, last: LastLine): Promise<string | null> {
  const buffer = Buffer.alloc(HEAD);
  let filled = 0;
  for (let read = 1; read > 0 && filled < HEAD; filled += read)
    read = (await handle.read(buffer, filled, HEAD - filled, filled)).bytesRead;
  const head = buffer.subarray(0, filled);
  const end = head.indexOf(10);
  const finished = end >= 0 || filled === HEAD || (last === 'json' && isWholeJson(head));
  if (filled === 0 || (!finished && last !== 'line')) return null;
  const identity = createHash('sha256')
    .update(path.resolve(written))
    .update('\0')
    .update(end < 0 ? head : head.subarray(0, end));
  return `file:${path.basename(written)}#${identity.digest('hex').slice(0, 8)}`;
}

/** Opens the file; null when it has no first line yet. Throws Node's error with the path. */
export async function openWithTopic(at: string, written: string, last: LastLine): Promise<OpenFile | null> {
  if ((await stat(at)).isDirectory())
    throw Object.assign(new Error(`${at} is a directory`), { code: 'EISDIR', path: at });
  const handle = await open(at);
  const topic = await topicOf(handle, written, last).catch(async (error: unknown) => {
    await handle.close();
    throw error;
  });
  if (topic !== null) return { handle, topic, path: at };
  await handle.close();
  return null;
}

/** Whether a name is that of a rotated `app.log`: `app.log.1`, `app.log-20261127`, `app-2026-11-27.log`, … */
export function isRotatedName(name: string, original: string): boolean {
  if (name === original) return false;
  const { name: stem, ext } = path.parse(original);
  const mark = /^[._-]\d[\dT:._-]*$/;
  const within = (before: string, after: string): boolean =>
    name.startsWith(before) &&
    name.endsWith(after) &&
    mark.test(name.slice(before.length, name.length - after.length));
  return within(original, '') || (ext !== '' && within(stem, ext));
}

/** The files beside it that were rotated away from this name, the oldest first. */
export async function rotatedFiles(file: string): Promise<string[]> {
  const folder = path.dirname(file);
  const names = (await readdir(folder)).filter((name) => isRotatedName(name, path.basename(file)));
  const found: { at: string; mtimeMs: number }[] = [];
  for (const name of names) {
    const at = path.join(folder, name);
    const facts = await stat(at).catch(() => null);
    if (facts?.isFile() === true) found.push({ at, mtimeMs: facts.mtimeMs });
  }
  return found
    .sort((a, b) => a.mtimeMs - b.mtimeMs || (a.at < b.at ? 1 : -1))
    .slice(-MOST_ROTATED)
    .map(({ at }) => at);
}
