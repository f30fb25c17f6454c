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
 * `dashboard` is a neighbour with the same time range and filters. `incident` is the page of the clicked incident id.
 */
export type PanelLink =
  | { to: 'runbook'; title: string; class?: string }
  | { to: 'filter'; title: string; variable: FilterVariable; uid?: string }
  | { to: 'incident'; title: string }
  | { to: 'dashboard'; title: string; uid: string };

/** Which of our own vocabularies a text is of: it is shown by its title. */
export type Words = 'class' | 'kind' | 'party';

/** How a column of a table is shown. */
export interface Column {
  name: string;
  title: string;
  unit: Unit;
  /** Characters of the longest text to be expected in a line, which gets its room; absent: what is left, in several lines. */
  chars?: number;
  /** The text is longer than `chars`, and goes on in further lines. */
  wraps?: boolean;
  words?: Words;
  link?: PanelLink;
}

/** The least room for a text in several lines, in pixels. */
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

/** Pixels that a column needs so that neither its title nor its values are cut; null: it takes what is left. */
export function columnWidth({ title, unit, chars }: Column): number | null {
  if (unit === 'text' && chars === undefined) return null;
  const value = (chars ?? unitChars[unit]) * 7.4 + 18;
  // Beside the title of a text stands the mark for filtering.
  const head = title.length * 7.4 + (unit === 'text' ? 36 : 26);
  return Math.ceil(Math.max(value, head) / 5) * 5;
}

export type ThresholdColor = 'green' | 'yellow' | 'orange' | 'red';

/**
 * One panel, the same for Grafana and for the console. The SQL is plain ClickHouse with the macros
 * `$__timeFilter(column)`, `$__timeInterval(column)`, `$__interval_s`, `$__fromTime`, `$__toTime`, `$__filters`
 * (rows of the chosen provider, org, project and model), `$__filtersOf(provider, org)` (by these alone), `$__scopeFilters` (the same for incidents, where an
 * empty column means "all" and so always belongs), `$__buckets(column)` (rows of the intervals of the time axis that are
 * whole: neither the first nor the last is cut off) and `$__incident` (id of the incident that the page is about); each
 * surface expands them for itself.
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
  /** Colour of a series by its name. */
  colors?: Readonly<Record<string, string>>;
  /**
   * Colour of all series whose names are data, as shades of it: a surface left to itself paints failures green.
   * `by_name`: nothing good or bad is shown, each name has some colour of its own.
   */
  color?: string;
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
  /** The page is about one incident, chosen by its id, and makes no sense without. */
  about?: 'incident';
}
