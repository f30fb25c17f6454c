import type { Batcher } from './batcher.ts';

type Holder = { readonly batcher: Pick<Batcher, 'heldBytes' | 'closedBytes'> | null };

/**
 * When more than this share of the memory is in use, batches are closed, the oldest first, until closed batches
 * (waiting or being written) hold as much as the remaining share. Only writing a batch frees memory, and only a closed
 * batch is written. The other batches continue to grow, because many small batches are expensive for the store.
 */
const CROWDED = 0.75;

/** Memory that unwritten rows use, in bytes. */
export function heldBytes(partitions: readonly Holder[]): number {
  return partitions.reduce((sum, { batcher }) => sum + (batcher?.heldBytes ?? 0), 0);
}

/** How many bytes of growing batches must be closed now to free memory; 0 or less: none. */
export function bytesToClose(partitions: readonly Holder[], memoryBytes: number): number {
  if (heldBytes(partitions) <= CROWDED * memoryBytes) return 0;
  const closed = partitions.reduce((sum, { batcher }) => sum + (batcher?.closedBytes ?? 0), 0);
  return (1 - CROWDED) * memoryBytes - closed;
}
