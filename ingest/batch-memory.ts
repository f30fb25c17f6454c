import type { Batcher } from './batcher.ts';

type Holder = { readonly batcher: Pick<Batcher, 'heldBytes' | 'closedBytes'> | null };

/**
 * From this share of the memory on, the oldest batches are closed until the rest of it is closed, waiting or being
 * written. Memory comes back only from what is written; the other batches grow on until it is their turn, because many
 * small ones cost the store more than they are worth.
 */
const CROWDED = 0.75;

/** Rows held in memory, in bytes. */
export function heldBytes(partitions: readonly Holder[]): number {
  return partitions.reduce((sum, { batcher }) => sum + (batcher?.heldBytes ?? 0), 0);
}

/** Bytes of growing batches to be closed now so that memory comes back; 0 or less: none. */
export function bytesToClose(partitions: readonly Holder[], memoryBytes: number): number {
  if (heldBytes(partitions) <= CROWDED * memoryBytes) return 0;
  const closed = partitions.reduce((sum, { batcher }) => sum + (batcher?.closedBytes ?? 0), 0);
  return (1 - CROWDED) * memoryBytes - closed;
}
