import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { LastLine } from './line-file.ts';
import { UnpackedRecords } from './unpack.ts';

interface Outcome {
  records: string[];
  unfinished: number;
  damage: string | null;
}

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(
  bytes: Buffer | string,
  { last = 'json', from = 0, size = 1000 }: { last?: LastLine; from?: number; size?: number } = {},
): Promise<Outcome> {
  const input = new UnpackedRecords(inPieces(Buffer.from(bytes), size), 'app.log', from, last);
  const records: string[] = [];
  for (let got = await input.read(); got !== null; got = await input.read())
    for (const { offset, value } of got.flat()) records.push(`${offset} ${value?.toString() ?? ''}`);
  return { records, unfinished: input.unfinished, damage: input.damage };
}

const lines = Array.from(
  { length: 20_000 },
  (_, i) => `{"n":${i},"x":"${((i * 2654435761) % 4294967296).toString(36)}"}`,
);
const all = lines.map((line, i) => `${i} ${line}`);
const text = `${lines.join('\n')}\n`;

describe('the same records come from', () => {
  const half = text.slice(0, 100_001);
  const rest = text.slice(100_001);
  it.each([
    ['lines', Buffer.from(text)],
    ['gzip', gzipSync(text)],
    ['gzip after gzip', Buffer.concat([gzipSync(half), gzipSync(rest)])],
    ['zstd', zstdCompressSync(text)],
    ['zstd after zstd', Buffer.concat([zstdCompressSync(half), zstdCompressSync(rest)])],
    [
      'zstd in many frames',
      Buffer.concat(lines.slice(0, 20_000).map((line) => zstdCompressSync(`${line}\n`))),
    ],
    ['UTF-16', Buffer.from(`\uFEFF${text}`, 'utf16le')],
    ['UTF-16 in gzip', gzipSync(Buffer.from(`\uFEFF${text}`, 'utf16le'))],
    ['a list', Buffer.from(`[${lines.join(', ')}]`)],
    ['documents in gzip', gzipSync(`[\n${lines.join(',\n')}\n]`)],
    [
      'CSV',
      Buffer.from(
        `n,x\n${lines.map((line) => Object.values(JSON.parse(line) as object).join(',')).join('\r\n')}\r\n`,
      ),
    ],
  ])('%s', async (fact, bytes) => {
    const found = await read(bytes, { size: 10_007 });
    // All cells of CSV are texts.
    const same =
      fact === 'CSV' ? found.records.map((one) => one.replace(/"n":"(\d+)"/, '"n":$1')) : found.records;
    expect(same).toEqual(all);
    expect(found).toMatchObject({ unfinished: 0, damage: null });
  });
});

