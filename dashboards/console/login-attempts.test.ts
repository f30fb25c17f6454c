import { expect, test } from 'vitest';
import { createAttempts } from './login-attempts.ts';

const limits = { perAddress: 3, inAll: 10, addresses: 20 };
const NOW = 60_000 * 1_000;

function guess(attempts: ReturnType<typeof createAttempts>, address: string, times: number): number {
  let looked = 0;
  for (let i = 0; i < times; i++) {
    if (!attempts.mayTry(address, NOW)) continue;
    looked += 1;
    attempts.noteWrong(address, NOW);
  }
  return looked;
}

test('wrong tokens are limited per address and minute, and one address does not use up the limit of another', () => {
  const attempts = createAttempts(limits);
  expect(guess(attempts, '10.0.0.1', 50)).toBe(3);
  expect(attempts.mayTry('10.0.0.2', NOW)).toBe(true);
  expect(attempts.mayTry('10.0.0.1', NOW + 60_000)).toBe(true);
});

test('when many addresses guess at once, each may send one wrong token, and an address without one can still log in', () => {
  const attempts = createAttempts(limits);
  for (let i = 0; i < 4; i++) guess(attempts, `10.0.0.${i}`, 50);
  expect(guess(attempts, '10.0.1.1', 50)).toBe(1);
  expect(attempts.mayTry('10.0.1.2', NOW)).toBe(true);
});

test('addresses beyond those that are counted separately share the limit of one address', () => {
  const attempts = createAttempts(limits);
  let looked = 0;
  for (let i = 0; i < 5_000; i++) looked += guess(attempts, `10.1.${i >> 8}.${i & 255}`, 2);
  expect(looked).toBeLessThanOrEqual(limits.inAll + limits.addresses + limits.perAddress);
});

test.each([
  ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9'],
  ['2001:db8::1', '2001:db8:0:0:1::2'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['fe80::1%eth0', 'fe80::2'],
])('%s and %s count as one address', (one, other) => {
  const attempts = createAttempts(limits);
  guess(attempts, one, 50);
  expect(attempts.mayTry(other, NOW)).toBe(false);
});

test('neighbouring networks are counted separately', () => {
  const attempts = createAttempts(limits);
  guess(attempts, '2001:db8:1:2::1', 50);
  expect(attempts.mayTry('2001:db8:1:3::1', NOW)).toBe(true);
});
