/** Variables by which every dashboard filters; each is a column of the count tables. */
export const filterVariables = ['provider', 'org', 'project', 'model'] as const;
export type FilterVariable = (typeof filterVariables)[number];

/** How numbers of a panel are read. */
export type Unit = 'count' | 'ratio' | 'per_second' | 'per_minute' | 'ms' | 'seconds' | 'usd' | 'time' | 'text';

export type PanelKind = 'timeseries' | 'bars' | 'stat' | 'table' | 'heatmap' | 'incidents';

/**
 * One panel, the same for Grafana and for the console. The SQL is plain ClickHouse with the macros
 * `$__timeFilter(column)`, `$__timeInterval(column)`, `$__interval_s`, `$__fromTime`, `$__toTime` and `$__filters`;
 * each surface expands them for itself.
 */
export interface Panel {
  /** Stable for ever: alert annotations and links point at it. */
  id: number;
  /** Stable name for the API, such as `errors-by-class`. */
  slug: string;
  title: string;
  /** How to read the panel, for a person at 03:00. */
  description: string;
  kind: PanelKind;
  unit: Unit;
  /**
   * timeseries and bars: columns `time` first, then either `series` (text) and one number, or one number a column,
   * ordered by time. stat: one row, one number. table: any columns.
   */
  sql: string;
  /** Whether series are stacked on each other. */
  stacked?: boolean;
  /** Width in 24ths of the page and height in grid rows. */
  width: number;
  height: number;
  /** What a stat or table shows when there is no row. */
  empty?: string;
  /** Lines and colours at which the number becomes bad; ascending. */
  thresholds?: readonly { value: number; color: 'green' | 'yellow' | 'orange' | 'red' }[];
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
