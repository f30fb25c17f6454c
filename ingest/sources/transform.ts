import type { Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { Codec } from './input-shape.ts';

/** Size of the buffers for uncompressed bytes. */
const CHUNK = 256 * 1024;
/**
 * Compressed bytes are given in pieces of this size: what comes up to this far before a damaged position may be lost.
 */
const SLICE = 32 * 1024;

/** Ends reading before the end of the input: the rest cannot be read, but everything before it can. */
export class DamageError extends Error {
  readonly code = 'damaged_input';
}

/**
 * Drives a transform by hand: each piece is processed before the next is given, and everything made of it is delivered
 * before a later error is thrown. A pipe of streams does not guarantee this.
 */
class Pump<Made> {
  readonly #transform: Transform;
  #failure: Error | null = null;
  #hasEnded = false;
  #wake = (): void => {};

  constructor(transform: Transform) {
    this.#transform = transform;
    transform.on('readable', () => this.#wake());
    transform.on('error', (error) => {
      this.#failure = error;
      this.#wake();
    });
    transform.on('end', () => {
      this.#hasEnded = true;
      this.#wake();
    });
  }

  async *feed(piece: Buffer): AsyncGenerator<Made> {
    let isDone = false;
    this.#transform.write(piece, () => {
      isDone = true;
      this.#wake();
    });
    yield* this.#made(() => isDone);
  }

  async *finish(): AsyncGenerator<Made> {
    this.#transform.end();
    yield* this.#made(() => this.#hasEnded);
  }

  async *#made(isOver: () => boolean): AsyncGenerator<Made> {
    for (;;) {
      const made: Made | null = this.#transform.read();
      if (made !== null) yield made;
      else if (this.#failure !== null) throw this.#failure;
      else if (isOver()) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}

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
 * Uncompresses; several concatenated compressed files are read as one. Throws `DamageError` when they are damaged or
 * truncated.
 */
export async function* unpacked(pieces: AsyncIterable<Buffer>, codec: Codec): AsyncGenerator<Buffer> {
  try {
    if (codec === 'gzip') yield* through<Buffer>(sliced(pieces), createGunzip({ chunkSize: CHUNK }));
    else yield* frames(sliced(pieces));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!/^(?:Z_|ZSTD_|ERR_ZSTD|ERR_ZLIB)/.test(code)) throw error;
    const what = code === 'Z_BUF_ERROR' ? 'is cut off' : `is damaged (${(error as Error).message})`;
    throw new DamageError(what);
  }
}

/**
 * Uncompresses the frames of zstd, each by its own engine: Node's silently ignores everything after the first frame.
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
          throw new DamageError('is damaged (no frame of zstd where one should begin)');
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
