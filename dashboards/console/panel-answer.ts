import { errorClasses, isRequestClass, requestClassNames } from '../../domain/error-class.ts';
import type { Panel } from '../panel.ts';
import type { TimeRange } from './time-range.ts';

export type PanelCell = string | number | null;

export interface Series {
  /** The name in the query's answer. */
  name: string;
  /** The title of the column, the class or the word; otherwise the name. */
  label: string;
  /** The colour that the panel or the class gives; null when the page may choose one. */
  color: string | null;
  /** One value for each time of the answer; null: no data. */
  values: (number | null)[];
}

/** The result of a panel's query in the form in which it is drawn. Times are epoch seconds. */
export type PanelData =
  | { shape: 'series'; times: number[]; series: Series[] }
  | { shape: 'stat'; value: PanelCell }
  | { shape: 'table'; columns: string[]; rows: PanelCell[][] };

/** The answer of `/api/v1/panels/{slug}`. */
export type PanelAnswer = { slug: string; from: number; to: number; step: number } & PanelData;

/**
 * Converts the rows of a panel's query into what is drawn. `complete`: up to when everything is counted, epoch seconds.
 * Pure. Throws when a row of a chart has no time.
 */
export function panelData(
  panel: Panel,
  rows: readonly Record<string, unknown>[],
  range: TimeRange,
  complete: number = range.to,
): PanelData {
  if (panel.kind === 'stat') {
    const row = rows[0];
    return { shape: 'stat', value: row === undefined ? null : cell(Object.values(row)[0]) };
  }
  if (panel.kind === 'table' || panel.kind === 'incidents') {
    const columns = Object.keys(rows[0] ?? {});
    return { shape: 'table', columns, rows: rows.map((row) => columns.map((name) => cell(row[name]))) };
  }
  return seriesData(panel, rows, range, complete);
}

function seriesData(
  panel: Panel,
  rows: readonly Record<string, unknown>[],
  range: TimeRange,
  complete: number,
): PanelData {
  const times: number[] = [];
  // An interval that is still being counted would look like a drop.
  const end = Math.min(range.to, complete);
  for (let time = range.from; time + range.step <= end; time += range.step) times.push(time);
  // In a stack a missing value is zero, because a stack shows sums. In a line it is a gap.
  const absent = panel.stacked === true || panel.kind === 'bars' ? 0 : null;
  const found = new Map<string, (number | null)[]>();
  for (const row of rows) {
    const index = Math.floor((seconds(row['time'], panel) - range.from) / range.step);
    if (index < 0 || index >= times.length) continue;
    for (const [name, value] of points(row)) {
      let values = found.get(name);
      if (values === undefined) found.set(name, (values = times.map(() => absent)));
      values[index] = value;
    }
  }
  const names = [...found.keys()].toSorted();
  const series = [...found].map(([name, values]) => ({ name, ...look(name, panel, names), values }));
  return { shape: 'series', times, series: ordered(series, panel.columns) };
}

/**
 * If a row has the column `series`, its text is the name of the row's only number. Otherwise each number column is a
 * series.
 */
function points(row: Record<string, unknown>): [string, number | null][] {
  const rest = Object.entries(row).filter(([name]) => name !== 'time' && name !== 'series');
  if (!('series' in row)) return rest.map(([name, value]) => [name, number(value)]);
  return rest.slice(0, 1).map(([, value]) => [String(row['series']), number(value)]);
}

function look(
  name: string,
  { columns, colors, color: base }: Panel,
  names: readonly string[],
): { label: string; color: string | null } {
  const title = columns?.find((column) => column.name === name)?.title;
  const facts = isRequestClass(name) ? errorClasses[name] : undefined;
  const shade = base === undefined || base === 'by_name' ? null : shadeOf(base, names.indexOf(name));
  const own = colors?.[name] === undefined ? undefined : words(name);
  return { label: title ?? facts?.title ?? own ?? name, color: colors?.[name] ?? facts?.color ?? shade };
}

/** A shade of the colour `#rrggbb`: place 0 is the colour itself, further places are lighter and darker in turn. */
export function shadeOf(color: string, place: number): string {
  const by = (place % 2 === 1 ? 1 : -1) * Math.min(0.66, Math.ceil(place / 2) * 0.22);
  const part = (at: number): string => {
    const value = Number.parseInt(color.slice(at, at + 2), 16);
    const mixed = by > 0 ? value + (255 - value) * by : value * (1 + by);
    return Math.round(mixed).toString(16).padStart(2, '0');
  };
  return `#${part(1)}${part(3)}${part(5)}`;
}

/**
 * Names that have a colour in the panel are faultline's own words and get a title; other names are data and stay
 * unchanged.
 */
function words(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1).replaceAll('_', ' ');
}

/**
 * Puts classes into their fixed order, and series that are named by data by size, largest first. Columns of the panel
 * keep their order.
 */
function ordered(series: Series[], columns: Panel['columns']): Series[] {
  if (series.every(({ name }) => isRequestClass(name))) {
    return series.sort((a, b) => classPlace(a.name) - classPlace(b.name));
  }
  if (columns !== undefined) return series;
  const total = ({ values }: Series): number => values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
  return series.sort((a, b) => total(b) - total(a) || a.name.localeCompare(b.name));
}

function classPlace(name: string): number {
  return requestClassNames.findIndex((known) => known === name);
}

function seconds(value: unknown, panel: Panel): number {
  const time =
    typeof value === 'number'
      ? value
      : Date.parse(`${String(value).replace(' ', 'T').replace(/Z$/, '')}Z`) / 1_000;
  if (!Number.isFinite(time)) throw new Error(`panel ${panel.slug}: column time holds no time`);
  return time;
}

function number(value: unknown): number | null {
  const parsed = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof parsed === 'number' && Number.isFinite(parsed) ? parsed : null;
}

function cell(value: unknown): PanelCell {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(String).join(', ');
  return JSON.stringify(value);
}
