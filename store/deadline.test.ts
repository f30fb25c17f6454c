import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { memoryStore } from '../tests/fixtures/memory-store.ts';
import { withDeadline } from './deadline.ts';
import { StoreError } from './error.ts';
import type { QueryBounds, Store } from './store.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A store that answers when the function does, and the bounds of its last query. */
function storeOf(answer: () => Promise<never[]>): { store: Store; bounds: () => QueryBounds | undefined } {
  let last: QueryBounds | undefined;
  const query: Store['query'] = (_sql, _params, bounds) => {
    last = bounds;
    return answer();
  };
  return { store: { ...memoryStore(), where: 'h', query }, bounds: () => last };
}

test('a query that gets no answer fails after the time, and the store is asked to stop it', async () => {
  const { store, bounds } = storeOf(() => new Promise(() => undefined));
  const asked = withDeadline(store, 20).query('SELECT 1');
  const failed = expect(asked).rejects.toMatchObject({
    code: 'slow',
    message: expect.stringContaining('ClickHouse at h did not answer within 20 s: ask for a shorter range'),
  });
  await vi.advanceTimersByTimeAsync(20_999);
  expect([bounds()?.seconds, bounds()?.signal.aborted]).toEqual([20, false]);
  await vi.advanceTimersByTimeAsync(1);
  await failed;
  expect(bounds()?.signal.aborted).toBe(true);
});

test('a query that the engine ends for its time is slow too; other errors keep their code', async () => {
  const of = (code: number) =>
    withDeadline(storeOf(() => Promise.reject(new StoreError('busy', 'm', code))).store, 20);
  await expect(of(159).query('SELECT 1')).rejects.toMatchObject({ code: 'slow' });
  await expect(of(202).query('SELECT 1')).rejects.toMatchObject({ code: 'busy' });
});

test('an answer in time is returned, and no timer is left', async () => {
  const { store } = storeOf(async () => []);
  expect(await withDeadline(store, 20).query('SELECT 1')).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});
