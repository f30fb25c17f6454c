import { expect, test } from 'vitest';
import { binomialTail, poissonTail } from './poisson-tail.ts';

test.each([
  ['zero or more is certain', 0, 3, 1],
  ['none expected, one seen: impossible', 1, 0, 0],
  ['one or more of mean 1', 1, 1, 0.632121],
  ['five or more of mean 1', 5, 1, 0.00366],
  ['ten or more of mean 5', 10, 5, 0.031828],
  ['nineteen or more of mean 5', 19, 5, 1.4017e-6],
  ['600 or more of mean 400: far out, not rounded to zero', 600, 400, 7.7414e-21],
])('%s', (_name, count, mean, expected) => {
  const chance = poissonTail(count, mean);
  expect(chance).toBeGreaterThanOrEqual(expected * 0.9);
  expect(chance).toBeLessThanOrEqual(expected * 1.1);
});

test('for a large mean the normal distribution is right within a factor of two', () => {
  expect(poissonTail(1000, 1000)).toBeGreaterThan(0.25);
  expect(poissonTail(1000, 1000)).toBeLessThan(0.75);
  expect(poissonTail(1095, 1000)).toBeGreaterThan(0.0007);
  expect(poissonTail(1095, 1000)).toBeLessThan(0.003);
  expect(poissonTail(2000, 1000)).toBeLessThan(1e-100);
  expect(poissonTail(500, 1000)).toBeGreaterThan(0.999);
});

test('falls as the count grows', () => {
  for (let count = 1; count < 60; count++) {
    expect(poissonTail(count + 1, 20)).toBeLessThanOrEqual(poissonTail(count, 20));
  }
});

test.each([
  ['zero or more is certain', 0, 10, 0.1, 1],
  ['more than there are trials: impossible', 11, 10, 0.9, 0],
  ['a chance of 0 never succeeds', 1, 10, 0, 0],
  ['a chance of 1 always does', 10, 10, 1, 1],
  ['three or more heads of five', 3, 5, 0.5, 0.5],
  ['two or more of ten at a tenth', 2, 10, 0.1, 0.2639],
  ['thirteen of thirteen at 0.3', 13, 13, 0.3, 1.5943e-7],
  ['one or more of ten at 0.9, below the mean', 1, 10, 0.9, 1],
  ['ten or more of a thousand at 0.1 %: nearly Poisson', 10, 1_000, 0.001, 1.05e-7],
])('binomial: %s', (_name, count, trials, share, expected) => {
  const chance = binomialTail(count, trials, share);
  expect(chance).toBeGreaterThanOrEqual(expected * 0.95);
  expect(chance).toBeLessThanOrEqual(expected * 1.05);
});

test('binomial: for large numbers the normal distribution is right within a factor of two', () => {
  expect(binomialTail(1_000, 2_000, 0.5)).toBeGreaterThan(0.25);
  expect(binomialTail(1_000, 2_000, 0.5)).toBeLessThan(0.75);
  expect(binomialTail(1_100, 2_000, 0.5)).toBeGreaterThan(2e-6);
  expect(binomialTail(1_100, 2_000, 0.5)).toBeLessThan(1e-5);
});
