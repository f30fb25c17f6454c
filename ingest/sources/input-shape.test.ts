import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { type InputShape, SHAPE_BYTES, shapeOf } from './input-shape.ts';

const text = (one: string): Buffer => Buffer.from(one);
const utf16 = (one: string): Buffer => Buffer.from(one, 'utf16le');
const name = (shape: InputShape | null): string => {
  if (shape === null) return 'more';
  if (shape.kind === 'packed') return shape.codec;
  if (shape.kind === 'encoded') return shape.encoding;
  if (shape.kind === 'csv') return `csv ${shape.delimiter}`;
  return shape.kind === 'foreign' ? shape.what : shape.kind;
};
const big = 'x'.repeat(SHAPE_BYTES);

describe('the shape of an input, by its first bytes', () => {
  it.each([
    ['one object per line', text('{"a":1}\n{"b":2}\n'), 'lines'],
    ['one line without its end', text('{"a":1}'), 'lines'],
    ['objects with nothing between them', text('{"a":1}{"b":2}'), 'documents'],
    ['objects with nothing between them, of which many follow', text(`{"a":1}{"b":"${big}`), 'documents'],
    ['two objects in the first of many lines', text('{"a":1}{"b":2}\n{"c":3}\n'), 'lines'],
    ['a list a line', text('[{"a":1}]\n[{"b":2}]\n'), 'documents'],
    ['an object over lines', text('{\n  "a": 1\n}\n'), 'documents'],
    ['an object over lines that is longer than the bytes examined', text(`{\n  "a": "${big}`), 'documents'],
    ['a list over lines', text('[\n  {"a": 1},\n'), 'documents'],
    ['a list that is one line', text(`[{"a":1},{"a":"${big}`), 'documents'],
    ['documents after a byte order mark and a blank line', text('\uFEFF\n{\n"a": 1 }'), 'documents'],
    ['text sequences of RFC 7464', text('\x1e{\n"a":1}\n\x1e{"a":2}\n'), 'documents'],
    ['a first line that was cut off inside a text', text('{"ts":1,"stat\n{"ts":2,"status":200}\n'), 'lines'],
    ['a first line that was cut off after a comma', text('{"ts":1,\n{"ts":2,"status":200}\n'), 'lines'],
    ['a first line without its beginning', text('us":200}\n{"ts":2,"status":200}\n'), 'lines'],
    ['an object with something after it', text('{"a":1} trailing\n{"b":1}\n'), 'lines'],
    ['a very long line', text(`{"a":"${big}`), 'lines'],
    ['text', text('hello, world\nthis is a log\n'), 'lines'],
    ['text with a bracket', text('[INFO] 2026-06-01 hello\n'), 'lines'],
    [
      'text with times and commas',
      text('2026-06-01 10:00:00,123 INFO a\n2026-06-01 10:00:00,124 INFO b\n'),
      'lines',
    ],
    ['CSV', text('time,status\r\n2026-06-01,200\r\n'), 'csv ,'],
    ['CSV in quotes', text('"Time","HTTP Status"\n"a, b",200\n'), 'csv ,'],
    ['CSV with a value over lines', text('time,error,x\n1,"a\nb",2\n'), 'csv ,'],
    ['CSV with types in its header', text('ts,status,error [text],ok?\n1,2,3,4\n'), 'csv ,'],
    ['CSV whose first row is short', text('ts,status,error\n1,200\n'), 'csv ,'],
    ['a table by tab whose last cell is empty', text('ts\tstatus\terror\n1\t200\t\n'), 'csv \t'],
    ['sentences with a bracket', text('Starting [worker], please wait\nDone\n'), 'lines'],
    ['CSV by semicolon', text('time;status\n1,5;200\n'), 'csv ;'],
    ['CSV by tab', text('time\tstatus\n1\t200\n'), 'csv \t'],
    ['rows without a header', text('2026-06-01,200\n2026-06-02,500\n'), 'lines'],
    ['a sentence that looks like a header', text('Starting, please wait\nDone\n'), 'lines'],
    ['gzip', gzipSync('x'), 'gzip'],
    ['zstd', zstdCompressSync('x'), 'zstd'],
    ['zstd that begins with a frame to be skipped', Buffer.from('502a4d1804000000', 'hex'), 'zstd'],
    ['UTF-16', utf16('\uFEFF{"a":1}'), 'utf-16le'],
    ['UTF-16 in big-endian order', utf16('\uFEFF{"a":1}').swap16(), 'utf-16be'],
    ['UTF-16 without a byte order mark', utf16('{"a":1}'), 'utf-16le'],
    ['a log that starts with zero bytes', Buffer.concat([Buffer.alloc(100), text('\n{"a":1}\n')]), 'lines'],
    ['a zip archive', text('PK\x03\x04....'), 'a zip archive (or an Office file)'],
    ['Parquet', text('PAR1....'), 'a Parquet file'],
    ['a picture', Buffer.from('89504e470d0a1a0a', 'hex'), 'a picture'],
    [
      'a tar archive',
      Buffer.concat([Buffer.alloc(257, 'a'), text('ustar\0'), Buffer.alloc(249)]),
      'a tar archive',
    ],
    ['nothing', text(''), 'lines'],
  ])('%s', (_fact, bytes, what) => {
    expect(name(shapeOf(bytes, true))).toBe(what);
  });

  it.each([
    ['half an object over lines', '{\n  "a":', 'more'],
    ['objects without a line end', '{"a":1}{"b":2}', 'more'],
    ['half an object of a line', '{"a":', 'more'],
    ['a header without a first row', 'time,status\n', 'more'],
    ['a whole first line', '{"a":1}\n', 'lines'],
    ['a cut-off first line and a second', '{"ts":1,"stat\n{', 'lines'],
    ['a line of text', 'hello there\n', 'lines'],
  ])('a pipe that has delivered %s so far: %s', (_fact, bytes, what) => {
    expect(name(shapeOf(text(bytes), false))).toBe(what);
  });
});

test('the shape stays, whatever follows', () => {
  const line = fc.oneof(
    fc.json().map((one) => `${one}\n`),
    fc.json().map((one) => `${JSON.stringify(JSON.parse(one), null, 2)}\n`),
    fc.constantFrom('a,b\n', '1,2\n', '{"a":\n', 'text\n', '[\n', '{"a":1}\n'),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), fc.nat(), (lines, at) => {
      const whole = text(lines.join(''));
      const begun = shapeOf(whole.subarray(0, at % (whole.length + 1)), false);
      if (begun !== null) expect(shapeOf(whole, true)).toEqual(begun);
    }),
  );
});
