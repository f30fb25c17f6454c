import { scopeColumns, type ScopeDimension } from './narrow-scope.ts';
import type { CountSum, View } from './view.ts';

/** A value and its growth, in requests (or another amount) per minute. */
export interface GrowthDriver {
  name: string;
  before: number;
  now: number;
}

/**
 * The values of a dimension by the growth of their amount between two views of `seconds` each, largest growth first.
 */
export function growthBy(
  dimension: ScopeDimension,
  amount: (row: CountSum) => number,
  { before, now, seconds }: { before: View; now: View; seconds: number },
): GrowthDriver[] {
  const column = scopeColumns[dimension];
  const found = new Map<string, GrowthDriver>();
  const add = (view: View, when: 'before' | 'now'): void => {
    for (const row of view.sums()) {
      const name = row[column];
      if (name === '') continue;
      const driver = found.get(name) ?? { name, before: 0, now: 0 };
      found.set(name, driver);
      driver[when] += (amount(row) * 60) / seconds;
    }
  };
  add(before, 'before');
  add(now, 'now');
  return [...found.values()].sort(
    (a, b) => b.now - b.before - (a.now - a.before) || (a.name < b.name ? -1 : 1),
  );
}
