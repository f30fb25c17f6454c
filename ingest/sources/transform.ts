import type { Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { Codec } from './input-shape.ts';

/** Bytes that are unpacked into at a time. */
const CHUNK = 256 * 1024;
/** Bytes that are unpacked at a time: so much of what stands before a damaged place may be lost with it. */
const SLICE = 32 * 1024;

/** What ends reading before the end of the input: the rest cannot be read, what came before it can. */
export class DamageError extends Error {
  readonly code = 'damaged_input';
}

/**
 * A transform that is worked by hand: each piece is worked off before the next is given, and all that came of it is
 * handed over before a fault that follows is thrown, which a pipe of streams does not do.
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

/** What a transform makes of pieces. */
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

/** Unpacks; several packed files one after the other are one. Throws `DamageError` where they are damaged or cut off. */
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

/** Frames of zstd, each by an engine of its own: Node's passes over what follows the first and says nothing. */
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

/** A piece, and then those that follow it. */
export async function* after(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first;
  yield* rest;
}

async function* sliced(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const piece of pieces)
    for (let at = 0; at < piece.length; at += SLICE) yield piece.subarray(at, at + SLICE);
}

/** UTF-16 as UTF-8. What is no character becomes U+FFFD. */
export async function* reencoded(pieces: AsyncIterable<Buffer>, encoding: string): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(encoding);
  for await (const piece of pieces) {
    const text = decoder.decode(piece, { stream: true });
    if (text !== '') yield Buffer.from(text);
  }
  const last = decoder.decode();
  if (last !== '') yield Buffer.from(last);
}
