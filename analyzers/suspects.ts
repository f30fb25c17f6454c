import type { ClassCount } from '../store/queries/class-counts.ts';
import { orgKey } from './count-view.ts';
import type { AnalyzerSettings, Detector } from './detector.ts';
import type { Identity } from './identity.ts';
import type { Matching } from './view.ts';

/** An organization that has enough failures for an incident to begin. */
export interface Suspect {
  key: string;
  identity: Identity;
  /** Number of matching answers. */
  answers: number;
}

/**
 * Recent failures of each organization, by class. The window reads the counts of an organization only if it has enough
 * failures here.
 */
export class Suspects {
  /** In order of time. */
  readonly #orgs = new Map<string, ClassCount[]>();

  /** Replaces the counts of these intervals (their starts, or all from a time on), and forgets those before `from`. */
  replace(intervals: ReadonlySet<number> | number, counts: readonly ClassCount[], from: number): void {
    const isKept = ({ ts }: ClassCount): boolean =>
      ts >= from && !(typeof intervals === 'number' ? ts >= intervals : intervals.has(ts));
    for (const [key, rows] of this.#orgs) {
      const kept = rows.every(isKept) ? rows : rows.filter(isKept);
      if (kept.length === 0) this.#orgs.delete(key);
      else this.#orgs.set(key, kept);
    }
    for (const row of counts) {
      const key = orgKey(row);
      const rows = this.#orgs.get(key);
      if (rows === undefined) this.#orgs.set(key, [row]);
      else insert(rows, row);
    }
  }

  /** Organizations with enough answers, close enough in time, for one of the detectors; most answers first. */
  find(detectors: readonly Detector[], settings: AnalyzerSettings): Suspect[] {
    const wanted = detectors.map((detector) => ({ ...detector.matching, ...detector.least(settings) }));
    const found: Suspect[] = [];
    for (const [key, rows] of this.#orgs) {
      let answers = 0;
      for (const one of wanted) answers += answersOf(rows, one);
      const [row] = rows;
      if (row !== undefined && answers > 0)
        found.push({ key, identity: { provider: row.provider, org: row.org }, answers });
    }
    return found.sort((a, b) => b.answers - a.answers || (a.key < b.key ? -1 : 1));
  }
}

function insert(rows: ClassCount[], row: ClassCount): void {
  let at = rows.length;
  while (at > 0 && (rows[at - 1]?.ts ?? 0) > row.ts) at--;
  rows.splice(at, 0, row);
}

/**
 * Number of matching answers; 0 when there are never `count` of them within `seconds`. Nothing is copied, because this
 * looks at the rows of every failing organization at each step.
 */
function answersOf(
  rows: readonly ClassCount[],
  { classes, measure, count, seconds }: Matching & { count: number; seconds: number },
): number {
  const amountOf = (row: ClassCount): number => (classes.includes(row.class) ? row[measure] : 0);
  let all = 0;
  let recent = 0;
  let begin = 0;
  let isEnough = false;
  for (const row of rows) {
    const amount = amountOf(row);
    if (amount === 0) continue;
    all += amount;
    recent += amount;
    for (let first = rows[begin]; first !== undefined && first.ts <= row.ts - seconds; first = rows[++begin])
      recent -= amountOf(first);
    isEnough ||= recent >= count;
  }
  return isEnough ? all : 0;
}
