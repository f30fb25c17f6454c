/** Variables by which every dashboard filters; each is a column of the count tables. */
export const filterVariables = ['provider', 'org', 'project', 'model'] as const;
export type FilterVariable = (typeof filterVariables)[number];

/** How values are read. `time` is a point in time shown as a date, `age` one shown as how long ago it was. */
export const units = [
  'count',
  'ratio',
  'per_second',
  'per_minute',
  'ms',
  'seconds',
  'usd',
  'time',
  'age',
  'text',
] as const;
export type Unit = (typeof units)[number];

export type PanelKind = 'timeseries' | 'bars' | 'stat' | 'table' | 'heatmap' | 'incidents';

/**
 * Where a click leads. `runbook` is the page of an error class: of the clicked value, or of the class named.
 * `filter` is a dashboard (the present one when no uid is given) narrowed to the clicked value of a variable.
 * `dashboard` is a neighbour with the same time range and filters.
 */
export type PanelLink =
  | { to: 'runbook'; title: string; class?: string }
  | { to: 'filter'; title: string; variable: FilterVariable; uid?: string }
  | { to: 'dashboard'; title: string; uid: string };

/** How a column of a table is shown. A column that is not listed is shown as text under its own name. */
export interface Column {
  name: string;
  title: string;
  unit: Unit;
  /** Width in pixels; absent: what is left. */
  width?: number;
  link?: PanelLink;
}

export type ThresholdColor = 'green' | 'yellow' | 'orange' | 'red';

/**
 * One panel, the same for Grafana and for the console. The SQL is plain ClickHouse with the macros
 * `$__timeFilter(column)`, `$__timeInterval(column)`, `$__interval_s`, `$__fromTime`, `$__toTime`, `$__filters`
 * (rows of the chosen provider, org, project and model) and `$__scopeFilters` (the same for incidents, where an
 * empty column means "all" and so always belongs); each surface expands them for itself.
 */
export interface Panel {
  /** Stable name, such as `errors-by-class`: the API, links and alerts name the panel by it. Unique over all dashboards. */
  slug: string;
  title: string;
  /** How to read the panel, for a person at 03:00. */
  description: string;
  kind: PanelKind;
  unit: Unit;
  /**
   * timeseries and bars: columns `time` first, then either `series` (text) and one number, or one number a column,
   * ordered by time. stat: one row, one number. table and incidents: the columns listed in `columns`, in that order.
   * heatmap: `time`, then one number per bucket, lowest bucket first.
   */
  sql: string;
  /** Columns of a table; of wide time series their names in the legend. */
  columns?: readonly Column[];
  /** Whether series are stacked on each other. */
  stacked?: boolean;
  /** Colour of a series by its name; others are coloured by the surface. */
  colors?: Readonly<Record<string, string>>;
  /** Shortest step of the time axis in seconds: that of the table it reads. */
  minStep?: number;
  /** Width in 24ths of the page and height in grid rows. */
  width: number;
  height: number;
  /** What a stat or table shows when there is no row. */
  empty?: string;
  /** Lines and colours at which the number becomes bad; ascending. */
  thresholds?: readonly { value: number; color: ThresholdColor }[];
  /** Where the panel's title leads. */
  links?: readonly PanelLink[];
}

/**
 * The number by which Grafana knows a panel: links and annotations of alerts point at it, so it must stay the same for
 * ever, whatever panels come and go. It is the FNV-1a hash of the slug, above the ids of rows.
 */
export function panelId({ slug }: Pick<Panel, 'slug'>): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < slug.length; i++) hash = Math.imul(hash ^ slug.charCodeAt(i), 0x01000193);
  return 10_000 + ((hash >>> 0) % 1_000_000_000);
}

export interface Row {
  title: string;
  panels: readonly Panel[];
}

/** One dashboard: what is asked, then rows in reading order. */
export interface Dashboard {
  uid: string;
  title: string;
  /** The one question that the dashboard answers. */
  question: string;
  rows: readonly Row[];
}
