import type { Transform } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { members } from './gzip-members.ts';
import type { FileCodec } from './input-shape.ts';
import { DamageError, Pump, TrailingError } from './pump.ts';

/** Size of the buffers for uncompressed bytes. */
const CHUNK = 256 * 1024;
/**
 * Compressed bytes are given to the engine in pieces of this size. If they are damaged, up to this many bytes before
 * the damage may be lost, too.
 */
const SLICE = 32 * 1024;

/** The output of a transform for the given pieces. */
export async function* through<Made>(
  pieces: AsyncIterable<Buffer>,
  transform: Transform,
): AsyncGenerator<Made> {
  const pump = new Pump<Made>(transform);
  try {
    for await (const piece of pieces) yield* pump.feed(piece);
    yield* pump.finish();
  } finally {
    transform.destroy();
  }
}

/**
 * Uncompresses bytes; several concatenated compressed files are read as one. Throws `DamageError` when the bytes are
 * damaged or truncated, `TrailingError` when other bytes follow the compressed data.
 */
export async function* unpacked(pieces: AsyncIterable<Buffer>, codec: FileCodec): AsyncGenerator<Buffer> {
  try {
    yield* codec === 'gzip' ? members(sliced(pieces), CHUNK) : frames(sliced(pieces));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!/^(?:Z_|ZSTD_|ERR_ZSTD|ERR_ZLIB)/.test(code)) throw error;
    const what = code === 'Z_BUF_ERROR' ? 'is cut off' : `is damaged (${(error as Error).message})`;
    const isTrailing = code === 'ZSTD_error_prefix_unknown';
    throw new (isTrailing ? TrailingError : DamageError)(what);
  }
}

/**
 * Uncompresses the frames of zstd, each by its own engine, because one engine of Node silently ignores everything after
 * the first frame.
 */
async function* frames(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let engine = createZstdDecompress({ chunkSize: CHUNK });
  let pump = new Pump<Buffer>(engine);
  let given = 0;
  try {
    for await (const piece of pieces) {
      for (let left = piece; left.length > 0; ) {
        yield* pump.feed(left);
        given += left.length;
        const unused = given - engine.bytesWritten;
        if (unused === left.length)
          throw new TrailingError('is damaged (no frame of zstd where one should begin)');
        left = left.subarray(left.length - unused);
        if (unused === 0) continue;
        engine.destroy();
        engine = createZstdDecompress({ chunkSize: CHUNK });
        pump = new Pump<Buffer>(engine);
        given = 0;
      }
    }
    yield* pump.finish();
  } finally {
    engine.destroy();
  }
}

/** A piece, followed by other pieces. */
export async function* after(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first;
  yield* rest;
}

async function* sliced(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const piece of pieces)
    for (let at = 0; at < piece.length; at += SLICE) yield piece.subarray(at, at + SLICE);
}

/** Converts UTF-16 to UTF-8. Invalid characters become U+FFFD. */
export async function* reencoded(pieces: AsyncIterable<Buffer>, encoding: string): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(encoding);
  for await (const piece of pieces) {
    const text = decoder.decode(piece, { stream: true });
    if (text !== '') yield Buffer.from(text);
  }
  const last = decoder.decode();
  if (last !== '') yield Buffer.from(last);
}
