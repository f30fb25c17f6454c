import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EACH, parsePath, parsePathToMany, readMany, readSteps, withOnly } from './path.ts';

const steps = (text: string): unknown => {
  const path = parsePath(text);
  return typeof path === 'number' ? path : path.steps;
};

describe('parsePath', () => {
  it.each([
    ['$.a', ['a']],
    ['a', ['a']],
    ['a.b.c', ['a', 'b', 'c']],
    ['$.a.b[0].c', ['a', 'b', 0, 'c']],
    ['$[3]', [3]],
    ['$["x.y"].z', ['x.y', 'z']],
    ["$.a['b c']", ['a', 'b c']],
    ['$["a\\"b"]', ['a"b']],
    ['x-request-id', ['x-request-id']],
    ['$.@timestamp', ['@timestamp']],
    ['a[0][1]', ['a', 0, 1]],
    ['$.list[-1]', ['list', -1]],
    ['$.__proto__', ['__proto__']],
  ])('reads %s', (text, expected) => {
    expect(steps(text)).toEqual(expected);
  });

  it('distinguishes the record from the message around it', () => {
    expect(parsePath('$$.a')).toEqual({ fromMessage: true, steps: ['a'] });
    expect(parsePath('$.a')).toEqual({ fromMessage: false, steps: ['a'] });
  });

  it.each([
    ['', 0],
    ['$', 1],
    ['$.', 1],
    ['$a', 1],
    ['.a', 0],
    ['a..b', 1],
    ['a.', 1],
    ['a[', 1],
    ['a[x]', 1],
    ['a[-2]', 1],
    ['a[0]b', 4],
    ['$["x]', 1],
    ['a b', 1],
    ['$..a', 1],
    ['$.a[*]', 3],
  ])('refuses %s at character %i', (text, at) => {
    expect(parsePath(text)).toBe(at);
  });

  it('never throws, and finds the value that it was written for', () => {
    fc.assert(fc.property(fc.string(), (text) => void parsePathToMany(text)));
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 5 }), fc.string(), (names, leaf) => {
        const written = `$${names.map((name) => `["${name.replace(/["\\]/g, '\\$&')}"]`).join('')}`;
        const value = names.reduceRight<unknown>((inner, name) => Object.fromEntries([[name, inner]]), leaf);
        expect(steps(written)).toEqual(names);
        expect(readSteps(value, names)).toBe(leaf);
      }),
    );
  });
});

