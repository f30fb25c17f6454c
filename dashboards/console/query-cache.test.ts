import { expect, test } from 'vitest';
import { createQueryCache } from './query-cache.ts';

test('equal questions at the same time are asked once', async () => {
  let asked = 0;
  const cache = createQueryCache(1_000, () => 0);
  const ask = async (): Promise<number> => ++asked;
  expect(await Promise.all([cache.get('a', ask), cache.get('a', ask), cache.get('b', ask)])).toEqual([
    1, 1, 2,
  ]);
});

test('an answer is asked for again when its time in the cache is over', async () => {
  let now = 0;
  let asked = 0;
  const cache = createQueryCache(1_000, () => now);
  const ask = async (): Promise<number> => ++asked;
  await cache.get('a', ask);
  now = 999;
  expect(await cache.get('a', ask)).toBe(1);
  now = 1_000;
  expect(await cache.get('a', ask)).toBe(2);
});

test('a failure is not kept', async () => {
  const cache = createQueryCache(1_000, () => 0);
  await expect(cache.get('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
  expect(await cache.get('a', async () => 'up')).toBe('up');
});

test('after `clear` everything is asked for again, even if a query is running', async () => {
  const cache = createQueryCache(1_000, () => 0);
  const before = Promise.withResolvers<string>();
  const first = cache.get('a', () => before.promise);
  cache.clear();
  expect(await cache.get('a', async () => 'after')).toBe('after');
  before.reject(new Error('late'));
  await expect(first).rejects.toThrow('late');
  expect(await cache.get('a', async () => 'third')).toBe('after');
});
