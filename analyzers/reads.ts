import { COUNT_INTERVAL_SECONDS, type CountRow } from '../domain/count-row.ts';
import type { RequestClass } from '../domain/error-class.ts';
import type { MoreMeasure, SumDimension } from '../store/queries/count-measures.ts';
import { columnOf, identityKey, identityOf, type Names, type SubjectName } from './identity.ts';
import { OrgCounts } from './org-counts.ts';
import type { View } from './view.ts';

/**
 * The counts that a kind reads for itself, of all traffic and not only of organizations that fail. One set of tables serves
 * all of the history: counts per 10 s for the last `fine` seconds, per minute for `minutes`, per hour for `hours`, each
 * before `now`; nothing is read twice.
 */
export interface Reads {
  identity: readonly SubjectName[];
  /** What it tells apart within an identity. Every combination takes memory: no key where it does not need one. */
  by: readonly SumDimension[];
  /** Measures beside requests, retries, input tokens and the cost of failures; absent: none. */
  more?: readonly MoreMeasure[];
  /** Absent: all. */
  classes?: readonly RequestClass[];
  fine: number;
  minutes?: number;
  hours?: number;
}

/** The rows of one identity: of an organization, or a part of those. */
export interface SubjectRows {
  /** The counts in `[from, to)`, epoch seconds. */
  between(from: number, to: number): View;
  /** False where a measure is known of none of them. */
  has(measure: MoreMeasure): boolean;
}

/** The counts of one identity. */
export interface SubjectCounts {
  identity: Names;
  counts: SubjectRows;
  /** What the reading tells apart elsewhere and not here, because memory was short; mostly nothing. */
  summed_up: readonly SumDimension[];
}

/** By `identityKey`. */
export type SubjectsView = ReadonlyMap<string, SubjectCounts>;

/** Columns of what is read. */
export function dimensionsOf({ identity, by }: Pick<Reads, 'identity' | 'by'>): SumDimension[] {
  return [...new Set<SumDimension>([...identity.map(columnOf), ...by])];
}

/** Two readings with the same key are one. */
export function readsKey(reads: Reads): string {
  return JSON.stringify(reads);
}

/**
 * Where the last `seconds` before `now` begin: on a whole interval of the coarsest counts that such a time can lie in, so
 * that it does not matter from which table they came. So they are up to a minute, or an hour, longer.
 */
export function beginOf({ fine, minutes = 0 }: Reads, now: number, seconds: number): number {
  const grid = seconds <= fine ? COUNT_INTERVAL_SECONDS : seconds <= minutes ? 60 : 3_600;
  return Math.floor((now - seconds) / grid) * grid;
}

/** A row with measures that only some kinds ask for. */
export type MeasuredRow = CountRow & Partial<Record<MoreMeasure, number>>;

/** The same from counts per 10 s that are all there. */
export function subjectsOf(rows: readonly MeasuredRow[], reads: Reads): SubjectsView {
  const subjects = new Map<string, SubjectCounts & { counts: OrgCounts }>();
  const asked = dimensionsOf(reads);
  const told = (row: MeasuredRow, name: SumDimension): string => (asked.includes(name) ? row[name] : '');
  for (const row of [...rows].sort((a, b) => a.ts - b.ts)) {
    if (reads.classes !== undefined && !reads.classes.includes(row.class)) continue;
    const identity = identityOf(reads.identity, (column) => row[column]);
    if (identity === null) continue;
    const key = identityKey(identity);
    let subject = subjects.get(key);
    if (subject === undefined)
      subjects.set(key, (subject = { identity, counts: newCounts(identity), summed_up: [] }));
    const named = {
      ...row,
      cost_usd: row.class === 'ok' ? 0 : row.cost_usd,
      project: told(row, 'project'),
      api_key: told(row, 'api_key'),
      client: told(row, 'client'),
      region: told(row, 'region'),
      model: told(row, 'model'),
      subclass: told(row, 'subclass'),
    };
    const measured = { ...row, spend_usd: row.cost_usd };
    const more = (reads.more ?? []).map((name) => [name, measured[name]] as const);
    subject.counts.append(named, Object.fromEntries(more));
  }
  return subjects;
}

/** No counts yet. */
export function newCounts({ provider = '', org = '' }: Names): OrgCounts {
  return new OrgCounts(provider, org);
}
