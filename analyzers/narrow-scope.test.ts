import { expect, test } from 'vitest';
import type { CountRow } from '../domain/count-row.ts';
import { describeScope, isInScope, narrowScope, reviseScope } from './narrow-scope.ts';
import { countRow } from '../tests/fixtures/traffic.ts';

const isBad = (row: CountRow): boolean => row.class === 'slow_down';
const bad = (row: Partial<CountRow>, requests: number): CountRow =>
  countRow({ ...row, requests, class: 'slow_down' });
const good = (row: Partial<CountRow>, requests: number): CountRow => countRow({ ...row, requests });

test.each<[string, CountRow[], object]>([
  [
    'one client has all: named',
    [bad({ client: 'a' }, 10), good({ client: 'a' }, 100), good({ client: 'b' }, 100)],
    { client: 'a' },
  ],
  [
    'nine of ten: named',
    [
      bad({ client: 'a' }, 90),
      good({ client: 'a' }, 100),
      bad({ client: 'b' }, 10),
      good({ client: 'b' }, 100),
    ],
    { client: 'a' },
  ],
  [
    'eight of ten: not named',
    [bad({ client: 'a' }, 80), bad({ client: 'b' }, 20), good({ client: 'b' }, 1_000)],
    {},
  ],
  [
    'nine of ten because it sends nine of ten: not named',
    [
      bad({ client: 'a' }, 90),
      good({ client: 'a' }, 810),
      bad({ client: 'b' }, 10),
      good({ client: 'b' }, 90),
    ],
    {},
  ],
  [
    'the only client there is: named',
    [bad({ client: 'a' }, 10), good({ client: 'a' }, 100)],
    { client: 'a' },
  ],
  ['logs without the dimension: not named', [bad({}, 10), good({ client: 'b' }, 100)], {}],
  [
    'the key that follows from the client: not named',
    [bad({ client: 'a', api_key: 'k1' }, 10), good({ client: 'b', api_key: 'k2' }, 100)],
    { client: 'a' },
  ],
  [
    'one of two keys of a client: named',
    [bad({ client: 'a', api_key: 'k1' }, 10), good({ client: 'a', api_key: 'k2' }, 100)],
    { client: 'a', key: 'k1' },
  ],
  ['the only region: not named', [bad({ region: 'eu' }, 10), good({ region: 'eu' }, 100)], {}],
  ['one of two regions: named', [bad({ region: 'eu' }, 10), good({ region: 'us' }, 100)], { region: 'eu' }],
])('%s', (_name, rows, expected) => {
  expect(narrowScope(rows, isBad)).toEqual(expected);
});

test('a scope contains the rows that carry all its values', () => {
  expect(isInScope(countRow({ client: 'a', api_key: 'k' }), { provider: 'x', client: 'a', key: 'k' })).toBe(
    true,
  );
  expect(isInScope(countRow({ client: 'a', api_key: 'k' }), { client: 'a', key: 'other' })).toBe(false);
});

const reported = { provider: 'openai', project: 'p', client: 'a' };
test.each([
  ['before firing the scope is the one that was just found', null, { provider: 'openai', client: 'b' }],
  [
    'just after firing it is still corrected',
    { scope: reported, scope_may: 'change' as const },
    { provider: 'openai', client: 'b' },
  ],
  [
    'later only wrong values are dropped',
    { scope: reported, scope_may: 'widen' as const },
    { provider: 'openai' },
  ],
  ['finally it stays', { scope: reported, scope_may: 'stay' as const }, reported],
])('%s', (_name, known, expected) => {
  expect(reviseScope(known, { provider: 'openai', client: 'b' })).toEqual(expected);
});

test('reads as a phrase', () => {
  expect(describeScope({ provider: 'openai', org: 'acme', project: 'p', model: 'm' })).toBe(
    'project p, model m of organization acme at openai',
  );
  expect(describeScope({ provider: 'openai', org: 'acme' })).toBe('organization acme at openai');
  expect(describeScope({ provider: 'openai', client: 'c' })).toBe('client c at openai');
  expect(describeScope({ provider: 'openai' })).toBe('openai');
  expect(describeScope({})).toBe('all traffic');
});
