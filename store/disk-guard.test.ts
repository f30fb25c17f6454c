import { describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../tests/fixtures/until.ts';
import { createDiskGuard, type GuardedDisk, KEEP_FREE_MIB, refuseFullDisk } from './disk-guard.ts';
import type { StoreError } from './error.ts';

/** A disk whose free space and refused writes the test sets. */
function guarded(): {
  state: { free: number; refused: number; held: boolean[]; damage: StoreError[] };
} & ReturnType<typeof createDiskGuard> {
  const state = { free: 10_000, refused: 0, held: [] as boolean[], damage: [] as StoreError[] };
  const disk: GuardedDisk = {
    where: '/data',
    freeMib: async () => state.free,
    refusedWrites: async () => state.refused,
    holdMerges: async (hold) => void state.held.push(hold),
    damaged: (error) => void state.damage.push(error),
  };
  const guard = createDiskGuard(disk);
  onTestFinished(() => guard.close());
  return { state, ...guard };
}

const never = Symbol('never');
const soon = (promise: Promise<unknown>) =>
  Promise.race([promise, new Promise((resolve) => setTimeout(resolve, 20, never))]);

describe('the guard of the engine’s disk', () => {
  it('runs inserts while there is space', async () => {
    const { state, insert } = guarded();
    expect(await insert(async () => 7)).toBe(7);
    expect(state.damage).toEqual([]);
  });

  it('refuses inserts before they start when space runs out, with the code of ClickHouse', async () => {
    const { state, insert } = guarded();
    state.free = KEEP_FREE_MIB - 0.5;
    let begun = 0;
    await expect(insert(async () => begun++)).rejects.toThrow(
      'Code: 243. DB::Exception: its disk has 255 MiB of space left, the embedded ClickHouse needs 256 MiB: make space (NOT_ENOUGH_SPACE)',
    );
    expect(begun).toBe(0);
  });

  it('holds merges once while space is short, and lets them go on afterwards', async () => {
    const { state } = guarded();
    state.free = 3;
    await until('merges are held', () => state.held.length === 1);
    state.free = 10_000;
    await until('merges go on', () => state.held.length === 2);
    expect(state.held).toEqual([true, false]);
  });

  it('an insert never counts as done when the disk filled up meanwhile and a write was refused', async () => {
    const { state, insert } = guarded();
    const insertion = insert(async () => {
      state.free = 0;
      state.refused = 2;
    });
    expect(await soon(insertion)).toBe(never);
    expect(state.damage.map((error) => [error.code, error.message])).toEqual([
      [
        'unavailable',
        'the disk of data directory /data refused 2 writes of the embedded ClickHouse: check its space and health, then start faultline again: it sets incomplete data aside and reads the records again',
      ],
    ]);
  });

  it('an insert is done when the disk filled up meanwhile but no write was refused', async () => {
    const { state, insert } = guarded();
    await insert(async () => {
      state.free = 10;
    });
    expect(state.damage).toEqual([]);
  });

  it('notices a refused write without any insert, and reports it once', async () => {
    const { state, insert } = guarded();
    state.refused = 1;
    await until('the damage is reported', () => state.damage.length > 0);
    expect(await soon(insert(async () => 0))).toBe(never);
    expect(state.damage.length).toBe(1);
  });

  it.each([
    [KEEP_FREE_MIB, null],
    [KEEP_FREE_MIB + 1, null],
    [
      12.7,
      'data directory /data cannot be used: its disk has 12 MiB of space left, the embedded ClickHouse needs 256 MiB: make space',
    ],
  ])('opens a directory with %s MiB of space: %s', (free, message) => {
    const open = (): void => refuseFullDisk('/data', free);
    if (message === null) expect(open).not.toThrow();
    else expect(open).toThrow(message);
  });
});
