import { type CallerDimension, callerDimensions } from '../domain/count-row.ts';
import type { RejectReason, SkipReason } from '../domain/request-log.ts';
import type { Answers, DeadExample } from './rows/batch-rows.ts';
import type { Batch } from './batcher.ts';

/** What happened to all records that were read. */
export interface InputReport {
  /** Lines of a file or a stream, or records of a topic, without those that were lost before they were read. */
  read: number;
  /** Requests that were counted; one record may hold several. */
  requests: number;
  /** Records that are not requests, by reason. */
  skipped: Record<SkipReason, number>;
  /** How many values of counted records could not be used, by field. */
  dropped: Record<string, number>;
  /** Records that could not be decoded, and single requests of records with several; the most frequent reason first. */
  dead: { reason: RejectReason; count: number; first: DeadExample }[];
  /** By dimension: requests that are counted under `(other)`, because the dimension has too many values. */
  folded: Partial<Record<CallerDimension, number>>;
  answers_429: Answers;
  answers_503: Answers;
}

/** Adds up stored batches. */
export interface InputTally {
  add(batch: Pick<Batch, 'rows' | 'records'>): void;
  report(): InputReport;
}

/** Makes a tally that starts at zero. */
export function tallyInput(): InputTally {
  let read = 0;
  let requests = 0;
  const skipped: Record<SkipReason, number> = {};
  const dropped: Record<string, number> = {};
  const dead = new Map<RejectReason, { count: number; first: DeadExample }>();
  const folded: InputReport['folded'] = {};
  const answers429: Answers = { answers: 0, bare: 0 };
  const answers503: Answers = { answers: 0, bare: 0 };
  return {
    add({ rows, records }) {
      read += records;
      requests += rows.totals.counted;
      addAnswers(answers429, rows.answers429);
      addAnswers(answers503, rows.answers503);
      for (const [reason, count] of rows.skipped) skipped[reason] = (skipped[reason] ?? 0) + count;
      for (const [dimension, count] of rows.names?.folded ?? [])
        folded[dimension] = (folded[dimension] ?? 0) + count;
      for (const [field, count] of rows.dropped) dropped[field] = (dropped[field] ?? 0) + count;
      for (const [reason, count] of rows.rejected) {
        const first = dead.get(reason)?.first ?? rows.examples.get(reason);
        if (first !== undefined) dead.set(reason, { count: (dead.get(reason)?.count ?? 0) + count, first });
      }
    },
    report() {
      const reasons = [...dead].map(([reason, { count, first }]) => ({ reason, count, first }));
      return {
        read,
        requests,
        skipped: { ...skipped },
        folded: { ...folded },
        answers_429: { ...answers429 },
        answers_503: { ...answers503 },
        dropped: { ...dropped },
        dead: reasons.sort((a, b) => b.count - a.count),
      };
    },
  };
}

/** The sum of several reports. */
export function sumReports(reports: readonly InputReport[]): InputReport {
  const sum: InputReport = {
    read: 0,
    requests: 0,
    skipped: {},
    dropped: {},
    dead: [],
    folded: {},
    answers_429: { answers: 0, bare: 0 },
    answers_503: { answers: 0, bare: 0 },
  };
  for (const report of reports) {
    sum.read += report.read;
    sum.requests += report.requests;
    addAnswers(sum.answers_429, report.answers_429);
    addAnswers(sum.answers_503, report.answers_503);
    for (const [reason, count] of Object.entries(report.skipped))
      sum.skipped[reason] = (sum.skipped[reason] ?? 0) + count;
    for (const [field, count] of Object.entries(report.dropped))
      sum.dropped[field] = (sum.dropped[field] ?? 0) + count;
    for (const dimension of callerDimensions) {
      const count = (sum.folded[dimension] ?? 0) + (report.folded[dimension] ?? 0);
      if (count > 0) sum.folded[dimension] = count;
    }
    for (const one of report.dead) {
      const same = sum.dead.find(({ reason }) => reason === one.reason);
      if (same === undefined) sum.dead.push({ ...one });
      else same.count += one.count;
    }
  }
  sum.dead.sort((a, b) => b.count - a.count);
  return sum;
}

function addAnswers(sum: Answers, more: Answers): void {
  sum.answers += more.answers;
  sum.bare += more.bare;
}
