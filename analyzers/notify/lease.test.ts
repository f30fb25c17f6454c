import { describe, expect, test } from 'vitest';
import type { LeaseRow } from '../../store/queries/notify-lease.ts';
import { firstOf, NotifyLease, LEASE_SECONDS, NEWCOMER_SECONDS, SURE_SECONDS } from './lease.ts';

const row = (holder: string, since: number, at: number, hasLeft = false): LeaseRow => ({
  holder,
  since,
  at,
  has_left: hasLeft,
});

describe('of several analyzers', () => {
  test.each<[string, LeaseRow[], string | null]>([
    ['nobody sends without an analyzer', [], null],
    ['the analyzer that came first sends', [row('b', 10, 100), row('a', 20, 100)], 'b'],
    ['the name decides between two that came at the same time', [row('b', 10, 100), row('a', 10, 100)], 'a'],
    [
      'an analyzer that has not beat for long is ignored',
      [row('b', 10, 100 - LEASE_SECONDS), row('a', 20, 100)],
      'a',
    ],
    ['an analyzer that has left is ignored', [row('b', 10, 100, true), row('a', 20, 100)], 'a'],
  ])('%s', (_name, rows, first) => {
    expect(firstOf(rows, 100)?.holder ?? null).toBe(first);
  });
});

/** A lease over a store whose clock and whose answers the test decides. */
function leaseOf(options: { insertSeconds?: number } = {}) {
  const state = { store: 1_000, monotonic: 0, rows: new Map<string, LeaseRow>(), names: 0 };
  const lease = new NotifyLease({
    store: {
      async beat(holder, since, hasLeft) {
        state.rows.set(holder, row(holder, since ?? state.store, state.store, hasLeft));
        state.monotonic += (options.insertSeconds ?? 0) * 1000;
        return { now: state.store, rows: [...state.rows.values()] };
      },
    },
    monotonic: () => state.monotonic,
    newHolder: () => `h${state.names++}`,
  });
  const wait = (seconds: number): void => {
    state.store += seconds;
    state.monotonic += seconds * 1000;
  };
  return { lease, state, wait };
}

describe('a lease', () => {
  test('is given to a new analyzer only after it has waited', async () => {
    const { lease, wait } = leaseOf();
    expect(await lease.beat()).toBe(false);
    wait(NEWCOMER_SECONDS - 1);
    expect(await lease.beat()).toBe(false);
    expect(lease.isSure()).toBe(false);
    wait(1);
    expect(await lease.beat()).toBe(true);
    expect(lease.isSure()).toBe(true);
  });
  test('ends for an analyzer that was frozen, although nobody told it', async () => {
    const { lease, wait } = leaseOf();
    await lease.beat();
    wait(NEWCOMER_SECONDS);
    await lease.beat();
    wait(SURE_SECONDS);
    expect(lease.isSure()).toBe(false);
  });
  test('begins again if storing the first beat took long, because others may have looked and not seen it', async () => {
    const { lease, state } = leaseOf({ insertSeconds: 4 });
    await lease.beat();
    await lease.beat();
    expect([...state.rows.keys()]).toEqual(['h0', 'h1']);
  });
  test("follows the store's clock, however wrong the machine's clock is", async () => {
    const { lease, state, wait } = leaseOf();
    await lease.beat();
    expect(lease.now()).toBe(1_000);
    wait(5);
    expect(lease.now()).toBe(1_005);
    state.store = 2_000;
    await lease.beat();
    expect(lease.now()).toBe(2_000);
  });
});
