import { crc32, createInflateRaw } from 'node:zlib';
import { DamageError, Pump, TrailingError } from './pump.ts';

/** Of the header of a member (RFC 1952): what follows its ten bytes. */
const [HAS_CHECK, HAS_EXTRA, HAS_NAME, HAS_COMMENT] = [2, 4, 8, 16];
const HEADER = 10;
const TRAILER = 8;
/** A name or comment that is longer is none. */
const LONGEST_NAME = 64 * 1024;

/**
 * Unpacks gzip, whose members each hold a part of it. Node's own reader loses what it has just unpacked where something
 * that is no gzip follows. Throws `DamageError`, `TrailingError` for what stands after the last member, and errors of zlib.
 */
export async function* members(pieces: AsyncIterable<Buffer>, chunkSize: number): AsyncGenerator<Buffer> {
  const input = new Input(pieces);
  for (let isFirst = true; await isMember(input, isFirst); isFirst = false) {
    await skipHeader(input);
    yield* unpackMember(input, chunkSize);
  }
}

/** Bytes that are taken from the front. */
class Input {
  left: Buffer = Buffer.alloc(0);
  readonly #pieces: AsyncIterator<Buffer>;

  constructor(pieces: AsyncIterable<Buffer>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** Whether so many bytes are there. */
  async has(length: number): Promise<boolean> {
    while (this.left.length < length) {
      const { value, done } = await this.#pieces.next();
      if (done === true) return false;
      this.left = this.left.length === 0 ? value : Buffer.concat([this.left, value]);
    }
    return true;
  }

  /** The next bytes; a fault where there are fewer. */
  async take(length: number): Promise<Buffer> {
    if (!(await this.has(length))) throw new DamageError('is cut off');
    const taken = this.left.subarray(0, length);
    this.left = this.left.subarray(length);
    return taken;
  }
}

/** Whether one begins; false at the end. Zeroes after the last one fill a block of a tape or disk. */
async function isMember(input: Input, isFirst: boolean): Promise<boolean> {
  while (!isFirst && (await input.has(1)) && input.left[0] === 0) {
    const end = input.left.findIndex((byte) => byte !== 0);
    input.left = input.left.subarray(end < 0 ? input.left.length : end);
  }
  if (!(await input.has(1))) return false;
  const isThere = (await input.has(2)) && input.left[0] === 0x1f && input.left[1] === 0x8b;
  if (!isThere && !isFirst) throw new TrailingError('has something after its end that is no gzip');
  return true;
}

async function skipHeader(input: Input): Promise<void> {
  const header = await input.take(HEADER);
  const flags = header[3] ?? 0;
  if (header[2] !== 8) throw new DamageError('is damaged (unknown compression method)');
  if ((flags & HAS_EXTRA) !== 0) await input.take((await input.take(2)).readUInt16LE(0));
  if ((flags & HAS_NAME) !== 0) await skipName(input);
  if ((flags & HAS_COMMENT) !== 0) await skipName(input);
  if ((flags & HAS_CHECK) !== 0) await input.take(2);
}

/** A text that ends with a zero. */
async function skipName(input: Input): Promise<void> {
  for (let length = 1; ; length = input.left.length + 1) {
    const end = input.left.indexOf(0);
    if (end >= 0) {
      await input.take(end + 1);
      return;
    }
    if (length > LONGEST_NAME) throw new DamageError('is damaged (no end of its name)');
    if (!(await input.has(length))) throw new DamageError('is cut off');
  }
}

/** What a member holds, and its check. */
async function* unpackMember(input: Input, chunkSize: number): AsyncGenerator<Buffer> {
  const engine = createInflateRaw({ chunkSize });
  const pump = new Pump<Buffer>(engine);
  let check = 0;
  let size = 0;
  let given = 0;
  const count = (made: Buffer): Buffer => {
    check = crc32(made, check);
    size = (size + made.length) % 2 ** 32;
    return made;
  };
  try {
    for (;;) {
      if (!(await input.has(1))) {
        for await (const made of pump.finish()) yield count(made);
        break;
      }
      const piece = await input.take(input.left.length);
      for await (const made of pump.feed(piece)) yield count(made);
      given += piece.length;
      const unused = given - engine.bytesWritten;
      if (unused === 0) continue;
      input.left = piece.subarray(piece.length - unused);
      break;
    }
  } finally {
    engine.destroy();
  }
  const trailer = await input.take(TRAILER);
  if (trailer.readUInt32LE(0) !== check) throw new DamageError('is damaged (incorrect data check)');
  if (trailer.readUInt32LE(4) !== size) throw new DamageError('is damaged (incorrect length check)');
}
