import { type FilterVariable, filterVariables } from './panel.ts';

/** The range, filters and incident that a panel is asked about. Times are epoch seconds, the step is in seconds. */
export interface PanelQuestion {
  from: number;
  to: number;
  step: number;
  /** Values to keep; an absent or empty list keeps all. */
  filters: Partial<Record<FilterVariable, readonly string[]>>;
  /** Up to when everything is counted; absent: `to`. */
  complete?: number;
  /** Id of the incident that the page is about. */
  incident?: string;
}

/** Intervals that ended more than this many seconds before now are taken for complete. */
const STOPPED_SECONDS = 900;

/**
 * The time up to which the intervals of a range are complete. `newest` is the start of the newest minute with counts:
 * this minute may still grow, and later ones are not counted yet. Times more than `STOPPED_SECONDS` before `now` always
 * count as complete. All in epoch seconds.
 */
export function completeUntil(to: number, newest: number, now: number): number {
  return Math.min(to, Math.max(newest, now - STOPPED_SECONDS));
}

export interface Expanded {
  sql: string;
  /** Values of the `{name:Type}` placeholders in the SQL. */
  params: Record<string, unknown>;
}

/**
 * Replaces every macro in a panel's SQL, so that a Store can run it. Filter values become query parameters; times are
 * UTC. Throws when something that looks like a macro or a variable is left.
 */
export function expand(sql: string, question: PanelQuestion): Expanded {
  const params: Record<string, unknown> = {};
  for (const variable of filterVariables) {
    const values = question.filters[variable] ?? [];
    if (values.length > 0) params[`filter_${variable}`] = [...values];
  }
  const chosen = filterVariables.filter((variable) => `filter_${variable}` in params);
  const from = Math.floor(question.from);
  const to = Math.floor(question.to);
  const step = Math.max(1, Math.floor(question.step));
  const first = Math.floor(from / step) * step;
  const whole = Math.floor((question.complete ?? to) / step) * step;
  if (/\$__incident\b/.test(sql)) params['incident'] = question.incident ?? '';

  const expanded = sql
    .replace(/\$__filters\b/g, () => all(chosen.map(amongParameter)))
    .replace(/\$__filtersOf\(([\w, ]*)\)/g, (_, names: string) =>
      all(chosen.filter((name) => listed(names).includes(name)).map(amongParameter)),
    )
    .replace(/\$__scopeFilters\b/g, () => all(chosen.map((v) => `(${v} = '' OR ${amongParameter(v)})`)))
    .replace(/\$__timeFilter\(([^()]*)\)/g, (_, c: string) => {
      const column = c.trim();
      return `${column} >= toDateTime(${from}, 'UTC') AND ${column} <= toDateTime(${to}, 'UTC')`;
    })
    .replace(/\$__buckets\(([^()]*)\)/g, (_, c: string) => {
      const column = c.trim();
      return `${column} >= toDateTime(${first}, 'UTC') AND ${column} < toDateTime(${whole}, 'UTC')`;
    })
    .replace(/\$__incident\b/g, () => '{incident:String}')
    .replace(/\$__timeInterval\(([^()]*)\)/g, (_, c: string) => {
      return `toStartOfInterval(toDateTime(${c.trim()}, 'UTC'), INTERVAL ${step} second)`;
    })
    .replace(/\$__interval_s\b/g, () => String(step))
    .replace(/\$__fromTime\b/g, () => `toDateTime(${from}, 'UTC')`)
    .replace(/\$__toTime\b/g, () => `toDateTime(${to}, 'UTC')`);

  const left = /\$(?:\{\w+|\w+)/.exec(expanded);
  if (left) throw new Error(`a panel's SQL holds ${left[0]}, which is not a macro of the panel model`);
  return { sql: expanded.trim(), params };
}

/**
 * A panel's SQL for Grafana. Time macros stay, because the ClickHouse data source expands them. Each filter variable
 * becomes a `$__conditionalAll`, which is `1=1` while "All" is chosen.
 */
export function forGrafana(sql: string): string {
  return sql
    .replace(/\$__filters\b/g, () => all(filterVariables.map((v) => unlessAll(v, amongVariable(v)))))
    .replace(/\$__filtersOf\(([\w, ]*)\)/g, (_, names: string) =>
      all(
        filterVariables.filter((v) => listed(names).includes(v)).map((v) => unlessAll(v, amongVariable(v))),
      ),
    )
    .replace(/\$__scopeFilters\b/g, () =>
      all(filterVariables.map((v) => unlessAll(v, `(${v} = '' OR ${amongVariable(v)})`))),
    )
    .replace(/\$__buckets\(([^()]*)\)/g, (_, c: string) => {
      const column = c.trim();
      return `${column} >= ${bucketOf(RANGE_START)} AND ${column} < ${bucketOf(COMPLETE)}`;
    })
    .replace(/\$__incident\b/g, () => `\${${incidentVariable}:singlequote}`)
    .trim();
}

/** Name of the variable with the id of the incident that a page is about. */
export const incidentVariable = 'id';

// The same rule as `completeUntil`. The store knows the newest minute without reading a row.
const RANGE_START = "toDateTime($__fromTime, 'UTC')";
const RANGE_END = "toDateTime($__toTime, 'UTC')";
const COMPLETE = `least(${RANGE_END}, greatest((SELECT max(ts) FROM request_counts_1m), now('UTC') - ${STOPPED_SECONDS}))`;

function bucketOf(time: string): string {
  return `toStartOfInterval(${time}, INTERVAL $__interval_s second)`;
}

function listed(names: string): string[] {
  return names.split(',').map((name) => name.trim());
}

function amongParameter(variable: FilterVariable): string {
  return `${variable} IN ({filter_${variable}:Array(String)})`;
}

function amongVariable(variable: FilterVariable): string {
  return `${variable} IN (\${${variable}:singlequote})`;
}

function unlessAll(variable: FilterVariable, condition: string): string {
  return `$__conditionalAll(${condition}, $${variable})`;
}

function all(conditions: readonly string[]): string {
  return conditions.length === 0 ? '1 = 1' : conditions.join(' AND ');
}
