import { COUNT_INTERVAL_SECONDS, type CountRow } from '../domain/count-row.ts';
import type { RequestClass } from '../domain/error-class.ts';
import type { MoreMeasure, SumDimension } from '../store/queries/count-measures.ts';
import { columnOf, identityKey, identityOf, type Names, type CountedSubjectName } from './identity.ts';
import { OrgCounts } from './org-counts.ts';
import type { View } from './view.ts';

/**
 * The counts that a kind reads for itself. They cover all traffic and not only failing organizations. Older counts come
 * from coarser tables: the last `fine` seconds per 10 s, `minutes` seconds per minute, `hours` seconds per hour, each
 * counted back from `now`. No time is read twice.
 */
export interface Reads {
  identity: readonly CountedSubjectName[];
  /**
   * Dimensions to keep apart within an identity. Every combination takes memory, so leave out the key unless it is
   * needed.
   */
  by: readonly SumDimension[];
  /** Measures besides requests, retries, input tokens and the cost of failures; absent: none. */
  more?: readonly MoreMeasure[];
  /** Absent: all. */
  classes?: readonly RequestClass[];
  fine: number;
  minutes?: number;
  hours?: number;
}

/** The rows of one identity: an organization, or a part of one. */
export interface SubjectRows {
  /** The counts in `[from, to)`, epoch seconds. */
  between(from: number, to: number): View;
  /** False when no row has a value of the measure. */
  has(measure: MoreMeasure): boolean;
}

/** The counts of one identity. */
export interface SubjectCounts {
  identity: Names;
  counts: SubjectRows;
  /**
   * Dimensions that other identities keep apart, but over which this one is summed because memory was short; usually
   * empty.
   */
  summed_up: readonly SumDimension[];
}

/** Keyed by `identityKey`. */
export type SubjectsView = ReadonlyMap<string, SubjectCounts>;

/** The dimensions to read from the store. */
export function dimensionsOf({ identity, by }: Pick<Reads, 'identity' | 'by'>): SumDimension[] {
  return [...new Set<SumDimension>([...identity.map(columnOf), ...by])];
}

/** Two readings with the same key are the same. */
export function readsKey(reads: Reads): string {
  return JSON.stringify(reads);
}

/**
 * Start of the last `seconds` before `now`. It is rounded down to a whole interval of the coarsest table that may hold
 * that time, so that the result does not depend on the table. The span is therefore up to a minute, or an hour, longer.
 */
export function beginOf({ fine, minutes = 0 }: Reads, now: number, seconds: number): number {
  const grid = seconds <= fine ? COUNT_INTERVAL_SECONDS : seconds <= minutes ? 60 : 3_600;
  return Math.floor((now - seconds) / grid) * grid;
}

/** A row with measures that only some kinds ask for. */
export type MeasuredRow = CountRow & Partial<Record<MoreMeasure, number>>;

/** Makes the counts of each identity from a full list of counts per 10 s. */
export function subjectsOf(rows: readonly MeasuredRow[], reads: Reads): SubjectsView {
  const subjects = new Map<string, SubjectCounts & { counts: OrgCounts }>();
  const asked = dimensionsOf(reads);
  const valueOf = (row: MeasuredRow, name: SumDimension): string => (asked.includes(name) ? row[name] : '');
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
      project: valueOf(row, 'project'),
      api_key: valueOf(row, 'api_key'),
      client: valueOf(row, 'client'),
      region: valueOf(row, 'region'),
      model: valueOf(row, 'model'),
      subclass: valueOf(row, 'subclass'),
    };
    const measured = { ...row, spend_usd: row.cost_usd };
    const more = (reads.more ?? []).map((name) => [name, measured[name]] as const);
    subject.counts.append(named, Object.fromEntries(more));
  }
  return subjects;
}

/** Empty counts of an identity. */
export function newCounts({ provider = '', org = '' }: Names): OrgCounts {
  return new OrgCounts(provider, org);
}
