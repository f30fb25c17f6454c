import type { Retention } from '../../domain/retention.ts';
import type { Store } from '../store.ts';
import type { TrendTable } from './trends-plan.ts';

const DAY = 86_400;

/**
 * The retention to assume for a question about a span. History is kept from its import on, so a table may still hold a
 * span that is older than its retention. Such a table gets null (for ever) in the result. Times are epoch seconds.
 * Throws `StoreError`.
 */
export async function retentionOf(
  store: Store,
  retention: Retention,
  span: { since: number; until: number; now: number },
): Promise<Retention> {
  const finest = retention.request_counts ?? Number.POSITIVE_INFINITY;
  if (span.since >= span.now - finest * DAY) return retention;
  const held = await readHeldTables(store, span);
  const days = (table: TrendTable['name']): number | null => (held.has(table) ? null : retention[table]);
  return {
    ...retention,
    request_counts: days('request_counts'),
    request_counts_1m: days('request_counts_1m'),
    request_counts_1h: days('request_counts_1h'),
  };
}

/**
 * The tables of counts that still hold all requests of a span, whatever its age. No table when the span has no counts.
 * `since` and `until` are epoch seconds; the comparison uses whole hours. Throws `StoreError`.
 */
async function readHeldTables(
  store: Store,
  { since, until }: { since: number; until: number },
): Promise<ReadonlySet<string>> {
  const tables = ['request_counts', 'request_counts_1m', 'request_counts_1h'] as const;
  const sums = tables.map(
    (table) =>
      `SELECT '${table}' AS name, sum(requests) AS n FROM ${table}
       WHERE ts >= toDateTime({from:UInt32}, 'UTC') AND ts < toDateTime({to:UInt32}, 'UTC')`,
  );
  const rows = await store.query<{ name: TrendTable['name']; n: number }>(sums.join(' UNION ALL '), {
    from: Math.max(0, Math.floor(since / 3_600) * 3_600),
    to: Math.max(0, Math.ceil(until / 3_600) * 3_600),
  });
  const most = Math.max(...rows.map(({ n }) => n));
  return new Set(rows.filter(({ n }) => n > 0 && n === most).map(({ name }) => name));
}
