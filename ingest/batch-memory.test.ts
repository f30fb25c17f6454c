import { expect, test } from 'vitest';
import { bytesToClose, heldBytes } from './batch-memory.ts';

const holding = (heldBytes: number, closedBytes = 0) => ({ batcher: { heldBytes, closedBytes } });

test('partitions whose start is not decided hold nothing', () => {
  expect(heldBytes([{ batcher: null }, holding(3), holding(4)])).toBe(7);
});

test.each([
  ['up to three quarters of the memory nothing is closed', [holding(75)], 0],
  ['above that, a quarter of the memory is closed', [holding(76)], 25],
  ['minus the bytes that are already closed', [holding(50, 20), holding(40)], 5],
  ['and nothing when enough is closed', [holding(90, 30)], -5],
])('%s', (_name, partitions, bytes) => {
  expect(bytesToClose(partitions, 100)).toBe(bytes);
});
