import { quantile } from '../ingest/statistics.ts';
import type { Outcome } from './run-scenario.ts';
import { type Match, score } from './score.ts';

/** Prints the figures by kind of incident, those of the plain alert, and the speed of the replays. */
export function printReport(outcomes: readonly Outcome[]): void {
  const scored = outcomes.map((outcome) => ({ outcome, ...score(outcome) }));
  const matches = scored.flatMap((one) => one.matches);
  const alarms = scored.flatMap((one) => one.false_alarms);
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
        'ended within',
      ],
      ...rows,
    ]),
  );
  printPlainAlert(outcomes, matches.length);
  const calm = scored.filter(({ outcome }) => outcome.wanted.length === 0);
  const days = calm.reduce((sum, { outcome }) => sum + outcome.event_ms, 0) / 86_400_000;
  const false_ = calm.reduce((sum, one) => sum + one.false_alarms.length, 0);
  console.log(`calm traffic: ${false_} incidents in ${days.toFixed(1)} simulated days`);
  const speeds = outcomes.map(({ event_ms, wall_ms }) => event_ms / wall_ms);
  console.log(`replay: ${Math.round(quantile(speeds, 0.5))} times real time (median, by the clock)`);
}

function rowOf(kind: string, own: readonly Match[], wrong: number): string[] {
  const found = own.filter((match) => match.found !== null);
  const parties = found.filter((match) => match.isPartyRight !== null);
  const detect = found.flatMap(({ detect_seconds: seconds }) => seconds ?? []);
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
    seconds(quantile(resolve, 0.5)),
  ];
}

function printPlainAlert(outcomes: readonly Outcome[], total: number): void {
  let seen = 0;
  let right = 0;
  let wrong = 0;
  for (const { wanted, alerts } of outcomes) {
    const overlaps = (alert: { from: number; to: number }, truth: { started_at: number; ended_at: number }) =>
      alert.from <= truth.ended_at + 300_000 && alert.to >= truth.started_at;
    seen += wanted.filter((truth) => alerts.some((alert) => overlaps(alert, truth))).length;
    for (const alert of alerts)
      if (wanted.some((truth) => overlaps(alert, truth))) right++;
      else wrong++;
  }
  console.log(
    `a plain 5 % alert on the same traffic: recall ${ratio(seen, total)}, precision ${ratio(right, right + wrong)}; it names no kind, scope or party`,
  );
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
