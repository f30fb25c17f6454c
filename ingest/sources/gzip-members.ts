import { crc32, createInflateRaw } from 'node:zlib';
import { DamageError, Pump, TrailingError } from './pump.ts';

/** Flags in the header of a member (RFC 1952): which parts follow its ten bytes. */
const [HAS_CHECK, HAS_EXTRA, HAS_NAME, HAS_COMMENT] = [2, 4, 8, 16];
const HEADER = 10;
const TRAILER = 8;
/** A longer name or comment means that the data are damaged. */
const LONGEST_NAME = 64 * 1024;

/**
 * Unpacks gzip data, which consist of one or more members. Node's own reader loses the bytes that it has just unpacked
 * when something other than gzip follows. Throws `DamageError`, errors of zlib, and `TrailingError` when other bytes
 * follow the last member.
 */
export async function* members(pieces: AsyncIterable<Buffer>, chunkSize: number): AsyncGenerator<Buffer> {
  const input = new Input(pieces);
  for (let isFirst = true; await isMember(input, isFirst); isFirst = false) {
    await skipHeader(input);
    yield* unpackMember(input, chunkSize);
  }
}

/** The input as a queue of bytes, which are taken from the front. */
class Input {
  left: Buffer = Buffer.alloc(0);
  readonly #pieces: AsyncIterator<Buffer>;

  constructor(pieces: AsyncIterable<Buffer>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** Whether the input has at least this many bytes left. */
  async has(length: number): Promise<boolean> {
    while (this.left.length < length) {
      const { value, done } = await this.#pieces.next();
      if (done === true) return false;
      this.left = this.left.length === 0 ? value : Buffer.concat([this.left, value]);
    }
    return true;
  }

  /** The next bytes. Throws `DamageError` when there are fewer. */
  async take(length: number): Promise<Buffer> {
    if (!(await this.has(length))) throw new DamageError('is cut off');
    const taken = this.left.subarray(0, length);
    this.left = this.left.subarray(length);
    return taken;
  }
}

/**
 * Whether a member starts here; false at the end. Zeros after the last member, which fill up a block of a tape or disk,
 * are skipped.
 */
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

/** Skips a text that ends with a zero byte. */
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

/** Unpacks the content of a member and compares it with the checksum and the length after it. */
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
