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
  const last = splitter.endLine();
  return [...records, ...(last === null ? [] : [last])].map(({ value }) => value?.toString());
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
  ['one that is cut off in a string does not swallow the next', '{"a":"b\n{"c":1}\n', ['{"a":"b', '{"c":1}']],
  ['text between them is a record', '{"a":1}\nhello ] {\n{"b":2}', ['{"a":1}', 'hello ] {', '{"b":2}']],
  ['consecutive lists are opened', '[{"a":1},{"b":2}]\n[{"c":3}]', ['{"a":1}', '{"b":2}', '{"c":3}']],
  ['a list within a list is one record', '[[{"a":1}],{"b":2}]', ['[{"a":1}]', '{"b":2}']],
  ['elements of a list that are not objects are records', '[1, "a,]", null]', ['1', '"a,]"', 'null']],
  ['text sequences of RFC 7464', '\x1e{"a":1}\n\x1e{"b":2}\n', ['{"a":1}', '{"b":2}']],
  ['the end is missing', '{"a":1}{"b":', ['{"a":1}', '{"b":']],
])('%s', (_fact, text, documents) => {
  for (const by of [1, 3, 100]) expect(split(text, by)).toEqual(documents);
});
