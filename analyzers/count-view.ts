import type { CountRow } from '../domain/count-row.ts';
import type { RequestClass } from '../domain/error-class.ts';

/** The counts of one organization at one provider, in order of time. */
export interface OrgCounts {
  provider: string;
  org: string;
  rows: readonly CountRow[];
}

/** Counts as detectors read them: by organization and by class, each in order of time. */
export interface CountView {
  orgs: ReadonlyMap<string, OrgCounts>;
  by_class: ReadonlyMap<RequestClass, readonly CountRow[]>;
}

/** Arranges counts for the detectors, once for many evaluations. Rows may come in any order. */
export function countView(rows: readonly CountRow[]): CountView {
  const sorted = [...rows].sort((a, b) => a.ts - b.ts);
  const orgs = new Map<string, OrgCounts & { rows: CountRow[] }>();
  const byClass = new Map<RequestClass, CountRow[]>();
  for (const row of sorted) {
    const key = orgKey(row);
    const org = orgs.get(key);
    if (org === undefined) orgs.set(key, { provider: row.provider, org: row.org, rows: [row] });
    else org.rows.push(row);
    const same = byClass.get(row.class);
    if (same === undefined) byClass.set(row.class, [row]);
    else same.push(row);
  }
  return { orgs, by_class: byClass };
}

/** One text per provider and organization; unequal pairs have unequal texts. */
export function orgKey(pair: { provider: string; org: string }): string {
  return `${pair.provider}\n${pair.org}`;
}

/** The rows with `from <= ts < to` (epoch seconds) of rows in order of time. */
export function rowsBetween(rows: readonly CountRow[], from: number, to: number): readonly CountRow[] {
  return rows.slice(lowerBound(rows, from), lowerBound(rows, to));
}

/** Keys of the organizations with an answer of one of the classes in `[from, to)`, each once. */
export function orgsWith(
  view: CountView,
  classes: readonly RequestClass[],
  from: number,
  to: number,
): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const name of classes) {
    const rows = view.by_class.get(name) ?? [];
    for (let i = lowerBound(rows, from); i < rows.length; i++) {
      const row = rows[i];
      if (row === undefined || row.ts >= to) break;
      keys.add(orgKey(row));
    }
  }
  return keys;
}

function lowerBound(rows: readonly CountRow[], ts: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rows[middle]?.ts ?? ts) < ts) low = middle + 1;
    else high = middle;
  }
  return low;
}
