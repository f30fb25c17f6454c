import { promisify } from 'node:util';
import { gunzip, gzip, zstdCompress, zstdDecompress } from 'node:zlib';
import { compressFrame, decompressFrame } from 'lz4-napi';
import { compress as snappyCompress, uncompress as snappyUncompress } from 'snappy';

export type CodecName = 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** The interface that the Kafka client expects of a codec. Input and output are whole record sections. */
export interface Codec {
  compress(encoder: { buffer: Buffer }): Promise<Buffer>;
  decompress(buffer: Buffer): Promise<Buffer>;
}

/** The input of a codec is damaged, or it uncompresses to more than the limit. `codec` names the codec. */
export class CodecError extends Error {
  readonly code = 'undecodable_batch';
  readonly codec: CodecName;
  constructor(codec: CodecName, reason: string, cause?: unknown) {
    super(`${codec}: ${reason}`, { cause });
    this.name = 'CodecError';
    this.codec = codec;
  }
}

/** Largest uncompressed size of one batch; a broker's batches are a few MiB. */
export const maxUnpackedBytes = 256 * 1024 * 1024;

/**
 * The four codecs of Kafka, compatible with the Java client byte for byte. When uncompressing fails, they throw a
 * `CodecError`.
 */
export const codecs: Record<CodecName, Codec> = createCodecs(maxUnpackedBytes);

/** Makes the four codecs with another limit, in bytes, for the uncompressed size of a batch. */
export function createCodecs(limit: number): Record<CodecName, Codec> {
  const inflate = { maxOutputLength: limit };
  return {
    gzip: codec(
      'gzip',
      limit,
      (raw) => gzipAsync(raw),
      (packed) => gunzipAsync(packed, inflate),
    ),
    snappy: codec('snappy', limit, packXerial, (packed) => unpackSnappy(packed, limit)),
    lz4: codec(
      'lz4',
      limit,
      (raw) => compressFrame(raw),
      (packed) => unpackLz4(packed, limit),
    ),
    zstd: codec(
      'zstd',
      limit,
      (raw) => zstdAsync(raw),
      (packed) => unpackZstd(packed, limit),
    ),
  };
}

const gzipAsync = promisify<Buffer, Buffer>(gzip);
const gunzipAsync = promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip);
const zstdAsync = promisify<Buffer, Buffer>(zstdCompress);

type Transform = (bytes: Buffer) => Promise<Buffer>;

function codec(name: CodecName, limit: number, pack: Transform, unpack: Transform): Codec {
  return {
    compress: (encoder) => pack(encoder.buffer),
    async decompress(packed) {
      try {
        return await unpack(packed);
      } catch (error) {
        if (error instanceof TooLarge || codeOf(error) === 'ERR_BUFFER_TOO_LARGE') {
          throw new CodecError(
            name,
            `a batch of ${packed.length} bytes unpacks to more than ${limit} bytes`,
            error,
          );
        }
        const reason = error instanceof Error ? error.message : String(error);
        throw new CodecError(name, `a batch of ${packed.length} bytes cannot be unpacked: ${reason}`, error);
      }
    },
  };
}

class TooLarge extends Error {}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

// The Java client does not write raw snappy but the framing of the xerial library: a header of 16 bytes (magic,
// version, oldest compatible version), then blocks, each with its compressed length in four bytes.
const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const xerialHeader = Buffer.concat([xerialMagic, Buffer.from([0, 0, 0, 1, 0, 0, 0, 1])]);
const xerialBlock = 32 * 1024;

