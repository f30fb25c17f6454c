/** Variables by which every dashboard filters; each is a column of the count tables. */
export const filterVariables = ['provider', 'org', 'project', 'model'] as const;
export type FilterVariable = (typeof filterVariables)[number];

/** Units of values. `time` is shown as a date, `age` as the time that has passed since. */
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
 * Where a click leads. `runbook`: the page of the clicked class, or of the class named here. `kind`: the page below
 * docs/incidents whose name without its ending was clicked. `filter`: a dashboard (the present one when `uid` is absent) limited to the clicked value of a variable. `dashboard`: another dashboard with the
 * same time range and filters. `incident`: the page of the clicked incident id.
 */
export type PanelLink =
  | { to: 'runbook'; title: string; class?: string }
  | { to: 'kind'; title: string }
  | { to: 'filter'; title: string; variable: FilterVariable; uid?: string }
  | { to: 'incident'; title: string }
  | { to: 'dashboard'; title: string; uid: string };

/** Vocabularies of faultline whose words are shown by their titles. */
export type TitledWords = 'class' | 'kind' | 'party';

/** How a column of a table is shown. */
export interface PanelColumn {
  name: string;
  title: string;
  unit: Unit;
  /**
   * Characters of the longest text that fits in one line; the column gets room for it. Absent: the column takes the
   * space that is left, and wraps.
   */
  chars?: number;
  /** Texts may be longer than `chars` and then wrap. */
  wraps?: boolean;
  words?: TitledWords;
  link?: PanelLink;
}

/** Smallest width of a text that wraps, in pixels. */
export const LEAST_TEXT = 150;

/** Characters of the longest value of a unit, as Grafana writes it. */
const unitChars: Readonly<Record<Unit, number>> = {
  count: 8,
  ratio: 6,
  per_second: 8,
  per_minute: 8,
  ms: 8,
  seconds: 9,
  usd: 9,
  time: 19,
  age: 17,
  text: 0,
};

/**
 * Width in pixels at which neither the title nor the values of a column are cut; null: the column takes the space that
 * is left.
 */
export function columnWidth({ title, unit, chars }: PanelColumn): number | null {
  if (unit === 'text' && chars === undefined) return null;
  const value = (chars ?? unitChars[unit]) * 7.4 + 18;
  // The title of a text column has a filter icon beside it.
  const head = title.length * 7.4 + (unit === 'text' ? 36 : 26);
  return Math.ceil(Math.max(value, head) / 5) * 5;
}

/**
 * Which values of one dimension of the counts the series of a chart show. A click can then lead to the requests of one
 * series, or to all others.
 */
export interface SeriesOf {
  dimension: string;
  /** Name of the series of requests that have no value. */
  none?: string;
  /** The values of a series by its name, for series that are not exactly one value. */
  values?: Readonly<Record<string, readonly string[]>>;
  /** Conditions that all requests of the panel meet, such as `class=slow_down`. */
  where?: readonly string[];
}

export type ThresholdColor = 'green' | 'yellow' | 'orange' | 'red';

/**
 * One panel, the same for Grafana and for the console. The SQL is plain ClickHouse with macros that each of the two
 * expands: `$__timeFilter(column)`, `$__timeInterval(column)`, `$__interval_s`, `$__fromTime`, `$__toTime`;
 * `$__filters` (rows of the chosen provider, org, project and model); `$__filtersOf(provider, org)` (the same for these
 * variables only); `$__scopeFilters` (the same for incidents, where an empty column means "all" and always matches);
 * `$__buckets(column)` (rows in intervals of the time axis that are complete, so that neither the first nor the last is
 * cut off); `$__incident` (id of the incident that the page is about).
 */
export interface Panel {
  /**
   * Stable name, such as `errors-by-class`. The API, links and alerts refer to the panel by it. Unique over all
   * dashboards.
   */
  slug: string;
  title: string;
  /** How to read the panel, for people who were just woken by an alert. */
  description: string;
  kind: PanelKind;
  unit: Unit;
  /**
   * The columns that the query must return. timeseries and bars: `time` first, then either `series` (text) and one
   * number, or several number columns; ordered by time. stat: one row, one number. table and incidents: the columns of
   * `columns`, in that order. heatmap: `time`, then one number per bucket, lowest bucket first.
   */
  sql: string;
  /** Columns of a table. For a time series with several number columns, their names in the legend. */
  columns?: readonly PanelColumn[];
  /** Absent: the series are measures, not parts of the traffic. */
  seriesOf?: SeriesOf;
  /** Whether series are stacked on each other. */
  stacked?: boolean;
  /** Colour of a series by its name. */
  colors?: Readonly<Record<string, string>>;
  /**
   * Colour of all series whose names are data; each gets a shade of it. Without it, failures may be drawn in green.
   * `by_name`: nothing in the panel is good or bad, so each name may get any colour.
   */
  color?: string;
  /** Shortest step of the time axis in seconds: the interval of the table that the panel reads. */
  minStep?: number;
  /** Width in 24ths of the page and height in grid rows. */
  width: number;
  height: number;
  /** What the panel shows when there are no rows. */
  empty?: string;
  /** Values from which the number is bad, with the colour of line and figure; ascending. */
  thresholds?: readonly { value: number; color: ThresholdColor }[];
  /** Links in the panel's title. */
  links?: readonly PanelLink[];
}

/**
 * The id of a panel in Grafana. Links and annotations of alerts use it, so it must never change, whatever panels are
 * added or removed. It is the FNV-1a hash of the slug, above the ids of rows.
 */
export function panelId({ slug }: Pick<Panel, 'slug'>): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < slug.length; i++) hash = Math.imul(hash ^ slug.charCodeAt(i), 0x01000193);
  return 10_000 + ((hash >>> 0) % 1_000_000_000);
}

export interface PanelRow {
  title: string;
  panels: readonly Panel[];
}

/** One dashboard: its question, then rows in reading order. */
export interface Dashboard {
  uid: string;
  title: string;
  /** The one question that the dashboard answers. */
  question: string;
  rows: readonly PanelRow[];
  /** Set when the dashboard is about one incident, which must be chosen by its id. */
  about?: 'incident';
}
