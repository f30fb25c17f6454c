import { describe, expect, it } from 'vitest';
import { createRandom, logNormal } from './random.ts';

describe('createRandom', () => {
  it('is uniform: each of ten bins has a tenth of 100,000 draws', () => {
    const random = createRandom(1);
    const bins = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 100_000; i++) {
      const bin = random.below(10);
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    for (const bin of bins) expect(Math.abs(bin - 10_000)).toBeLessThan(500);
  });

  it('never repeats an id', () => {
    const random = createRandom(1);
    const ids = new Set(Array.from({ length: 50_000 }, () => random.hex32()));
    expect(ids.size).toBe(50_000);
    for (const id of [...ids].slice(0, 600)) expect(id).toMatch(/^[0-9a-f]{32}$/);
  });

  it('differs between seeds that differ by one', () => {
    expect(createRandom(1).hex32()).not.toBe(createRandom(2).hex32());
  });
});

it('log-normal factors have the median 1 and the given deviation', () => {
  const random = createRandom(3);
  const draw = logNormal(0.5);
  const logs = Array.from({ length: 50_000 }, () => Math.log(draw(random)));
  const mean = logs.reduce((sum, x) => sum + x, 0) / logs.length;
  const deviation = Math.sqrt(logs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / logs.length);
  expect(mean).toBeCloseTo(0, 1);
  expect(deviation).toBeCloseTo(0.5, 1);
});
