import fc from 'fast-check';
import { expect, it, test } from 'vitest';
import { DocumentSplitter } from './json-documents.ts';

/** The documents of a text that arrives in pieces of this size. */
function split(given: string, size = given.length, from = 0): (string | undefined)[] {
  const bytes = Buffer.from(given);
  const splitter = new DocumentSplitter(from);
  const records = [];
  for (let at = 0; at < bytes.length; at += size)
    records.push(...splitter.push(bytes.subarray(at, at + size)).flat());
  return [...records, ...splitter.endLine()].map(({ value }) => value?.toString());
}

const document = fc.oneof(
  fc.dictionary(fc.string(), fc.jsonValue()),
  fc.array(fc.jsonValue(), { maxLength: 3 }),
);
const objects = fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 8 });
const size = fc.integer({ min: 1, max: 40 });
const indent = fc.constantFrom(0, 1, 4);

test('consecutive documents stay unchanged, in pieces of any size', () => {
  fc.assert(
    fc.property(objects, indent, size, (values, width, by) => {
      const texts = values.map((value) => JSON.stringify(value, null, width));
      expect(split(texts.join('\n'), by)).toEqual(texts);
    }),
  );
});

test('each element of a list is a record', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(document, fc.jsonValue())), indent, size, (values, width, by) => {
      expect(split(JSON.stringify(values, null, width), by).map((one) => JSON.parse(one ?? ''))).toEqual(
        JSON.parse(JSON.stringify(values)),
      );
    }),
  );
});

test('documents before the first wanted one are only counted', () => {
  fc.assert(
    fc.property(objects, size, fc.nat({ max: 8 }), (values, by, from) => {
      const texts = values.map((value) => JSON.stringify(value));
      expect(split(texts.join(''), by, from)).toEqual(texts.slice(from));
    }),
  );
});

it.each([
  ['one cut off in a text does not swallow the next', '{"a":"b\n{"c":1}\n', ['{"a":"b', '{"c":1}']],
  [
    'one cut off after a name does not either',
    '[{"a":1},{"b"\n[{"c":1},{"d":2}]\n[{"e":3}]',
    ['{"a":1}', '{"b"\n', '{"c":1}', '{"d":2}', '{"e":3}'],
  ],
  [
    'nor where a value is to stand, which the next then seems to be',
    '{\n "a": \n{\n "b": {\n }\n}\n{\n "c":1\n}',
    ['{\n "a": \n', '{\n "b": {\n }\n}', '{\n "c":1\n}'],
  ],
  ['nor before the last', '{"a":\n{"b":1}', ['{"a":\n', '{"b":1}']],
  ['nor between two elements', '[{"a":1}, \n[{"b":2}]\n[{"c":3}]', ['{"a":1}', '{"b":2}', '{"c":3}']],
  ['nor within a list', '{"a":[1,\n{"b":2}\n{"c":3}', ['{"a":[1,\n', '{"b":2}', '{"c":3}']],
  [
    'of a page that is cut off in a text, what is whole counts',
    '{"data":[\n{"a":1},\n{"b":2},\n{"c":"x\n{"d":4}',
    ['{"data":[\n', '{"a":1}', '{"b":2}', '{"c":"x', '{"d":4}'],
  ],
  [
    'a list of an element a line, one cut off',
    '[\n{"a":1},\n{"b"\n{"c":3}\n]\n',
    ['{"a":1}', '{"b"\n', '{"c":3}'],
  ],
  ['text between them is a record', '{"a":1}\nhello ] {\n{"b":2}', ['{"a":1}', 'hello ] {', '{"b":2}']],
  ['consecutive lists are opened', '[{"a":1},{"b":2}]\n[{"c":3}]', ['{"a":1}', '{"b":2}', '{"c":3}']],
  ['a list within a list is one record', '[[{"a":1}],{"b":2}]', ['[{"a":1}]', '{"b":2}']],
  ['elements of a list that are not objects are records', '[1, "a,]", null]', ['1', '"a,]"', 'null']],
  ['text sequences of RFC 7464', '\x1e{"a":1}\n\x1e{"b":2}\n', ['{"a":1}', '{"b":2}']],
  ['the end is missing', '{"a":1}{"b":', ['{"a":1}', '{"b":']],
])('%s', (_fact, text, documents) => {
  for (const by of [1, 3, 100]) expect(split(text, by)).toEqual(documents);
});

test('whatever is cut off of one, the others are read', () => {
  const cut = fc.double({ min: 0, max: 0.999, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(objects, { minLength: 2, maxLength: 6 }),
      fc.nat(),
      cut,
      size,
      (lists, which, at, by) => {
        const lines = lists.map((list) => JSON.stringify(list));
        const broken = which % lines.length;
        const line = lines[broken] ?? '';
        lines[broken] = line.slice(0, 1 + Math.floor(at * (line.length - 1)));
        const others = lists.filter((_, i) => i !== broken).flat();
        const read = split(lines.join('\n'), by);
        for (const one of others) expect(read).toContain(JSON.stringify(one));
      },
    ),
  );
});

test('what is broken everywhere takes no longer than its length', () => {
  const text = '{"a":\n'.repeat(50_000) + '}{';
  const started = performance.now();
  const read = split(text);
  expect(performance.now() - started).toBeLessThan(5000);
  expect(read.length).toBeGreaterThan(1);
  expect(read.join('')).toBe(text);
  // Numbers of records must not depend on how the bytes come.
  expect(split(text, 1000)).toEqual(read);
});
