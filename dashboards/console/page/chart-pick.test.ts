import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCondition } from '../../../domain/condition.ts';
import { exploreOf, lineAt, partAt } from './chart-pick.js';
import { conditionOf } from './share.js';

const parts = [
  { name: 'a', value: 10 },
  { name: 'none', value: 0 },
  { name: 'gap', value: null },
  { name: 'b', value: 5 },
];

test.each([
  [0, 'a'],
  [10, 'a'],
  [10.1, 'b'],
  [15, 'b'],
  [15.1, undefined],
  [-1, undefined],
])('height %s of a stack belongs to %s', (height, name) => {
  expect(partAt(parts, height)?.name).toBe(name);
});

test('a click hits the nearest line, unless that is far away', () => {
  const toTop = (value: number): number => 100 - value * 10;
  expect(lineAt(parts, 8, toTop)?.name).toBe('a');
  expect(lineAt(parts, 55, toTop)?.name).toBe('b');
  expect(lineAt(parts, 30, toTop)).toBe(null);
});

test.each([
  ['a class', { dimension: 'class' }, 'slow_down', false, { by: 'client', where: 'class=slow_down' }],
  [
    'the other classes',
    { dimension: 'class' },
    'slow_down',
    true,
    { by: 'class', where: 'class!=slow_down' },
  ],
  [
    'those without a client, of one class',
    { dimension: 'client', none: 'no client', where: ['class=slow_down'] },
    'no client',
    false,
    { by: 'class', where: 'class=slow_down\nclient=' },
  ],
  [
    'all classes of a party',
    { dimension: 'class', values: { provider: ['server_error', 'timeout'] } },
    'provider',
    false,
    { by: 'class', where: 'class=server_error,timeout' },
  ],
])('Explore is asked for %s', (_, seriesOf, name, isLeftOut, expected) => {
  expect(exploreOf({ seriesOf }, name, isLeftOut)).toEqual(expected);
});

test('series that are not parts of the traffic do not lead to Explore', () => {
  expect(exploreOf({}, 'all_requests', false)).toBe(null);
});

test.each([[['a, b']], [['']], [['=x']], [['!=x']], [['C:\\apps', 'b']], [['x\\', 'y']]])(
  'the values %j can be read back from their condition',
  (values) => {
    const negated = parseCondition(conditionOf('client', values, true));
    expect(negated).toEqual({ dimension: 'client', negate: true, values });
  },
);

test('any values can be read back from their condition', () => {
  const value = fc.string({ unit: fc.constantFrom('a', ',', '\\') });
  fc.assert(
    fc.property(fc.array(value, { minLength: 1 }), (values) => {
      expect(parseCondition(conditionOf('client', values))?.values).toEqual(values);
    }),
  );
});
