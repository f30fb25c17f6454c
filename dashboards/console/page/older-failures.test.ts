import { expect, test } from 'vitest';
import type { ErrorsAnswer } from '../v1/errors.ts';
import { distinct, olderAfter } from './older-failures.js';

type Failure = ErrorsAnswer['errors'][number];
const failure = (n: number): Failure => ({ request_id: String(n) }) as Failure;
const failures = (...numbers: number[]): Failure[] => numbers.map(failure);

test('failures that new ones push off the newest page stay in the list', () => {
  const older = olderAfter(failures(9, 8, 7), failures(6, 5), failures(11, 10, 9));
  expect(distinct([...failures(11, 10, 9), ...(older ?? [])])).toEqual(failures(11, 10, 9, 8, 7, 6, 5));
});

test.each([
  ['more failures came than a page holds', failures(9, 8, 7), failures(20, 19, 18)],
  ['the newest page is empty', failures(9, 8, 7), []],
])('when %s, the older failures are dropped', (_name, before, now) => {
  expect(olderAfter(before, failures(6, 5), now)).toBeNull();
});

test('a list that has grown too long is reduced to its newest page', () => {
  const older = Array.from({ length: 3_000 }, (_, n) => failure(n));
  expect(olderAfter(failures(9_001, 9_000), older, failures(9_002, 9_001))).toBeNull();
});
