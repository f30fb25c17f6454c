import { COUNT_INTERVAL_SECONDS } from '../domain/count-row.ts';
import type { Store } from '../store/store.ts';
import type { CountBlock } from '../store/queries/count-block.ts';
import type { CountRange } from '../store/queries/count-range.ts';
import { readCountSums, readRowCounts } from '../store/queries/count-sums.ts';
import { orgKey } from './count-view.ts';
import type { Identity } from './identity.ts';
import { coarseDimensions, OrgCounts, type RowRange, windowDimensions } from './org-counts.ts';

/**
 * Number of rows that are read at once. It bounds the memory between store and window, because the process does not
 * give that memory back: with 60,000 rows the process took 60 MB more for as long as it ran.
 */
export const ROWS_AT_ONCE = 10_000;
/**
 * The organizations of one list have at most this many rows together. The table is sorted by time, so each list makes
 * the store read the whole range once.
 */
const ROWS_TOGETHER = 500_000;
const ORGS_AT_ONCE = 100;
/** If the names of a list are together longer than this, in characters, they make the URL of a query too long. */
const MAX_NAMES_LENGTH = 4_000;
/** Smallest memory of a row in the window, in bytes. */
const ROW_BYTES = 12;

/**
 * A range of time (epoch seconds), and its requests over all organizations. The range cannot have more rows than
 * requests.
 */
export interface HistoryRange {
  from: number;
  to: number;
  requests: number;
}

/**
 * Reads the counts of organizations that are not in the window yet, in their order, and yields some of them at a time,
 * when their counts are complete. An organization that would take more than `limit` bytes is read without key, client
 * and region. `rowsAtOnce` changes only how much memory reading takes.
 */
export async function* readHistory(
  store: Store,
  range: HistoryRange,
  orgs: readonly Identity[],
  limit: number,
  rowsAtOnce = ROWS_AT_ONCE,
): AsyncGenerator<OrgCounts[]> {
  for (const names of cutNames(orgs)) {
    const stored = range.requests <= rowsAtOnce ? [] : await readRowCounts(store, { ...range, orgs: names });
    const rows = new Map(stored.map((one) => [orgKey(one), one.rows]));
    const rowsOf = (org: Identity): number => rows.get(orgKey(org)) ?? 0;
    const together = Math.max(rowsAtOnce, Math.min(ROWS_TOGETHER, limit / ROW_BYTES));
    for (const some of cut(names, ORGS_AT_ONCE, rowsOf, together)) {
      const total = some.reduce((sum, org) => sum + rowsOf(org), 0);
      const isCoarse = total * ROW_BYTES > limit;
      const found = new Map(
        some.map((org) => [orgKey(org), new OrgCounts(org.provider, org.org, isCoarse ? 0 : rowsOf(org))]),
      );
      for (const slice of slices(range, Math.ceil(total / rowsAtOnce))) {
        const by = isCoarse ? coarseDimensions : windowDimensions;
        const block = await readCountSums(store, {
          ...slice,
          table: 'request_counts',
          by,
          more: [],
          orgs: some,
        });
        for (const [key, span] of spansByOrg(block)) {
          const org = found.get(key);
          if (org === undefined) continue;
          if (isCoarse || org.bytes > limit) org.makeCoarse();
          org.add(block, [span]);
        }
      }
      yield [...found.values()];
    }
  }
}

/** Number of stored rows of each organization in the range, in their order; organizations without rows are absent. */
export async function readRowsOf(
  store: Store,
  range: HistoryRange,
  orgs: readonly Identity[],
): Promise<(Identity & { rows: number })[]> {
  const found: (Identity & { rows: number })[] = [];
  for (const names of cutNames(orgs)) {
    const rows = new Map(
      (await readRowCounts(store, { ...range, orgs: names })).map((one) => [orgKey(one), one]),
    );
    found.push(...names.flatMap((org) => rows.get(orgKey(org)) ?? []));
  }
  return found;
}

function cutNames(orgs: readonly Identity[]): Identity[][] {
  return cut(orgs, ORGS_AT_ONCE, (org) => encodeURIComponent(orgKey(org)).length, MAX_NAMES_LENGTH);
}

/** The rows of each organization in a block, keyed by `orgKey`. */
export function spansByOrg(block: CountBlock): Map<string, RowRange> {
  const begins = block.runs(['provider', 'org']);
  const spans = new Map<string, RowRange>();
  for (let n = 0; n + 1 < begins.length; n++) {
    const from = begins[n] ?? 0;
    const org = { provider: block.texts.provider.at(from), org: block.texts.org.at(from) };
    spans.set(orgKey(org), { from, to: begins[n + 1] ?? from });
  }
  return spans;
}

/**
 * Cuts a list into lists of at most `most` items whose sizes add up to at most `limit`; a single item may be larger.
 */
export function cut<Item>(
  items: readonly Item[],
  most: number,
  sizeOf: (item: Item) => number,
  limit: number,
): Item[][] {
  const lists: Item[][] = [];
  let size = Infinity;
  for (const item of items) {
    const own = sizeOf(item);
    const last = lists.at(-1);
    if (last === undefined || last.length >= most || size + own > limit) {
      lists.push([item]);
      size = own;
    } else {
      last.push(item);
      size += own;
    }
  }
  return lists;
}

/** Cuts a range into about `count` ranges, each a whole number of intervals long. */
export function slices(
  { from, to }: { from: number; to: number },
  count: number,
  interval = COUNT_INTERVAL_SECONDS,
): CountRange[] {
  const seconds = Math.max(interval, Math.ceil((to - from) / Math.max(1, count) / interval) * interval);
  const parts: CountRange[] = [];
  for (let at = from; at < to; at += seconds) parts.push({ from: at, to: Math.min(to, at + seconds) });
  return parts;
}
