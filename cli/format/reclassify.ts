import { isHeld } from '../../ingest/reclassify/lease.ts';
import type { Move } from '../../ingest/reclassify/report.ts';
import type { Reclassified } from '../../ingest/reclassify/reclassify.ts';
import type { RunRow, UnitRow } from '../../store/queries/reclassify-runs.ts';
import type { Store } from '../../store/store.ts';
import { createPainter } from './color.ts';
import type { Terminal } from './incidents.ts';
import { formatCount, formatDuration, formatTime } from './numbers.ts';
import { type TableColumn, formatTable } from './table.ts';

/** The largest number of moves that are listed; the others are only counted. */
const MOST_MOVES = 40;
const NAMED_DAYS = 3;

const columns: readonly TableColumn[] = [
  { title: 'errors', align: 'right' },
  { title: 'from', shrinkTo: 12 },
  { title: 'to', shrinkTo: 12 },
  { title: 'rule', shrinkTo: 12, optional: true },
  { title: 'example', shrinkTo: 20, optional: true },
];

/** What was changed, or would be changed, and how many errors, counts and incidents stay as they are. */
export function reclassifiedInFull(
  result: Reclassified,
  isPlan: boolean,
  { width, color }: Terminal,
): readonly string[] {
  const { judged, changed, moves } = result;
  if (judged === 0) return ['no stored errors in that time', ...leftAlone(result)];
  const span = `from ${formatTime(result.since * 1000)} to ${formatTime(result.until * 1000)} UTC`;
  const lines = [`${formatCount(judged)} stored errors ${span}, judged by rules of version ${result.rules}`];
  if (changed === 0) lines.push('nothing to change');
  else {
    const listed = moves.toSorted((a, b) => b.errors - a.errors).slice(0, MOST_MOVES);
    const rows = listed.map((move) => [
      { text: formatCount(move.errors) },
      { text: className(move.from) },
      { text: isWithin(move) ? `same class, other ${move.differs.join(', ')}` : className(move.to) },
      { text: move.example.rule },
      { text: move.example.text },
    ]);
    lines.push('', ...formatTable(columns, rows, width, createPainter(color)));
    if (moves.length > MOST_MOVES) lines.push(`and ${moves.length - MOST_MOVES} more; --json has all`);
    lines.push('', `${formatCount(changed)} ${isPlan ? 'would be changed: nothing is written' : 'changed'}`);
  }
  return [...lines, ...leftAlone(result)];
}

/**
 * The line that `faultline doctor` prints about the last run and its units, and whether the user must act. `run`: null
 * when there was no run. Pure.
 */
export function runInOneLine(
  run: RunRow | null,
  units: readonly Pick<UnitRow, 'to'>[],
  kind: Store['kind'],
): { isUnfinished: boolean; text: string } {
  if (run === null) return { isUnfinished: false, text: 'stored errors were never judged again' };
  const began = `faultline reclassify, begun at ${formatTime(run.started_at * 1000)} UTC,`;
  const rules = `by rules of version ${run.rules}`;
  if (run.state === 'finished')
    return { isUnfinished: false, text: `${began} judged ${rules} and is finished` };
  const last = units.at(-1);
  const reached =
    last === undefined
      ? 'has not judged any'
      : `has judged those before ${formatTime(last.to * 1000)} of those before ${formatTime(run.until * 1000)}`;
  const lastReport = `${run.holder}, last report ${formatDuration(Math.max(0, run.silent_seconds))} ago`;
  if (isHeld(run, kind)) return { isUnfinished: false, text: `${began} runs (${lastReport}) and ${reached}` };
  return {
    isUnfinished: true,
    text: `${began} was not finished (${lastReport}): it ${reached} ${rules}, so older and newer errors are judged by different rules; run faultline reclassify, and it continues where it ended`,
  };
}

function className({ class: name, subclass }: Move['from']): string {
  return subclass === '' ? name : `${name}/${subclass}`;
}

function isWithin({ from, to }: Move): boolean {
  return from.class === to.class && from.subclass === to.subclass;
}

/** One line for each reason for which errors, counts or incidents stay as they are. */
function leftAlone(result: Reclassified): string[] {
  const { cut, successes, unfinished, uncounted, counts_gone, not_stored, not_corrected } = result;
  const lines: string[] = [];
  const say = (errors: number, what: string): void => {
    if (errors > 0) lines.push(`${formatCount(errors)} ${what}`);
  };
  say(
    cut,
    'left as they are: their text was cut at 8 KiB when it was stored, so the part that decided may be missing',
  );
  say(
    successes,
    'left as they are: by the present rules they are successes, but a stored error never becomes a success',
  );
  say(unfinished, 'left as they are: their batch is not in the ledger yet; run it again later');
  say(
    uncounted,
    'left as they are: there is no count of them under their class. This happens when the release before stored a part of a batch and this one the rest; faultline reconcile shows whether counts are missing',
  );
  say(not_stored, 'counted failures cannot be judged: error_events no longer has them');
  say(counts_gone, 'changed in error_events only: no table has their counts any more');
  for (const [table, days] of Object.entries(not_corrected))
    if (days.length > 0)
      lines.push(
        `${table} does not hold ${days.slice(0, NAMED_DAYS).map(isoDay).join(', ')}${days.length > NAMED_DAYS ? ` and ${days.length - NAMED_DAYS} more days` : ''} in full: what is left of it stays as it is`,
      );
  if (result.changed > 0) lines.push('incidents stay as they were found');
  return lines;
}

function isoDay(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}
