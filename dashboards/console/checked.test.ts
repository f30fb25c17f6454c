import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { checked, repeated } from './checked.ts';
import { BadParameter } from './parameters.ts';

const shape = z.strictObject({
  text: z.string().min(2).max(4).regex(/^\w+$/).default('ab'),
  once: z.string({ error: repeated }).default('a'),
  count: z.int().min(1).max(9).default(1),
  number: z.number().default(1),
  is_on: z.boolean().default(false),
  kind: z.enum(['one', 'two']).default('one'),
  from: z.iso.datetime().optional(),
  list: z.array(z.string()).default([]),
  either: z.union([z.string(), z.array(z.string())]).default(''),
  headers: z.record(z.string(), z.string()).default({}),
  scope: z.strictObject({ org: z.string().optional() }).default({}),
  needed: z.string(),
});

test.each([
  [{}, 'needed: is missing'],
  [null, 'body: is not an object'],
  [undefined, 'body: is missing'],
  [[], 'body: is not an object'],
  [{ text: 5 }, 'text: is not a text'],
  [{ text: null }, 'text: is not a text'],
  [{ text: 'a' }, 'text: is too short'],
  [{ text: 'abcde' }, 'text: is too long'],
  [{ text: 'a-b' }, 'text: is not written as this parameter must be'],
  [{ once: ['a', 'b'] }, 'once: is given more than once'],
  [{ once: 7 }, 'once: is not a text'],
  [{ count: '5' }, 'count: is not a number'],
  [{ count: 1.5 }, 'count: is not a whole number'],
  [{ count: 0 }, 'count: is below 1'],
  [{ count: 10 }, 'count: is above 9'],
  [{ number: 'x' }, 'number: is not a number'],
  [{ is_on: 'yes' }, 'is_on: is not true or false'],
  [{ kind: 'three' }, 'kind: must be one of one, two'],
  [{ from: 'tomorrow' }, 'from: is not a time such as 2026-03-01T12:00:00Z'],
  [{ list: 'a' }, 'list: is not a list'],
  [{ list: ['a', 1] }, 'list: is not a text'],
  [{ either: 1 }, 'either: is not a value that this parameter can have'],
  [{ headers: { a: 1 } }, 'headers.a: is not a text'],
  [{ scope: { org: 3 } }, 'scope.org: is not a text'],
  [{ scope: { foo: 'a' }, needed: '' }, 'scope.foo: is not a known parameter'],
  [{ ['x'.repeat(5_000)]: 1, needed: '' }, `${'x'.repeat(64)}: is not a known parameter`],
])('%j is refused in plain words that name the member', (given, message) => {
  expect(() => checked(shape, given)).toThrow(new BadParameter(message));
});

test('for every value of JSON the refusal is in plain words, not in those of zod', () => {
  const given = fc.record(
    Object.fromEntries(Object.keys(shape.shape).map((name) => [name, fc.jsonValue()])),
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(given, (value) => {
      try {
        checked(shape, value);
      } catch (error) {
        expect(error).toBeInstanceOf(BadParameter);
        expect(String(error)).not.toMatch(/Invalid|Too (?:small|big)|received|undefined|\n/);
      }
    }),
  );
});
