import type { ExplainSumsPlan } from '../../store/queries/explain-sums.ts';
import { explainedAnswer, namedIn } from '../../dashboards/console/v1/explain.ts';
import type { ExplainedSpan } from '../../dashboards/console/v1/read-explanation.ts';
import { createPainter } from './color.ts';
import { formatCount, formatDuration, formatShare, formatTime } from './numbers.ts';
import { type TableCell, type TableColumn, formatTable } from './table.ts';

/**
 * JSON `{window, against, compared, notes, total, scopes}`; times are ISO-8601 UTC, `expected` and `excess` have two
 * decimals.
 */
export function explainedAsJson(found: ExplainedSpan): string {
  return JSON.stringify(explainedAnswer(found), null, 2);
}

/** Lines for a person: the two times that are compared, then one row per scope, the best explanation first. */
export function explainedAsTable(
  { plan, notes, total, scopes }: ExplainedSpan,
  terminal: { width: number; color: boolean },
): readonly string[] {
  const paint = createPainter(terminal.color);
  const columns: TableColumn[] = [
    { title: 'scope', shrinkTo: 16 },
    { title: 'requests', align: 'right' },
    { title: 'failures', align: 'right' },
    { title: 'expected', align: 'right' },
    { title: 'excess', align: 'right' },
    { title: 'share', align: 'right' },
    { title: '', shrinkTo: 5, optional: true },
  ];
  const row = (name: string, sums: ExplainedSpan['total'], share: number | null): TableCell[] => [
    { text: name },
    { text: formatCount(sums.requests) },
    { text: formatCount(sums.failures) },
    { text: expectedText(sums.expected) },
    { text: signed(sums.excess), paints: sums.excess > 0 ? ['red'] : [] },
    { text: formatShare(share) },
    { text: bar(share, BAR), paints: ['cyan'], fit: (width) => bar(share, width) },
  ];
  const head = [paint(caption(plan), 'dim'), ''];
  const rows = scopes.map((one) => row(describe(one.scope), one, one.share));
  const all = row('all traffic', total, null);
  const said = notes.length === 0 ? [] : ['', ...notes.map(({ text }) => text)];
  if (scopes.length === 0) {
    return [
      ...head,
      ...formatTable(columns, [all], terminal.width, paint),
      '',
      'no part of the traffic fails more than usual, beyond chance',
      ...said,
    ];
  }
  const named = scopes.some(({ scope }) => Object.keys(scope).length === 0) ? rows : [...rows, all];
  return [...head, ...formatTable(columns, named, terminal.width, paint), ...said];
}

const BAR = 20;
const EIGHTHS = ' ▏▎▍▌▋▊▉█';

/** A bar for a share from 0 to 1, in eighths of a character; every share above zero is visible. */
export function bar(share: number | null, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share ?? 0)) * width * 8);
  const shown = share !== null && share > 0 ? Math.max(1, eighths) : eighths;
  return `${'█'.repeat(Math.floor(shown / 8))}${shown % 8 === 0 ? '' : (EIGHTHS[shown % 8] ?? '')}`;
}

function caption(plan: ExplainSumsPlan): string {
  const span = ({ from, to }: ExplainSumsPlan['window']) =>
    `${formatTime(from * 1_000)} to ${formatTime(to * 1_000)}`;
  const what = plan.classes.length === 0 ? 'failures' : plan.classes.join(', ');
  const length = formatDuration(plan.window.to - plan.window.from);
  return `${what}, ${span(plan.window)} UTC (${length}) against ${span(plan.against)}`;
}

function describe(scope: ExplainedSpan['scopes'][number]['scope']): string {
  const parts = Object.entries(namedIn(scope)).map(([key, value]) => `${key} ${value}`);
  return parts.length === 0 ? 'all traffic' : parts.join(', ');
}

// Small numbers have a decimal, because 0.4 must not look like 0.
function expectedText(expected: number): string {
  return expected < 10 && !Number.isInteger(expected) ? expected.toFixed(1) : formatCount(expected);
}

function signed(excess: number): string {
  return `${excess < 0 ? '−' : '+'}${expectedText(Math.abs(excess))}`;
}
