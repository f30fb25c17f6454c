import { createHash } from 'node:crypto';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { SHAPE_BYTES, shapeOf } from './input-shape.ts';
import { isWholeJson } from './json-end.ts';
import { type LastLine, LineFile, readAt, type RecordFile } from './line-file.ts';
import { PackedFile } from './packed-file.ts';
import { type RecordUnit, unitOf } from './unpack.ts';

/** Number of bytes of the first record that identify a file. */
const HEAD = SHAPE_BYTES;
/** Number of rotated files that are examined, newest first. */
const MOST_ROTATED = 50;

/** An open file and the topic of its records. */
export interface OpenFile {
  handle: FileHandle;
  topic: string;
  path: string;
  /** The word for one record of the file. */
  unit: RecordUnit;
  /** Whether the file has plain lines of text, so that it can grow and be followed. */
  isPlain: boolean;
  /** When the file was last changed, epoch ms. */
  changed: number;
  /** Opens the file for reading from the start; `last` decides about a last record without its end. */
  records(last: LastLine): RecordFile;
}

/** How to read the bytes of a file: as plain lines or in another form. */
type Opened = Pick<OpenFile, 'unit' | 'isPlain' | 'records'> & { identity: Buffer | null };

/**
 * Opens the file that is at the path `at` now; `written` is the path under which it is or was written. The topic is
 * derived from `written` and the first record, so that reading continues where it ended, even if the file was moved or
 * compressed. Null while the file has no first record. Throws Node's error with the path, and an error of one line for
 * a file that is not a log.
 */
export async function openWithTopic(at: string, written: string, last: LastLine): Promise<OpenFile | null> {
  const found = await stat(at);
  if (found.isDirectory())
    throw Object.assign(new Error(`${at} is a directory`), { code: 'EISDIR', path: at });
  const handle = await open(at);
  const opened = await look(handle, at, last).catch(async (error: unknown) => {
    await handle.close();
    throw error;
  });
  const { identity, ...rest } = opened;
  if (identity !== null)
    return {
      handle,
      topic: topicOf(written, identity),
      path: at,
      changed: Math.floor(found.mtimeMs),
      ...rest,
    };
  await handle.close();
  return null;
}

/** For a file without a first record: the bytes of an unfinished record, and what is wrong with the file. */
export async function whyNoRecord(
  at: string,
  last: LastLine,
): Promise<{ unfinished: number; damage: string | null }> {
  const handle = await open(at);
  try {
    const file = (await look(handle, at, last)).records(last);
    while (Array.isArray(await file.read()));
    return { unfinished: file.unfinished, damage: file.damage };
  } finally {
    await handle.close();
  }
}

function topicOf(written: string, identity: Buffer): string {
  const digest = createHash('sha256').update(path.resolve(written)).update('\0').update(identity);
  return `file:${path.basename(written)}#${digest.digest('hex').slice(0, 8)}`;
}

async function look(handle: FileHandle, at: string, last: LastLine): Promise<Opened> {
  const head = await readAt(handle, 0, HEAD);
  const shape = shapeOf(head, head.length < HEAD);
  if (shape?.kind === 'lines')
    return {
      unit: 'line',
      isPlain: true,
      records: (own) => new LineFile(handle, own),
      identity: firstLine(head, last),
    };
  if (last === 'waits')
    throw Object.assign(
      new Error(
        `${at} does not hold its records as lines of text: leave --follow out, and it is read to its end`,
      ),
      { code: 'not_followed' },
    );
  const records = (own: LastLine): PackedFile => new PackedFile(handle, at, own);
  const file = records(last);
  const first = await firstRecord(file);
  const unit = unitOf(file.shape);
  file.rewind(0);
  return { unit, isPlain: false, records, identity: first };
}

/** The first line of a file of lines; null while it is not complete. */
function firstLine(head: Buffer, last: LastLine): Buffer | null {
  const end = head.indexOf(10);
  const finished = end >= 0 || head.length === HEAD || (last === 'json' && isWholeJson(head));
  if (head.length === 0 || (!finished && last !== 'line')) return null;
  return end < 0 ? head : head.subarray(0, end);
}

async function firstRecord(file: RecordFile): Promise<Buffer | null> {
  const read = await file.read();
  const first = Array.isArray(read) ? read[0]?.[0] : undefined;
  return first === undefined ? null : (first.value ?? Buffer.alloc(0)).subarray(0, HEAD);
}

/**
 * Whether a name is that of a rotated file. Rotated files of `app.log` are `app.log.1`, `app.log-20261127`,
 * `app-2026-11-27.log`, …
 */
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

/** The rotated files of this name in the same folder, oldest first. */
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
