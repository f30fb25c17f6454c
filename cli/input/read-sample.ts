import { type FileHandle, open } from 'node:fs/promises';
import { piecesOf } from '../../ingest/sources/packed-file.ts';
import { type RecordUnit, UnpackedRecords, unitOf } from '../../ingest/sources/unpack.ts';

/** The first records of an input, whatever its shape. */
export interface Sample {
  /** The name in messages. */
  name: string;
  unit: RecordUnit;
  records: (Buffer | null)[];
  /** Whether there are more records. */
  isCut: boolean;
  /**
   * Why the input could not be read to its end, as the rest of a sentence that begins with its name; null when nothing
   * is wrong.
   */
  damage: string | null;
}

/** Limits of a sample: the number of records, and the sum of their bytes. */
export interface SampleLimits {
  records: number;
  bytes: number;
}

const PIECE = 64 * 1024;

/**
 * Reads the first records of a file or named pipe, or of `stdin` when `file` is null. Throws Node's errors with the
 * path.
 */
export async function readSample(
  file: string | null,
  stdin: AsyncIterable<Buffer | string>,
  limits: SampleLimits,
): Promise<Sample> {
  if (file === null) return take('standard input', asBuffers(stdin), limits);
  const handle = await open(file);
  try {
    const facts = await handle.stat();
    if (facts.isDirectory())
      throw Object.assign(new Error(`${file} is a directory`), { code: 'EISDIR', path: file });
    return await take(file, facts.isFile() ? piecesOf(handle) : asTheyCome(handle), limits);
  } finally {
    await handle.close();
  }
}

async function take(name: string, pieces: AsyncIterable<Buffer>, limits: SampleLimits): Promise<Sample> {
  const input = new UnpackedRecords(pieces, name, 0, 'line');
  const records: (Buffer | null)[] = [];
  let bytes = 0;
  let isCut = false;
  for (let read = await input.read(); read !== null && !isCut; read = isCut ? null : await input.read())
    for (const { value } of read.flat()) {
      isCut = records.length >= limits.records || bytes >= limits.bytes;
      if (isCut) break;
      // The record is copied, because it would otherwise keep the whole piece in memory.
      records.push(value === null ? null : Buffer.from(value));
      bytes += value?.length ?? 0;
    }
  const { damage, shape } = input;
  input.close();
  return { name, unit: unitOf(shape), records, isCut, damage };
}

/** Reads a pipe piece by piece. It reads only on demand, so that it never waits for bytes that nobody needs. */
async function* asTheyCome(handle: FileHandle): AsyncGenerator<Buffer> {
  for (;;) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(PIECE), 0, PIECE, null);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

async function* asBuffers(pieces: AsyncIterable<Buffer | string>): AsyncGenerator<Buffer> {
  for await (const piece of pieces) yield typeof piece === 'string' ? Buffer.from(piece) : piece;
}
