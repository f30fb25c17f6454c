import * as fc from 'fast-check';
import { Cleaner } from '../fields/clean.ts';
import { describe, expect, it } from 'vitest';
import { checkMapping, mapped } from './mapped.ts';
import { parsePath, readPath } from './mapping-path.ts';

const now = Date.parse('2026-06-01T12:00:00Z');
const time = '2026-06-01T11:59:58Z';
const base = { ts: '$.t', status: '$.s' };
const decode = (mapping: Record<string, string>, message: unknown) =>
  mapped.create({ ...base, ...mapping }, new Cleaner())(message, now);

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
    ['a[0][1]', ['a', 0, 1]],
    ['$.__proto__', ['__proto__']],
  ])('reads %s', (text, steps) => {
    expect(parsePath(text)).toEqual(steps);
  });

  it.each([
    '',
    '$',
    '$.',
    '$a',
    '.a',
    'a..b',
    'a.',
    'a[',
    'a[x]',
    'a[-1]',
    'a[0]b',
    '$["x]',
    'a b',
    '$..a',
    '$.*'.replace('*', '[*]'),
  ])('refuses %s', (text) => {
    expect(parsePath(text)).toBeNull();
  });

  it('never throws, and finds what it was written for', () => {
    fc.assert(fc.property(fc.string(), (text) => void parsePath(text)));
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 5 }), fc.string(), (names, leaf) => {
        const path = parsePath(`$${names.map((name) => `["${name.replace(/["\\]/g, '\\$&')}"]`).join('')}`);
        const value = names.reduceRight<unknown>((inner, name) => Object.fromEntries([[name, inner]]), leaf);
        expect(path).toEqual(names);
        expect(readPath(value, path ?? [])).toBe(leaf);
      }),
    );
  });

  it('reads own members only', () => {
    expect(readPath({}, ['constructor', 'name'])).toBeUndefined();
    expect(readPath([1, 2], ['length', 'x'])).toBeUndefined();
    expect(readPath({ a: null }, ['a', 'b'])).toBeUndefined();
    expect(readPath({ a: [5] }, ['a', 0])).toBe(5);
  });
});

describe('checkMapping', () => {
  it('accepts what is complete', () => {
    expect(checkMapping({ ts: '$.t', exception: 'e', latency_s: '$.l', provider: '=azure' })).toBeNull();
  });

  it.each([
    [
      { ts: '$.t', status: '$.s', stauts: '$.s' },
      /^mapping\.stauts: no field of the record; the fields are ts, request_id/,
    ],
    [{ ts: '$.t', status: '$..s' }, /^mapping\.status: "\$\.\.s" is no path/],
    [{ ts: '$.t', status: '' }, /^mapping\.status: "" is no path/],
    [{ status: '$.s' }, /^mapping\.ts: missing/],
    [{ ts: '$.t', model: '$.m' }, /^mapping\.status: missing/],
    [
      { ts: '$.t', status: '$.s', latency_s: 'a', latency_ms: 'b' },
      /^mapping\.latency_s: latency_ms is mapped too/,
    ],
    [{ ts: '$.t', status: '$.s', __proto__x: 'a' }, /^mapping\.__proto__x: no field/],
    [{}, /^mapping\.ts: missing/],
  ])('names the key that is wrong in %j', (mapping, message) => {
    expect(checkMapping(mapping)).toMatch(message);
    expect(checkMapping(mapping)).not.toContain('\n');
  });
});

describe('the mapped format', () => {
  it.each([
    ['status', { status: '$.s' }, { s: '429' }, { status: 429 }],
    ['latency in seconds', { latency_s: 'l' }, { s: 200, l: '1.5' }, { latency_ms: 1500 }],
    [
      'numbers for texts',
      { org: 'o', client: 'c' },
      { s: 200, o: 12, c: true },
      { org: '12', client: 'true' },
    ],
    ['a flag as text', { stream: 'f' }, { s: 200, f: 'true' }, { stream: true }],
    ['a fixed value', { provider: '=Azure', status: '=500' }, {}, { provider: 'azure', status: 500 }],
    [
      'empty texts as absent',
      { latency_ms: 'l', client: 'c' },
      { s: 200, l: '', c: '' },
      { latency_ms: 0, client: '' },
    ],
    ['an error list', { error: 'e' }, { e: [{ code: 1 }] }, { error: [{ code: 1 }] }],
  ])('converts %s', (_name, mapping, message, expected) => {
    expect(decode(mapping, { t: time, ...message })).toMatchObject({ kind: 'ok', records: [expected] });
  });

  it.each([
    [{ s: 'failed' }, 'status: $.s is a string, not a number'],
    [{ s: 200, c: { a: 1 } }, 'client: $.c is an object, not a text'],
    [{ s: 200, c: ['a'] }, 'client: $.c is a list, not a text'],
    [{ s: 200, f: 'maybe' }, 'stream: $.f is a string, not a flag'],
  ])('rejects %j and says where', (message, detail) => {
    expect(decode({ client: '$.c', stream: '$.f' }, { t: time, ...message })).toEqual({
      kind: 'reject',
      reason: 'mapping',
      detail,
    });
  });

  it('rejects what the schema rejects', () => {
    expect(decode({}, { t: time, s: 1000 })).toMatchObject({ kind: 'reject', reason: 'schema' });
    expect(decode({}, { t: time })).toMatchObject({ kind: 'reject', reason: 'schema' });
    expect(decode({}, { s: 200 })).toMatchObject({
      kind: 'reject',
      reason: 'schema',
      detail: expect.stringMatching(/^ts:/) as unknown,
    });
    expect(decode({}, 'text')).toMatchObject({ kind: 'reject', reason: 'mapping' });
  });

  it('is recognised by where its time stands', () => {
    expect(mapped.recognises({ t: time }, base)).toBe(true);
    expect(mapped.recognises({ x: time }, base)).toBe(false);
    expect(mapped.recognises({ t: time }, {})).toBe(false);
  });
});
