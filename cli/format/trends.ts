import { errorClasses, isRequestClass } from '../../domain/error-class.ts';
import type { TrendResult, TrendSeries } from '../../store/queries/trends.ts';
import type { TrendPlan } from '../../store/queries/trends-plan.ts';
import { trendSeries } from '../../dashboards/console/v1/trends.ts';
import { createPainter, type Paint } from './color.ts';
import { formatChange, formatCount, formatDuration, formatShare, formatTime } from './numbers.ts';
import { sparkline } from './sparkline.ts';
import { type TableCell, type TableColumn, formatTable } from './table.ts';

/** A JSON array with one object per group; times are ISO-8601 UTC. */
export function trendsAsJson({ series }: TrendResult): string {
  return JSON.stringify(trendSeries(series), null, 2);
}

/** Lines for a person: one row per group with its share, change and trend. */
export function trendsAsTable(
  plan: TrendPlan,
  { series }: TrendResult,
  terminal: { width: number; color: boolean },
): readonly string[] {
  const paint = createPainter(terminal.color);
  const byClass = plan.by.includes('class');
  const columns: TableColumn[] = [
    ...plan.by.map((name) => ({ title: name, shrinkTo: 10 })),
    { title: 'requests', align: 'right' },
    { title: 'errors', align: 'right' },
    { title: 'share', align: 'right' },
    { title: 'change', align: 'right' },
    { title: 'trend', shrinkTo: 10, optional: true },
    ...(byClass ? [{ title: 'meaning', optional: true }] : []),
  ];
  const rows = series.map((one): TableCell[] => [
    ...plan.by.map((name) => ({ text: one.group[name] === '' ? '(empty)' : (one.group[name] ?? '') })),
    { text: formatCount(one.requests) },
    { text: formatCount(one.errors) },
    { text: formatShare(one.share), paints: sharePaint(one) },
    { text: formatChange(one.change, one.errors, one.previous_errors), paints: changePaint(one) },
    chart(one),
    ...(byClass ? [{ text: titleOf(one.group.class) ?? '', paints: ['dim' as const] }] : []),
  ]);
  return [paint(caption(plan), 'dim'), '', ...formatTable(columns, rows, terminal.width, paint)];
}

function chart({ points }: TrendSeries): TableCell {
  // A step without requests is a gap, because silence is not health.
  const errors = points.map((point) => (point.requests === 0 ? null : point.errors));
  const fit = (width: number) => sparkline(errors, width);
  return { text: fit(40), paints: ['cyan'], fit };
}

function caption({ from, to, step, previousFrom }: TrendPlan): string {
  const before =
    previousFrom === null ? '' : `, change against the ${formatDuration(from - previousFrom)} before`;
  return `${formatTime(from * 1_000)} to ${formatTime(to * 1_000)} UTC in steps of ${formatDuration(step)}${before}`;
}

function titleOf(name: string | undefined): string | null {
  return name !== undefined && isRequestClass(name) ? errorClasses[name].title : null;
}

function sharePaint({ share }: TrendSeries): readonly Paint[] {
  if (share === null || share < 0.01) return [];
  return share >= 0.05 ? ['red'] : ['yellow'];
}

function changePaint({ change, errors, previous_errors: before }: TrendSeries): readonly Paint[] {
  if (before === 0 && errors > 0) return ['red'];
  if (change === null || Math.abs(change) < 0.1) return [];
  return change > 0 ? ['red'] : ['green'];
}
