import { appendFile, mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { isWholeJson, jsonEnd } from './json-end.ts';
import { type LastLine, LineFile } from './line-file.ts';
import { LineSplitter } from './line-splitter.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'faultline-lines-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function within(text: string, last: LastLine, act: (file: LineFile, at: string) => Promise<void>) {
  const at = path.join(folder, 'log');
  await writeFile(at, text);
  const handle = await open(at);
  try {
    await act(new LineFile(handle, last), at);
  } finally {
    await handle.close();
  }
}

/** All lines up to the present end. */
async function read(file: LineFile): Promise<string[]> {
  const lines: string[] = [];
  for (let got = await file.read(); got !== 'end'; got = await file.read()) {
    if (got === 'changed') return [...lines, 'changed'];
    lines.push(...got.flat().map(({ offset, value }) => `${offset} ${value?.toString() ?? '(empty)'}`));
  }
  return lines;
}

describe('a last line without its end', () => {
  it.each([
    ['waits in a file that is followed', 'waits', '{"a":1}\n{"b":2}', ['0 {"a":1}'], 7],
    ['is a line when it is complete JSON', 'json', '{"a":1}\n{"b":2}', ['0 {"a":1}', '1 {"b":2}'], 0],
    ['waits when it is half written', 'json', '{"a":1}\n{"b":', ['0 {"a":1}'], 5],
    [
      'is a line whatever its content, in a file that is read once',
      'line',
      '{"a":1}\n{"b":',
      ['0 {"a":1}', '1 {"b":'],
      0,
    ],
    ['does not exist after a line end', 'line', '{"a":1}\n', ['0 {"a":1}'], 0],
  ] as const)('%s', (_fact, last, text, lines, unfinished) =>
    within(text, last, async (file) => {
      expect(await read(file)).toEqual(lines);
      expect(file.unfinished).toBe(unfinished);
    }),
  );

  it('is delivered once, when its line end is written', () =>
    within('{"a":1}\n{"b":', 'waits', async (file, at) => {
      expect(await read(file)).toEqual(['0 {"a":1}']);
      await appendFile(at, '2}\n\n{"c":3}\r\n');
      expect(await read(file)).toEqual(['1 {"b":2}', '2 (empty)', '3 {"c":3}']);
    }));
});

it.each([
  ['cut', async (at: string) => truncate(at, 0)],
  ['truncated and continued', async (at: string) => writeFile(at, '{"z":9}\n')],
  ['replaced by a longer one', async (at: string) => writeFile(at, `{"z":9}\n${'{"y":8}\n'.repeat(9)}`)],
])('a file that was %s while it was read is detected', (_fact, act) =>
  within('{"a":1}\n{"b":2}\n', 'waits', async (file, at) => {
    expect(await read(file)).toEqual(['0 {"a":1}', '1 {"b":2}']);
    await act(at);
    expect(await read(file)).toEqual(['changed']);
  }),
);

test('lines are the same, however the bytes are divided', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('a', '\n', '\r', 'ä', '{') }), { maxLength: 8 }),
      fc.nat(12),
      (pieces, from) => {
        const splitter = new LineSplitter(from);
        const got = pieces.flatMap((piece) => splitter.push(Buffer.from(piece)).flat());
        const lines = [...got, ...splitter.endLine()].map(
          ({ offset, value }) => `${offset} ${value?.toString() ?? ''}`,
        );
        const split = pieces.join('').split('\n');
        if (split.at(-1) === '') split.pop();
        const expected = split.map((line, i) => `${i} ${line.replace(/\r$/, '')}`).slice(from);
        expect(lines).toEqual(expected);
      },
    ),
  );
});

describe('complete JSON', () => {
  test('no beginning of an object or a list is complete, and text after a complete one does not change that', () => {
    const object = fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue()));
    fc.assert(
      fc.property(object, fc.nat(), fc.string(), (value, cut, more) => {
        const text = Buffer.from(JSON.stringify(value));
        expect(isWholeJson(text)).toBe(true);
        expect(isWholeJson(text.subarray(0, cut % text.length))).toBe(false);
        expect(jsonEnd(Buffer.concat([text, Buffer.from(more)]))).toBe(text.length);
      }),
    );
  });

  it.each([
    ['{"a":1} \r', true],
    ['\uFEFF{"a":1}', true],
    ['{"a":"}"', false],
    ['12', false],
    ['{"a":1}{', false],
    ['', false],
  ])('%j: %s', (text, whole) => expect(isWholeJson(Buffer.from(text))).toBe(whole));
});