async function packXerial(raw: Buffer): Promise<Buffer> {
  const parts: Buffer[] = [xerialHeader];
  for (let at = 0; at < raw.length; at += xerialBlock) {
    const block = await snappyCompress(raw.subarray(at, at + xerialBlock));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

async function unpackSnappy(packed: Buffer, limit: number): Promise<Buffer> {
  const blocks = isXerial(packed, 0) ? xerialBlocks(packed) : [packed];
  let total = 0;
  for (const block of blocks) {
    total += snappyLength(block);
    if (total > limit) throw new TooLarge();
  }
  const parts = await Promise.all(blocks.map((block) => snappyUncompress(block, { asBuffer: true })));
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
}

function isXerial(packed: Buffer, at: number): boolean {
  return packed.length >= at + xerialHeader.length && packed.compare(xerialMagic, 0, 8, at, at + 8) === 0;
}

function xerialBlocks(packed: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  let at = 0;
  while (at < packed.length) {
    // Streams that were concatenated have a header in the middle.
    if (isXerial(packed, at)) {
      at += xerialHeader.length;
      continue;
    }
    if (at + 4 > packed.length) throw new Error('the last block length is cut');
    const length = packed.readUInt32BE(at);
    at += 4;
    if (at + length > packed.length) throw new Error('the last block is cut');
    blocks.push(packed.subarray(at, at + length));
    at += length;
  }
  return blocks;
}

/** The uncompressed length that a snappy block states in its first bytes (a varint of 32 bits). */
function snappyLength(block: Buffer): number {
  let length = 0;
  for (let index = 0; index < 5; index += 1) {
    const byte = block[index];
    if (byte === undefined) break;
    length += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return length;
  }
  throw new Error('no block length');
}

// Node uncompresses one zstd frame and silently ignores the bytes after it, but a batch may hold several frames.
async function unpackZstd(packed: Buffer, limit: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let rest = packed;
  let room = limit;
  do {
    const { buffer, engine } = await unzstd(rest, room);
    parts.push(buffer);
    room -= buffer.length;
    if (engine.bytesWritten === 0) throw new Error('no frame');
    rest = rest.subarray(engine.bytesWritten);
  } while (rest.length > 0);
  return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
}

interface Unzstd {
  buffer: Buffer;
  /** `bytesWritten`: bytes of the input that belong to the frame. */
  engine: { bytesWritten: number };
}

function unzstd(packed: Buffer, room: number): Promise<Unzstd> {
  if (room <= 0) throw new TooLarge();
  return new Promise((resolve, reject) => {
    zstdDecompress(packed, { maxOutputLength: room, info: true }, (error, result) => {
      // With `info` the result has this form, which Node's types do not describe.
      if (error) reject(error);
      else resolve(result as unknown as Unzstd);
    });
  });
}

async function unpackLz4(packed: Buffer, limit: number): Promise<Buffer> {
  const frames: Buffer[] = [];
  let bound = 0;
  for (let at = 0; at < packed.length; at += frames.at(-1)?.length ?? 0) {
    const frame = lz4Frame(packed, at);
    frames.push(packed.subarray(at, frame.end));
    bound += frame.bound;
  }
  if (bound > limit) throw new TooLarge();
  const [only, ...others] = await Promise.all(frames.map((frame) => decompressFrame(frame)));
  return others.length === 0 && only ? only : Buffer.concat([only ?? Buffer.alloc(0), ...others]);
}

// A frame need not state its uncompressed size, and the library accepts no limit and stops after one frame. So the end
// of a frame and an upper bound of its size are computed here: a block holds at most the frame's block size, and grows
// at most 255-fold.
function lz4Frame(packed: Buffer, start: number): { end: number; bound: number } {
  if (start + 7 > packed.length || packed.readUInt32LE(start) !== 0x184d2204) throw new Error('no LZ4 frame');
  const flags = packed.readUInt8(start + 4);
  const blockSize = 2 ** (8 + 2 * ((packed.readUInt8(start + 5) >> 4) & 7));
  const blockChecksum = flags & 0x10 ? 4 : 0;
  const contentChecksum = flags & 0x04 ? 4 : 0;
  let at = start + 7 + (flags & 0x08 ? 8 : 0) + (flags & 0x01 ? 4 : 0);
  let bound = 0;
  while (at + 4 <= packed.length) {
    const word = packed.readUInt32LE(at);
    if (word === 0) return { end: at + 4 + contentChecksum, bound };
    const length = word & 0x7fffffff;
    bound += word >= 0x80000000 ? length : Math.min(blockSize, length * 255 + 16);
    at += 4 + length + blockChecksum;
  }
  throw new Error('the frame has no end mark');
}
