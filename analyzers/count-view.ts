import type { RequestClass } from '../domain/error-class.ts';
import type { IncidentKind } from '../domain/incident-kind.ts';
import { OrgCounts } from './org-counts.ts';
import { type MeasuredRow, type Reads, readsKey, type SubjectsView, subjectsOf } from './reads.ts';
import type { Season } from './seasons.ts';
import { WithUnnamed } from './with-unnamed.ts';
import type { Measure } from './view.ts';

/** The counts that detectors read. */
export interface CountView {
  /** Keyed by `orgKey`. */
  orgs: ReadonlyMap<string, OrgCounts>;
  /**
   * Some logs name the organization only on failures. For such an organization: its counts together with the requests
   * that name no organization; null for all others. See `with-unnamed.ts`.
   */
  with_unnamed?(key: string): OrgCounts | null;
  /** Organizations whose counts did not fit into memory; they are not judged. */
  left_out?: { has(key: string): boolean };
  /** The counts of kinds that do not use the counts per organization; absent: none were read. */
  subjects?(reads: Reads): SubjectsView;
  /** The share of matching answers that is usual at this time of the week; absent or undefined: unknown. */
  season?(kind: IncidentKind): Season | undefined;
}

/** Indexes count rows by organization once, so that many evaluations can use them. Rows may come in any order. */
export function countView(rows: readonly MeasuredRow[]): CountView {
  const orgs = new Map<string, OrgCounts>();
  for (const row of [...rows].sort((a, b) => a.ts - b.ts)) {
    const key = orgKey(row);
    let org = orgs.get(key);
    if (org === undefined) orgs.set(key, (org = new OrgCounts(row.provider, row.org)));
    org.append(row);
  }
  const read = new Map<string, SubjectsView>();
  const withUnnamed = new WithUnnamed();
  return {
    orgs,
    with_unnamed: (key) => withUnnamed.of(orgs, key),
    subjects(reads) {
      const key = readsKey(reads);
      let found = read.get(key);
      if (found === undefined) read.set(key, (found = subjectsOf(rows, reads)));
      return found;
    },
  };
}

/** One text per provider and organization; different pairs have different texts. */
export function orgKey(pair: { provider: string; org: string }): string {
  return `${pair.provider}\n${pair.org}`;
}

/** The rows with `from <= ts < to` (epoch seconds); `rows` must be in order of time. */
export function rowsBetween<Row extends { ts: number }>(
  rows: readonly Row[],
  from: number,
  to: number,
): readonly Row[] {
  return rows.slice(lowerBound(rows, from), lowerBound(rows, to));
}

/**
 * Keys of the organizations with a matching answer in `[from, to)`, each once. An answer matches if it has one of the
 * classes and, for the measure `retries`, is a retry.
 */
export function orgsWith(
  view: CountView,
  classes: readonly RequestClass[],
  from: number,
  to: number,
  measure: Measure = 'requests',
): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const [key, org] of view.orgs) {
    if (!classes.some((name) => org.classes.has(name))) continue;
    if (org.between(from, to).lastMatching({ classes, measure }) !== null) keys.add(key);
  }
  return keys;
}

function lowerBound(rows: readonly { ts: number }[], ts: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rows[middle]?.ts ?? ts) < ts) low = middle + 1;
    else high = middle;
  }
  return low;
}
