import { assert, double, property } from 'fast-check';
import { expect, test } from 'vitest';
import { recoveryPlan } from './recovery-plan.ts';

const T = Date.UTC(2026, 10, 2, 10) / 1000;
const plan = (original: number, wanted: number, step = 0.5) =>
  recoveryPlan({ asked_at: T, original, wanted, hold_from: T + 600, hold_seconds: 900, step });

test('the plan is the original rate, then half more each hold time, up to the wanted rate', () => {
  expect(plan(100, 300)).toEqual({
    hold_until: '2026-11-02T10:25:00.000Z',
    plan: [
      { at: '2026-11-02T10:00:00.000Z', requests_per_minute: 100 },
      { at: '2026-11-02T10:25:00.000Z', requests_per_minute: 150 },
      { at: '2026-11-02T10:40:00.000Z', requests_per_minute: 225 },
      { at: '2026-11-02T10:55:00.000Z', requests_per_minute: 300 },
    ],
  });
});

test('without a higher wanted rate, the plan is only the original rate', () => {
  expect(plan(100, 90).plan).toEqual([{ at: '2026-11-02T10:00:00.000Z', requests_per_minute: 100 }]);
});

test('no step is above the largest raise or the wanted rate, and the list is short', () => {
  assert(
    property(
      double({ min: 0, max: 1e6, noNaN: true }),
      double({ min: 0, max: 1e9, noNaN: true }),
      double({ min: 0, max: 1, noNaN: true }),
      (original, wanted, step) => {
        const rates = plan(original, wanted, step).plan.map((it) => it.requests_per_minute);
        expect(rates.length).toBeLessThanOrEqual(25);
        rates.slice(1).forEach((rate, i) => {
          const before = rates[i] ?? 0;
          expect(rate).toBeGreaterThan(before);
          expect(rate).toBeLessThanOrEqual(before * (1 + step) + 1e-9);
          expect(rate).toBeLessThanOrEqual(wanted);
        });
      },
    ),
  );
});
