import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readNativeAnswer } from './native-answer.ts';
import { NativeBlock } from './native-block.ts';

interface Row {
  ts: number;
  org: string;
  requests: number;
  left: number;
}

function bodyOf(rows: readonly Row[]): Buffer {
  const texts = [...new Set(rows.map(({ org }) => org))];
  const block = new NativeBlock(rows.length);
  block.dateTime(
    'ts',
    Uint32Array.from(rows, ({ ts }) => ts),
  );
  block.texts(
    'org',
    texts,
    Uint32Array.from(rows, ({ org }) => texts.indexOf(org)),
  );
  block.uint64(
    'requests',
    Float64Array.from(rows, ({ requests }) => requests),
  );
  block.nullable(
    'left',
    Float64Array.from(rows, ({ left }) => left),
  );
  return block.rows().body;
}

const row = fc.record({
  ts: fc.nat({ max: 2 ** 32 - 1 }),
  org: fc.oneof(fc.constantFrom('', 'a', 'b'), fc.string()),
  requests: fc.maxSafeNat(),
  left: fc.oneof(fc.constant(Number.NaN), fc.double({ noNaN: true })),
});
const blocks = fc.array(fc.array(row, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 4 });

test('any number of blocks is read back as it was written', () => {
  fc.assert(
    fc.property(blocks, (parts) => {
      const { rows, numbers, texts } = readNativeAnswer(Buffer.concat(parts.map(bodyOf)));
      const all = parts.flat();
      const orgs = texts.get('org');
      expect(rows).toBe(all.length);
      expect(Array.from(orgs?.places ?? [], (place) => orgs?.texts[place])).toEqual(
        all.map(({ org }) => org),
      );
      for (const name of ['ts', 'requests', 'left'] as const)
        expect([...(numbers.get(name) ?? [])]).toEqual(all.map((one) => one[name]));
      if (parts.length > 1) expect(new Set(orgs?.texts).size).toBe(orgs?.texts.length);
    }),
  );
});

test('an answer that is cut off is an error', () => {
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), fc.nat(), (rows, place) => {
      const body = bodyOf(rows);
      expect(() => readNativeAnswer(body.subarray(0, 1 + (place % (body.length - 1))))).toThrow('cut off');
    }),
  );
});

test('an answer without rows has no columns', () => {
  const empty = { rows: 0, numbers: new Map(), texts: new Map() };
  expect(readNativeAnswer(new Uint8Array())).toEqual(empty);
  // Only names and types, as a server sends them for an empty result.
  expect(readNativeAnswer(Buffer.from('\x01\x00\x01n\x06UInt64', 'latin1'))).toEqual(empty);
});

test('plain texts, small numbers and negative numbers are read', () => {
  const body = Buffer.concat([
    Buffer.from('\x03\x02\x01t\x06String\x01x\x01y\x01b\x05UInt8\x01\xff\x01n\x05Int64', 'latin1'),
    Buffer.alloc(8, 0xff),
    Buffer.from([5, 0, 0, 0, 0, 0, 0, 0]),
  ]);
  expect(readNativeAnswer(body)).toEqual({
    rows: 2,
    numbers: new Map([
      ['b', Float64Array.of(1, 255)],
      ['n', Float64Array.of(-1, 5)],
    ]),
    texts: new Map([['t', { texts: ['x', 'y'], places: Uint32Array.of(0, 1) }]]),
  });
});

test('a type that cannot be read is an error that names the type and the column', () => {
  const body = Buffer.from('\x01\x01\x03abc\x0bArray(Int8)\x00', 'latin1');
  expect(() => readNativeAnswer(body)).toThrow(
    'column abc of an answer: its type Array(Int8) cannot be read',
  );
});
