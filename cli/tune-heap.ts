import { setFlagsFromString } from 'node:v8';

/**
 * Counts buffers with the rest of the heap towards one limit, and lets the heap grow by 60 %. By default, every 64 MB
 * of new buffers make V8 mark the whole heap: for a worker that reads 50 MB a second that costs a fifth of its
 * processor time. Also by default a heap may grow fourfold, which is too much memory with 50 partitions.
 */
export function tuneHeap(): void {
  // Another version of V8 may not know these flags, and would report this on standard error.
  if (!process.versions.node.startsWith('24.')) return;
  setFlagsFromString('--external-memory-accounted-in-global-limit');
  setFlagsFromString('--heap-growing-percent=60');
}
