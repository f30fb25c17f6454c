import { COUNT_INTERVAL_SECONDS } from '../../domain/count-row.ts';
import type { Store } from '../../store/store.ts';
import { readNewestCount } from '../../store/queries/explain-sums.ts';

/**
 * The end of the data in an embedded store, epoch ms. Only one process can use a data directory, so no counts arrive
 * while a command reads it, and the data end with the newest count. Infinity for a server, and when there is no count.
 */
export async function endOfData(store: Store): Promise<number> {
  const newest = store.kind === 'embedded' ? await readNewestCount(store) : null;
  return newest === null ? Number.POSITIVE_INFINITY : (newest + COUNT_INTERVAL_SECONDS) * 1_000;
}
