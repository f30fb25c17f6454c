import { COUNT_INTERVAL_SECONDS } from '../../domain/count-row.ts';
import type { Store } from '../../store/store.ts';
import { readNewestCount } from '../../store/queries/explain-sums.ts';

/**
 * End of what an embedded store can hold, epoch ms: whoever has the data directory is alone with it, so nothing comes
 * in, and the data end with the last count. Infinite for a server, and where there are no counts.
 */
export async function endOfData(store: Store): Promise<number> {
  const newest = store.kind === 'embedded' ? await readNewestCount(store) : null;
  return newest === null ? Number.POSITIVE_INFINITY : (newest + COUNT_INTERVAL_SECONDS) * 1_000;
}
