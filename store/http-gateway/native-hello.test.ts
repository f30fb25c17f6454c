import { expect, test } from 'vitest';
import { greetingAnswer, isGreeting } from './native-hello.ts';

test('the greeting is known with any spaces, and nothing else is', () => {
  expect(isGreeting('SELECT displayName(), version(), revision(), timezone()')).toBe(true);
  expect(isGreeting('  SELECT displayName(),\n version(), revision(), timezone() FORMAT Native;')).toBe(true);
  expect(isGreeting('SELECT version()')).toBe(false);
});

test('the answer is one block of one row, with block info and serialization bytes, at revision 0', () => {
  const server = { displayName: 'höst', version: '26.7.2.1', timezone: 'x'.repeat(300) };
  expect(decodeBlock(greetingAnswer(server))).toEqual({
    info: { overflows: 0, bucket: -1 },
    rows: 1,
    columns: [
      ['displayName()', 'String', 'höst'],
      ['version()', 'String', '26.7.2.1'],
      ['revision()', 'UInt32', 0],
      ['timezone()', 'String', 'x'.repeat(300)],
    ],
  });
});

/** Reads a block as a client of protocol revision 54454 or later does. */
function decodeBlock(bytes: Buffer) {
  let at = 0;
  const byte = (): number => bytes.readUInt8(at++);
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const part = byte();
      value |= (part & 0x7f) << shift;
      if (part < 0x80) return value;
    }
  };
  const text = (): string => {
    const length = varint();
    at += length;
    return bytes.toString('utf8', at - length, at);
  };
  const info = { overflows: -1, bucket: 0 };
  for (let field = varint(); field !== 0; field = varint()) {
    if (field === 1) info.overflows = byte();
    else if (field === 2) {
      info.bucket = bytes.readInt32LE(at);
      at += 4;
    } else throw new Error(`unknown field ${field} in the block info`);
  }
  const columnCount = varint();
  const rows = varint();
  const columns = Array.from({ length: columnCount }, () => {
    const [name, type] = [text(), text()];
    if (byte() !== 0) throw new Error(`column ${name} has a serialization of its own`);
    if (type === 'String') return [name, type, text()];
    at += 4;
    return [name, type, bytes.readUInt32LE(at - 4)];
  });
  expect(at).toBe(bytes.length);
  return { info, rows, columns };
}
