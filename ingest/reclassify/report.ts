import type { StoredError } from '../../store/queries/reclassify-events.ts';
import { type StoredJudgement, judgedColumns } from '../../store/queries/reclassify-events.ts';

/** Errors that move from one class and subclass to another, or that keep both and get another rule or retry advice. */
export interface Move {
  from: { class: string; subclass: string };
  to: { class: string; subclass: string };
  errors: number;
  /** The columns that differ, such as `class` and `retry`. */
  differs: string[];
  /** The first of these errors: its old rule, its new rule, and its text. */
  example: { rule_before: string; rule: string; request_id: string; text: string };
}

/** The result of judging stored errors again. Each error is in one of the numbers from `same` to `uncounted`. */
export interface ReclassifyReport {
  judged: number;
  same: number;
  changed: number;
  /** Not changed: the text was cut when it was stored. */
  cut: number;
  /** Not changed: by the present rules they are not failures. */
  successes: number;
  /** Not changed: the batch is not in the ledger yet. */
  unfinished: number;
  /** Not changed: no count row holds them. */
  uncounted: number;
  /** How many of `changed` have counts that no table holds any more. */
  counts_gone: number;
  moves: Move[];
}

/** The largest number of characters of an example. */
const TEXT = 200;

export function emptyReport(): ReclassifyReport {
  return {
    judged: 0,
    same: 0,
    changed: 0,
    cut: 0,
    successes: 0,
    unfinished: 0,
    uncounted: 0,
    counts_gone: 0,
    moves: [],
  };
}

/** Adds an error whose judgement changes to a report. */
export function addMove(report: ReclassifyReport, error: StoredError, judged: StoredJudgement): void {
  const { judged: old } = error;
  addMoves(report, [
    {
      from: { class: old.class, subclass: old.subclass },
      to: { class: judged.class, subclass: judged.subclass },
      errors: 1,
      differs: judgedColumns.filter((name) => old[name] !== judged[name]),
      example: {
        rule_before: old.rule,
        rule: judged.rule,
        request_id: error.request_id,
        text: (error.message === '' ? error.body || error.exception : error.message).slice(0, TEXT),
      },
    },
  ]);
}

/** Adds one report to another. */
export function addReport(sum: ReclassifyReport, more: ReclassifyReport): void {
  for (const name of numbers) sum[name] += more[name];
  addMoves(sum, more.moves);
}

const numbers = [
  'judged',
  'same',
  'changed',
  'cut',
  'successes',
  'unfinished',
  'uncounted',
  'counts_gone',
] as const;

function addMoves(report: ReclassifyReport, moves: readonly Move[]): void {
  for (const move of moves) {
    const known = report.moves.find((one) => isSame(one.from, move.from) && isSame(one.to, move.to));
    if (known === undefined) {
      report.moves.push(structuredClone(move));
      continue;
    }
    known.errors += move.errors;
    known.differs = [...new Set([...known.differs, ...move.differs])];
  }
}

function isSame(a: Move['from'], b: Move['from']): boolean {
  return a.class === b.class && a.subclass === b.subclass;
}