describe('an input that cannot be read to its end', () => {
  it.each([
    ['gzip', gzipSync(text)],
    ['zstd', zstdCompressSync(text)],
  ])('%s that is truncated gives the complete lines before', async (_codec, packed) => {
    const found = await read(packed.subarray(0, packed.length >> 1));
    expect(found.damage).toBe('is cut off');
    expect(found.records.length).toBeGreaterThan(1_000);
    expect(found.records).toEqual(all.slice(0, found.records.length));
    expect(found.unfinished).toBeLessThan(50);
  });

  it('gzip that is truncated within its first lines gives those', async () => {
    const packed = gzipSync('{"a":1}\n{"b":2}\n');
    expect(await read(packed.subarray(0, -4))).toEqual({
      records: ['0 {"a":1}', '1 {"b":2}'],
      unfinished: 0,
      damage: 'is cut off',
    });
  });

  it('gzip with a wrong byte is reported as damaged', async () => {
    const packed = gzipSync(text);
    packed[packed.length - 6] = (packed.at(-6) ?? 0) ^ 0xff;
    const found = await read(packed);
    expect(found.damage).toMatch(/^is damaged \(/);
    expect(found.records).toEqual(all.slice(0, found.records.length));
  });

  it.each([
    ['zstd', zstdCompressSync(text.trimEnd()), /^is damaged/],
    ['gzip', gzipSync(text.trimEnd()), /^has something after its end/],
    ['gzip of little', gzipSync(lines[0] ?? ''), /^has something after its end/],
  ])('%s with something else after it says so, and loses nothing', async (_codec, packed, damage) => {
    for (const size of [1, 9_000, 1e6]) {
      if (size < 2 && packed.length > 9_000) continue;
      const found = await read(Buffer.concat([packed, Buffer.from('no frame, but text')]), { size });
      expect(found.records).toEqual(all.slice(0, found.records.length));
      expect(found.records.length).toBe(packed.length < 100 ? 1 : all.length);
      expect(found.unfinished).toBe(0);
      expect(found.damage).toMatch(damage);
    }
  });

  it('gzip in members of any size, with names and filled with zeroes, is one text', async () => {
    const named = (bytes: string): Buffer => {
      const packed = gzipSync(bytes);
      const head = Buffer.from(packed.subarray(0, 10));
      head[3] = 2 | 4 | 8 | 16;
      const more = Buffer.from('\u0003\0abclog.json\0a comment\0cc', 'latin1');
      return Buffer.concat([head, more, packed.subarray(10)]);
    };
    const packed = Buffer.concat([
      named(`${lines[0]}\n`),
      gzipSync(''),
      named(lines[1]?.slice(0, 5) ?? ''),
      gzipSync(lines[1]?.slice(5) ?? ''),
      Buffer.alloc(600),
    ]);
    for (const size of [1, 2, 7, 100, 1000])
      expect(await read(packed, { size })).toEqual({ records: all.slice(0, 2), unfinished: 0, damage: null });
  });

  it('CSV with a quote that is not closed gives the rows before', async () => {
    const found = await read('a,b\n1,2\n3,"4\n5,6\n');
    expect(found.records).toEqual(['0 {"a":"1","b":"2"}']);
    expect(found.damage).toMatch(/a quote that is not closed/);
  });

  it('a file that is not a log is reported in one line with what to do', async () => {
    await expect(read('PAR1 and more')).rejects.toThrow(/^app\.log is a Parquet file: write it as JSON/);
  });
});

describe('a last record without its end', () => {
  it.each([
    ['waits when it is half a document', '{\n"a":1}\n{"b":', 'json', ['0 {\n"a":1}'], 5],
    ['counts when nothing more comes', '{\n"a":1}\n{"b":', 'line', ['0 {\n"a":1}', '1 {"b":'], 0],
    ['waits when it is a row', 'a,b\n1,2\n3,4', 'json', ['0 {"a":"1","b":"2"}'], 3],
    [
      'is a row when nothing more comes',
      'a,b\n1,2\n3,4',
      'line',
      ['0 {"a":"1","b":"2"}', '1 {"a":"3","b":"4"}'],
      0,
    ],
    ['is complete at the end of a compressed file', gzipSync('{"a":1}\nx'), 'json', ['0 {"a":1}', '1 x'], 0],
  ] as const)('%s', async (_fact, bytes, last, records, unfinished) => {
    expect(await read(bytes, { last })).toEqual({ records, unfinished, damage: null });
  });
});

it('cells are texts, an empty one is absent, an extra one gets a name', async () => {
  const { records } = await read('a,b,a, \n1,,3,4\n"x ""y"", z",2,,,5\n', { last: 'line' });
  expect(records).toEqual([
    '0 {"a":"1","a_3":"3","column_4":"4"}',
    '1 {"a":"x \\"y\\", z","b":"2","column_5":"5"}',
  ]);
});

test('reading from a record on gives that and all later records, in pieces of any size', async () => {
  const few = lines.slice(0, 300).join('\n');
  const shapes = [few, gzipSync(few), `[${lines.slice(0, 300).join(',')}]`, zstdCompressSync(few)];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...shapes),
      fc.nat(310),
      fc.integer({ min: 1, max: 9_000 }),
      async (bytes, from, size) => {
        expect((await read(bytes, { from, size, last: 'line' })).records).toEqual(all.slice(from, 300));
      },
    ),
    { numRuns: 40 },
  );
});
