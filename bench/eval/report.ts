import { quantile } from '../ingest/statistics.ts';
import { figuresOf } from './figures.ts';
import type { Result } from './result.ts';
import type { Match } from './score.ts';

/** Prints the figures by kind of incident, those of the plain alert, and which of the targets are met. */
export function printReport(results: readonly Result[]): void {
  const matches = results.flatMap((one) => one.matches);
  const alarms = results.flatMap((one) => one.false_alarms);
  const kinds = [
    ...new Set([...matches.map(({ wanted }) => String(wanted.kind)), ...alarms.map(({ kind }) => kind)]),
  ].sort();
  const rows = [...kinds, 'all'].map((kind) => {
    const own = matches.filter(({ wanted }) => kind === 'all' || wanted.kind === kind);
    const wrong = alarms.filter((alarm) => kind === 'all' || alarm.kind === kind).length;
    return rowOf(kind, own, wrong);
  });
  console.log(
    table([
      [
        'kind',
        'there',
        'recall',
        'precision',
        'twice',
        'scope',
        'party',
        'found after',
        '9 of 10',
        'since begin',
        '9 of 10',
        'ended within',
      ],
      ...rows,
    ]),
  );
  const plain = results.reduce(
    (sum, { plain: one }) => ({
      seen: sum.seen + one.seen,
      right: sum.right + one.right,
      wrong: sum.wrong + one.wrong,
    }),
    { seen: 0, right: 0, wrong: 0 },
  );
  const { seen, right, wrong } = plain;
  console.log(
    `a plain 5 % alert on the same traffic: recall ${ratio(seen, matches.length)}, precision ${ratio(right, right + wrong)}; it names no kind, scope or party\n`,
  );
  const figures = figuresOf(results).map(({ name, measured, target, isMet }) => [
    name,
    measured,
    target,
    isMet === null ? (target === 'none' ? '' : 'not measured') : isMet ? 'met' : 'NOT MET',
  ]);
  console.log(table([['figure', 'measured', 'target', ''], ...figures]));
}

function rowOf(kind: string, own: readonly Match[], wrong: number): string[] {
  const found = own.filter((match) => match.found !== null);
  const parties = found.filter((match) => match.isPartyRight !== null);
  const detect = found.flatMap(({ detect_seconds: seconds }) => seconds ?? []);
  const raw = found.flatMap(({ onset_seconds: seconds }) => seconds ?? []);
  const resolve = found.flatMap(({ resolve_seconds: seconds }) =>
    seconds === null ? [] : [Math.abs(seconds)],
  );
  return [
    kind,
    String(own.length),
    ratio(found.length, own.length),
    ratio(found.length, found.length + wrong),
    String(own.reduce((sum, match) => sum + match.duplicates, 0)),
    ratio(found.filter((match) => match.isScopeRight).length, found.length),
    ratio(parties.filter((match) => match.isPartyRight).length, parties.length),
    seconds(quantile(detect, 0.5)),
    seconds(quantile(detect, 0.9)),
    seconds(quantile(raw, 0.5)),
    seconds(quantile(raw, 0.9)),
    seconds(quantile(resolve, 0.5)),
  ];
}

function ratio(part: number, whole: number): string {
  return whole === 0 ? '–' : (part / whole).toFixed(2);
}

function seconds(value: number): string {
  return Number.isNaN(value) ? '–' : `${Math.round(value)} s`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n');
}