describe('readSteps', () => {
  it('reads own members only', () => {
    expect(readSteps({}, ['constructor', 'name'])).toBeUndefined();
    expect(readSteps([1, 2], ['length', 'x'])).toBeUndefined();
    expect(readSteps({ a: null }, ['a', 'b'])).toBeUndefined();
    expect(readSteps({ a: [5] }, ['a', 0])).toBe(5);
    expect(readSteps({ a: [5, 6] }, ['a', -1])).toBe(6);
  });

  it('goes into JSON texts of any depth', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 3 }), (depth, times) => {
        let value: unknown = { leaf: 7 };
        for (let level = 0; level < depth; level++) value = { inner: wrap(value, times) };
        const path = [...Array.from({ length: depth }, () => 'inner'), 'leaf'];
        expect(readSteps(value, path)).toBe(7);
      }),
    );
  });

  it.each([
    '{"leaf":7}',
    '{ "leaf": 7 }',
    '{\n"leaf":7}',
    '{\r\n"leaf":7}',
    '[{"leaf":7}]',
    '[ {"leaf":7} ]',
    '[\n{"leaf":7}]',
  ])('goes into base64 of %j, compressed or not', (text) => {
    const long = text.replace('7', `7, "more": "${'x'.repeat(40)}"`);
    for (const bytes of [Buffer.from(long), gzipSync(long)]) {
      const value = { x: bytes.toString('base64') };
      expect(readSteps(value, ['x', 0, 'leaf']) ?? readSteps(value, ['x', 'leaf'])).toBe(7);
    }
  });

  it.each([
    ['a web token', `eyJ${'a'.repeat(40)}.eyJ${'b'.repeat(40)}.c`],
    [
      'gzip that is cut off',
      gzipSync(JSON.stringify({ a: 1, b: Array.from({ length: 99 }, (_n, i) => i * 7919) }))
        .subarray(0, 60)
        .toString('base64'),
    ],
    ['gzip of too much', gzipSync(Buffer.alloc(9 * 1024 * 1024, 32)).toString('base64')],
    ['a word', `H4sI${'a'.repeat(60)}`],
  ])('finds nothing in %s', (_fact, text) => {
    expect(readSteps({ x: text }, ['x', 'a'])).toBeUndefined();
  });

  it.each([
    ['each', '{"leaf":6}\n{"leaf":7}\n', [{ leaf: 6 }, { leaf: 7 }]],
    ['each, and what else stands there', '{"leaf":6}\r\n\nx\n{"leaf":', [{ leaf: 6 }, 'x', '{"leaf":']],
    ['each of a text of texts', JSON.stringify('{"leaf":6}\n{"leaf":7}'), [{ leaf: 6 }, { leaf: 7 }]],
  ])('of several lines finds %s', (_fact, text, found) => {
    expect(found.map((_one, i) => readSteps({ x: text }, ['x', i]))).toEqual(found);
    expect(readSteps({ x: text }, ['x', found.length])).toBeUndefined();
  });

  it.each([
    '{"a":',
    'a text',
    'a\n{"a":1}',
    '{"a":\n1',
    '{"a"\n{"a":1}',
    '{"a":1} and more',
    `{"a":${'['.repeat(100)}${']'.repeat(100)}}`,
    '"a"',
  ])('finds nothing in %j', (text) => {
    expect(readSteps({ x: text }, ['x', 'a'])).toBeUndefined();
  });
});

describe('several records', () => {
  const message = { from: 'hub', pages: [{ items: [{ n: 1 }, { n: 2 }] }, { items: '[{"n":3}]' }] };
  const path = ['pages', EACH, 'items', EACH] as const;

  it('are all read, also from texts', () => {
    expect(readMany(message, path)?.map(({ value }) => value)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect(readMany({ pages: 1 }, path)).toBeUndefined();
    expect(readMany({}, path)).toBeUndefined();
    expect(readMany({ pages: [] }, path)).toEqual([]);
  });

  it.each<[string, unknown, 'nothing' | 'no list' | undefined]>([
    ['a list', { items: [{ n: 4 }] }, undefined],
    ['nothing', { item: [] }, 'nothing'],
    ['null', null, 'nothing'],
    ['nothing at its name', { items: null }, 'nothing'],
    ['an object where a list is to stand', { items: { n: 4 } }, 'no list'],
    ['a text where a list is to stand', { items: 'x' }, 'no list'],
    ['a text', 'x', 'no list'],
    ['a list', [[{ n: 4 }]], 'nothing'],
  ])('tell of an element that is %s', (_fact, element, lost) => {
    const items = readMany({ pages: [{ items: [{ n: 1 }] }, element] }, path) ?? [];
    expect(items.map((one) => one.lost)).toEqual([undefined, lost]);
    expect(items[1]?.places.slice(0, 1)).toEqual([1]);
    const alone = withOnly({ pages: [{ items: [{ n: 1 }] }, element] }, path, items[1]?.places ?? []);
    expect(readMany(alone, path)?.map((one) => one.lost)).toEqual([lost]);
  });

  it('can each be told alone, in a message of the same shape', () => {
    for (const { value, places } of readMany(message, path) ?? []) {
      const alone = withOnly(message, path, places);
      expect(alone).toMatchObject({ from: 'hub' });
      expect(readMany(alone, path)?.map((one) => one.value)).toEqual([value]);
    }
  });
});

function wrap(value: unknown, times: number): string {
  let text = JSON.stringify(value);
  for (let i = 1; i < times; i++) text = JSON.stringify(text);
  return text;
}
