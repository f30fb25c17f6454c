import { gzipSync, zstdCompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { compressFrameSync } from 'lz4-napi';
import { compressSync } from 'snappy';
import { describe, expect, it } from 'vitest';
import { type CodecName, codecs, createCodecs } from './codecs.ts';

const names = Object.keys(codecs) as CodecName[];

describe.each(names)('%s', (name) => {
  it('returns the bytes that were compressed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100_000, size: 'max' }), async (bytes) => {
        const raw = Buffer.from(bytes);
        const packed = await codecs[name].compress({ buffer: raw });
        expect((await codecs[name].decompress(packed)).equals(raw)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('survives any bytes: it uncompresses them or names the codec that failed', async () => {
    const small = createCodecs(1024 * 1024);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const outcome = await small[name].decompress(Buffer.from(bytes)).catch((error: unknown) => error);
        if (Buffer.isBuffer(outcome)) expect(outcome.length).toBeLessThanOrEqual(1024 * 1024);
        else expect(outcome).toMatchObject({ code: 'undecodable_batch', codec: name });
      }),
      { numRuns: 200 },
    );
  });

  it('refuses a truncated batch', async () => {
    const packed = await codecs[name].compress({ buffer: Buffer.from('some records '.repeat(5_000)) });
    await expect(codecs[name].decompress(packed.subarray(0, packed.length - 20))).rejects.toThrow(
      new RegExp(`^${name}: a batch of \\d+ bytes cannot be unpacked: `),
    );
  });

  it('refuses to uncompress more than the limit', async () => {
    const packed = await codecs[name].compress({ buffer: Buffer.alloc(2_000_000) });
    await expect(createCodecs(1_000_000)[name].decompress(packed)).rejects.toThrow(
      `${name}: a batch of ${packed.length} bytes unpacks to more than 1000000 bytes`,
    );
    expect((await createCodecs(2_200_000)[name].decompress(packed)).length).toBe(2_000_000);
  });
});

describe('other writers', () => {
  const text = Buffer.from('rate limit reached '.repeat(10_000));

  it.each([
    ['bare snappy', 'snappy', compressSync(text)],
    [
      'snappy in Java framing, two streams joined',
      'snappy',
      Buffer.concat([xerial(text.subarray(0, 70_000)), xerial(text.subarray(70_000))]),
    ],
    [
      'lz4 with checksums of blocks and content',
      'lz4',
      compressFrameSync(text, { blockChecksums: true, contentChecksum: true }),
    ],
    [
      'lz4 in two frames',
      'lz4',
      Buffer.concat([compressFrameSync(text.subarray(0, 9)), compressFrameSync(text.subarray(9))]),
    ],
    ['gzip at its best', 'gzip', gzipSync(text, { level: 9 })],
    [
      'zstd in two frames',
      'zstd',
      Buffer.concat([zstdCompressSync(text.subarray(0, 9)), zstdCompressSync(text.subarray(9))]),
    ],
  ] as const)('reads %s', async (_name, codec, packed) => {
    expect((await codecs[codec].decompress(packed)).equals(text)).toBe(true);
  });

  it.each(names)('does not read %s with other bytes after it', async (name) => {
    const packed = await codecs[name].compress({ buffer: text });
    await expect(codecs[name].decompress(Buffer.concat([packed, Buffer.from('rubbish')]))).rejects.toThrow(
      name,
    );
  });

  it('does not believe a snappy block that claims four gigabytes', async () => {
    await expect(codecs.snappy.decompress(Buffer.from('ffffffff0f00', 'hex'))).rejects.toThrow(
      'unpacks to more than',
    );
  });
});

function xerial(raw: Buffer): Buffer {
  const block = compressSync(raw);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(block.length);
  return Buffer.concat([Buffer.from('82534e41505059000000000100000001', 'hex'), length, block]);
}
