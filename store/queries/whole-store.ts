import { COUNT_INTERVAL_SECONDS } from '../../domain/count-row.ts';
import type { Store } from '../store.ts';

/** Requests of each class in the whole store; a class without requests is absent. Throws `StoreError`. */
export async function readTotalsByClass(store: Store): Promise<Record<string, number>> {
  const rows = await store.query<{ class: string; n: number }>(
    'SELECT class, sum(requests) AS n FROM request_counts GROUP BY class ORDER BY n DESC, class',
  );
  return Object.fromEntries(rows.map((row) => [row.class, row.n]));
}

/**
 * The span `[from, to)` of event time that contains all requests, epoch ms; null when nothing is stored. Throws
 * `StoreError`.
 */
export async function readEventRange(store: Store): Promise<{ from: number; to: number } | null> {
  const [row] = await store.query<{ n: number; first: number; last: number }>(
    'SELECT count() AS n, toUnixTimestamp(min(ts)) AS first, toUnixTimestamp(max(ts)) AS last FROM request_counts',
  );
  return row === undefined || row.n === 0
    ? null
    : { from: row.first * 1000, to: (row.last + COUNT_INTERVAL_SECONDS) * 1000 };
}
