import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { nativeRecord } from '../../domain/request-log.ts';
import { memberOf, membersOf, mostNumbers, numberAt } from './plain-members.ts';

const { shape } = nativeRecord;
const { region: _region, ...withoutRegion } = shape;

describe('the members of the byte reader', () => {
  it('are those of the schema, each with its own bit', () => {
    const { members } = membersOf(shape);
    expect([...members.keys()]).toEqual(Object.keys(shape));
    expect(new Set([...members.values()].map(({ bit }) => bit)).size).toBe(members.size);
    expect(memberOf('colour').bit).toBe(0);
  });

  it('have the largest values of the schema', () => {
    expect(mostNumbers[numberAt('status')]).toBe(999);
    expect(mostNumbers[numberAt('latency_ms')]).toBe(1e9);
    expect(mostNumbers[numberAt('cost_usd')]).toBe(1e6);
    expect(mostNumbers[numberAt('retry_count')]).toBe(65_535);
  });

  it.each([
    [
      'a member without a reader',
      { ...shape, cache_hit: z.boolean().nullish() },
      /does not know member cache_hit/,
    ],
    ['a member with the name of an inherited one', { ...shape, toString: z.string() }, /member toString/],
    ['a missing member', withoutRegion, /no member region/],
    ['a number without a largest value', { ...shape, latency_ms: z.number().nullish() }, /member latency_ms/],
    ['a number that became a text', { ...shape, status: z.string().nullish() }, /member status/],
  ])('refuse a schema with %s', (_what, other, message) => {
    expect(() => membersOf(other)).toThrow(message);
  });
});
