import { expect, it } from 'vitest';
import { memoryFor } from './worker.ts';

const MIB = 1024 * 1024;

it.each([1, 16 * MIB, 64 * MIB, 200 * MIB])(
  'a worker may hold two batches of %d bytes, and the rows of one chunk',
  (bytes) => {
    expect(memoryFor(bytes)).toBeGreaterThanOrEqual(2 * bytes + 16 * MIB);
  },
);

it('a worker with the default batch holds 56 MiB', () => expect(memoryFor(16 * MIB)).toBe(56 * MIB));
