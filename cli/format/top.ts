import { numberThatMatters } from '../../analyzers/notify/text.ts';
import type { IncidentsAnswer } from '../../dashboards/console/v1/incidents.ts';
import type { TrendsAnswer } from '../../dashboards/console/v1/trends.ts';
import { errorClasses, isRequestClass } from '../../domain/error-class.ts';
import { incidentKinds } from '../../domain/incident-kind.ts';
import { createPainter, type Painter } from './color.ts';
import { incidentInFull } from './incidents.ts';
import { formatCount, formatDuration, formatShare, formatTime } from './numbers.ts';
import { sparkline } from './sparkline.ts';
import { type TableCell, formatTable } from './table.ts';
import { clip, printable } from './text.ts';

/** The data of a view at one moment. */
export interface TopData {
  /** Name of the source, or of the console or store that answered. */
  source: string;
  /** The event time that counts as now, epoch ms. */
  present: number;
  /** The last quarter of an hour, by minute. */
  trends: TrendsAnswer;
  incidents: IncidentsAnswer['incidents'];
}

/** The choices of the user. */
export interface TopView {
  /** Index of the chosen incident in the list. */
  chosen: number;
  /** Whether the incident is shown in full. */
  isOpen: boolean;
  /** How many lines of the shown incident are scrolled away. */
  scrolled: number;
}

export interface Screen {
  width: number;
  height: number;
  color: boolean;
}

/** The lines of one view; they fit the screen in number and width. Pure. */
export function frame(data: TopData, view: TopView, screen: Screen): readonly string[] {
  const paint = createPainter(screen.color);
  const head = headline(data, screen.width, paint);
  const chosen = data.incidents[view.chosen];
  if (view.isOpen && chosen !== undefined) {
    const terminal = { width: screen.width, color: screen.color, now: data.present };
    const full = incidentInFull(chosen, terminal).slice(view.scrolled);
    return fit([head, '', ...full], screen.height, paint('Esc back  up/down scroll  q end', 'dim'));
  }
  const incidents = incidentLines(data, view.chosen, screen, paint);
  const rates = rateLines(data, screen, paint);
  const keys = paint(
    `up/down choose  Enter open  b by ${nextBy(data.trends.by[0] ?? 'class')}  q end`,
    'dim',
  );
  return fit([head, '', ...incidents, '', ...rates], screen.height, keys);
}

function headline({ source, present, trends, incidents }: TopData, width: number, paint: Painter): string {
  const firing = incidents.filter(({ state }) => state === 'firing').length;
  const last = lastWhole(trends);
  const requests = last.reduce((sum, { requests: n }) => Math.max(sum, n), 0);
  const text = [
    `faultline  ${formatTime(present)} UTC`,
    source,
    `${formatCount(requests / 60)} requests/s`,
    `${firing} firing`,
  ].join('  ');
  return paint(clip(printable(text), width), 'bold', ...(firing > 0 ? (['red'] as const) : []));
}

/** The last minute that is completely counted, for each group. */
function lastWhole({ series }: TrendsAnswer): readonly { requests: number; errors: number }[] {
  return series.flatMap(({ points }) => points.at(-2) ?? points.at(-1) ?? []);
}

function incidentLines(
  { incidents, present }: TopData,
  chosen: number,
  { width, height }: Screen,
  paint: Painter,
): readonly string[] {
  if (incidents.length === 0) return [paint('no open incident', 'green')];
  const most = Math.max(3, Math.floor((height - 6) / 4));
  const first = Math.max(0, Math.min(chosen - most + 1, incidents.length - most));
  const lines = incidents.slice(first, first + most).flatMap((one, i) => {
    const isChosen = first + i === chosen;
    const where = Object.values(one.scope).join(' / ') || 'everything';
    const lasted = formatDuration((present - Date.parse(one.started_at)) / 1_000);
    const state = one.attention === null ? one.state : one.attention.state;
    const title = `${isChosen ? '>' : ' '} ${incidentKinds[one.kind].title}: ${where}  ${state}, ${lasted}`;
    const color = one.severity === 'critical' ? 'red' : 'yellow';
    const number = numberThatMatters(one, present / 1_000);
    return [
      paint(clip(printable(title), width), color, ...(isChosen ? (['bold'] as const) : [])),
      clip(printable(`    ${number === '' ? one.summary : number}`), width),
      clip(printable(`    Do: ${one.remedy.steps[0] ?? one.remedy.owner}`), width),
    ];
  });
  const rest = incidents.length - Math.min(most, incidents.length);
  return rest === 0 ? lines : [...lines, paint(`  and ${rest} more`, 'dim')];
}

function rateLines({ trends }: TopData, { width }: Screen, paint: Painter): readonly string[] {
  const by = trends.by[0] ?? 'class';
  const columns = [
    { title: by, shrinkTo: 14 },
    { title: 'now/min', align: 'right' as const },
    { title: '15 min', align: 'right' as const },
    { title: 'share', align: 'right' as const },
    { title: 'the last 15 minutes', shrinkTo: 6, optional: true },
  ];
  const rows = trends.series
    .filter(({ errors }) => errors > 0)
    .map((one): TableCell[] => {
      const points = one.points.slice(0, -1);
      const errors = points.map((point) => (point.requests === 0 ? null : point.errors));
      const name = one.group[by] ?? '';
      const course = (columns: number): string => sparkline(errors, columns);
      return [
        { text: isRequestClass(name) ? errorClasses[name].title : name === '' ? '(empty)' : name },
        { text: formatCount(points.at(-1)?.errors ?? 0) },
        { text: formatCount(one.errors) },
        { text: formatShare(one.share) },
        { text: course(30), paints: ['cyan'], fit: course },
      ];
    });
  if (rows.length === 0) return [paint('no failure in the last 15 minutes', 'green')];
  return formatTable(columns, rows, width, paint);
}

/** Cuts the lines to the height of the screen; the last line shows the keys. */
function fit(lines: readonly string[], height: number, keys: string): readonly string[] {
  return [...lines.slice(0, Math.max(1, height - 2)), keys];
}

const dimensions = ['class', 'provider', 'org', 'project', 'client', 'model'] as const;

/** The dimension after this one; after the last comes the first. */
export function nextBy(by: string): string {
  return dimensions[(dimensions.findIndex((one) => one === by) + 1) % dimensions.length] ?? 'class';
}

/** The view after the user pressed a key; null when the user wants to end. Pure. */
export function pressed(key: string, view: TopView, incidents: number): TopView | null {
  if (key === 'q' || key === '\u0003') return null;
  const step = key === '\u001B[B' || key === 'j' ? 1 : key === '\u001B[A' || key === 'k' ? -1 : 0;
  if (view.isOpen) {
    if (key === '\u001B' || key === '\u007F' || key === 'h') return { ...view, isOpen: false, scrolled: 0 };
    return { ...view, scrolled: Math.max(0, view.scrolled + step) };
  }
  if ((key === '\r' || key === '\n' || key === 'l') && incidents > 0)
    return { ...view, isOpen: true, scrolled: 0 };
  return { ...view, chosen: Math.max(0, Math.min(incidents - 1, view.chosen + step)) };
}
