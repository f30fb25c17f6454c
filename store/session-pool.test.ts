import { expect, test } from 'vitest';
import { createSessionPool } from './session-pool.ts';

function counted() {
  const closed: number[] = [];
  let opened = 0;
  const pool = createSessionPool(
    2,
    () => (opened += 1),
    (session) => void closed.push(session),
  );
  return { pool, closed, opened: () => opened };
}

test('no more sessions than the size are open, and each has one user at a time', async () => {
  const { pool, opened } = counted();
  const users = new Map<number, number>();
  let most = 0;
  await Promise.all(
    Array.from({ length: 20 }, () =>
      pool.use(async (session) => {
        users.set(session, (users.get(session) ?? 0) + 1);
        most = Math.max(most, ...users.values());
        await new Promise((resolve) => setImmediate(resolve));
        users.set(session, (users.get(session) ?? 0) - 1);
      }),
    ),
  );
  expect(opened()).toBe(2);
  expect(most).toBe(1);
});

test('a session on which something failed is closed and not lent again', async () => {
  const { pool, closed } = counted();
  const failed = await pool.use(async (session) => Promise.reject(new Error(`on ${session}`))).catch(String);
  expect(failed).toBe('Error: on 1');
  expect(closed).toEqual([1]);
  expect(await pool.use(async (session) => session)).toBe(2);
});

test('a session that cannot be opened leaves its place to the next', async () => {
  let tries = 0;
  const pool = createSessionPool(
    1,
    () => {
      tries += 1;
      if (tries === 1) throw new Error('no session');
      return tries;
    },
    () => undefined,
  );
  await expect(pool.use(async () => 'used')).rejects.toThrow('no session');
  expect(await pool.use(async (session) => session)).toBe(2);
});

test('closing waits until nobody uses a session', async () => {
  const { pool, closed } = counted();
  let finish: () => void = () => undefined;
  const use = pool.use(async () => new Promise<void>((resolve) => (finish = resolve)));
  const close = pool.close();
  await new Promise((resolve) => setImmediate(resolve));
  expect(closed).toEqual([]);
  finish();
  await Promise.all([use, close]);
  expect(closed).toContain(1);
});
