import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createWorld, type Happening } from './fixtures/fake-cluster.ts';

// Runs the real worker against a broker and a store in memory. Everything that takes time is a pending step, and a
// random schedule decides which step happens next. So crashes, rebalances, lost answers and late inserts can come
// together at any point.

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 60, arbitrary: fc.record({ kind: fc.constant('step' as const), choice: fc.nat(1_000) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('produce' as const),
      records: fc.integer({ min: 1, max: 8 }),
      holes: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rebalance' as const), to: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('crash' as const), worker: fc.nat(2) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('trouble' as const),
      what: fc.constantFrom('lost_answer', 'refusal'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('freeze' as const), worker: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget_offsets' as const) }) },
);

test('every record is counted once, whatever crashes, moves, freezes or gets lost', {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(happening, { minLength: 50, maxLength: 400 }),
      fc.integer(),
      async (schedule, seed) => {
        const world = createWorld(seed);
        for (const what of schedule) await world.happen(what);
        await world.recover();
        const proof = world.proof();
        expect(proof.counted).toEqual(proof.produced);
        expect(proof.events).toEqual(proof.produced);
        expect(proof.ledgerGaps).toEqual([]);
      },
    ),
    { numRuns: 150 },
  );
});

test('the check notices a store that forgets its tokens', { timeout: 60_000 }, async () => {
  const broken = fc.asyncProperty(
    fc.array(happening, { minLength: 200, maxLength: 400 }),
    fc.integer(),
    async (schedule, seed) => {
      const world = createWorld(seed, { forgetTokens: true });
      for (const what of schedule) await world.happen(what);
      await world.recover();
      const proof = world.proof();
      expect(proof.counted).toEqual(proof.produced);
    },
  );
  // Stops at the first failure, because looking for a smaller example would take most of the time.
  expect((await fc.check(broken, { numRuns: 100, seed: 1, endOnFailure: true })).failed).toBe(true);
});
