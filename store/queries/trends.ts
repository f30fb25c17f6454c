import type { CountDimension } from '../../domain/count-row.ts';
import type { Store } from '../store.ts';
import { isOutcome, stepStarts, type TrendPlan } from './trends-plan.ts';

/** One step of a series. */
export interface TrendPoint {
  /** Start of the step, epoch seconds. */
  ts: number;
  requests: number;
  errors: number;
}

/**
 * One group over the range. `requests` counts all requests of its scope: for a class of a model, all requests of that
 * model.
 */
export interface TrendSeries {
  group: Partial<Record<CountDimension, string>>;
  requests: number;
  errors: number;
  /** errors / requests; null when there is no request. */
  share: number | null;
  /** Errors in the window before; null when nothing was counted then, or its counts are no longer kept. */
  previous_errors: number | null;
  /**
   * Relative change of errors against the window before; null when that window had no errors or their number is
   * unknown.
   */
  change: number | null;
  points: readonly TrendPoint[];
}

export interface TrendResult {
  /** Most errors first. */
  series: readonly TrendSeries[];
  /** How many groups the limit leaves out; they have the fewest errors. */
  left_off: number;
}

export interface TrendSelection {
  /** Leave out groups without an error in the range. */
  errorsOnly: boolean;
  /** Largest number of groups. */
  limit: number;
}

/** Reads the counts of a plan. Throws `StoreError`. */
export async function readTrends(
  store: Store,
  plan: TrendPlan,
  selection: TrendSelection,
): Promise<TrendResult> {
  const query = buildQueries(plan, selection);
  const groups = await store.query<Row>(query.groups, query.params);
  const scopes = await store.query<Row>(query.scopes, query.params);
  const [total] = await store.query<{ n: number }>(query.total, query.params);
  const series = toSeries(plan, groups, scopes);
  return { series, left_off: Math.max(0, (total?.n ?? 0) - series.length) };
}

/**
 * Epoch seconds of the oldest and newest interval in the counts per minute, or in those per hour when there are none per
 * minute; null when both are empty. Throws `StoreError`.
 */
export async function readCountedRange(store: Store): Promise<{ oldest: number; newest: number } | null> {
  for (const table of ['request_counts_1m', 'request_counts_1h']) {
    const [row] = await store.query<{ n: number; oldest: number; newest: number }>(
      `SELECT count() > 0 AS n, toUnixTimestamp(min(ts)) AS oldest, toUnixTimestamp(max(ts)) AS newest FROM ${table}`,
    );
    if (row !== undefined && row.n > 0) return { oldest: row.oldest, newest: row.newest };
  }
  return null;
}

/** The most frequent values of a dimension in the plan's range, without the plan's filters. Throws `StoreError`. */
export async function readDimensionValues(
  store: Store,
  plan: TrendPlan,
  dimension: CountDimension,
  limit: number,
): Promise<readonly string[]> {
  const rows = await store.query<{ value: string }>(
    `SELECT toString(${dimension}) AS value FROM ${plan.table}
     WHERE ts >= toDateTime({from:UInt32}, 'UTC') AND ts < toDateTime({to:UInt32}, 'UTC')
     GROUP BY value ORDER BY sum(requests) DESC, value LIMIT {limit:UInt32}`,
    { from: plan.from, to: plan.to, limit },
  );
  return rows.map(({ value }) => value);
}

type Row = { t: number; errors: number; all_requests: number } & Partial<
  Record<CountDimension, string | number>
>;

function condition({ dimension, negate }: TrendPlan['where'][number], i: number): string {
  return `toString(${dimension}) ${negate ? 'NOT ' : ''}IN {where${i}:Array(String)}`;
}

interface TrendQueries {
  /** Errors by step and group, for the groups with the most errors. */
  groups: string;
  /** All requests by step and scope of these groups. */
  scopes: string;
  /** Number of groups. */
  total: string;
  params: Record<string, unknown>;
}

/**
 * Builds the SQL of a plan. Names come from closed lists; every value is a parameter. Rows whose `t`
 * is 0 are the sums of the time before the range.
 */
export function buildQueries(plan: TrendPlan, { errorsOnly, limit }: TrendSelection): TrendQueries {
  const { by, scopeBy, where, table } = plan;
  const params: Record<string, unknown> = {
    from: plan.from,
    to: plan.to,
    start: plan.previousFrom ?? plan.from,
    step: plan.step,
    limit,
  };
  for (const [i, { values }] of where.entries()) params[`where${i}`] = values;
  const inRange = `ts >= toDateTime({start:UInt32}, 'UTC') AND ts < toDateTime({to:UInt32}, 'UTC')`;
  const allFilters = where.map(condition);
  const scopeFilters = allFilters.filter((_, i) => !isOutcome(where[i]?.dimension ?? 'class'));
  // When grouped by outcome, success is not a group. When grouped by scope only, a group without errors is a valid
  // answer.
  const byOutcome = by.some(isOutcome) ? [`class != 'ok'`] : [];
  const groupWhere = [inRange, ...allFilters, ...byOutcome].join(' AND ');
  const now = `ts >= toDateTime({from:UInt32}, 'UTC')`;
  const errorsOf = `sumIf(requests, class != 'ok')`;
  const bucket = `if(${now}, toUInt32(intDiv(toUnixTimestamp(ts), {step:UInt32}) * {step:UInt32}), 0)`;
  const having = errorsOnly ? `HAVING errors_now > 0` : '';
  const ranked = `SELECT ${columns(by)}sumIf(requests, class != 'ok' AND ${now}) AS errors_now, sum(requests) AS all_requests
    FROM ${table} WHERE ${groupWhere} ${grouping(by)} ${having}`;
  const top = `${ranked} ORDER BY errors_now DESC, all_requests DESC${by.map((name) => `, ${name}`).join('')} LIMIT {limit:UInt32}`;
  const among = (names: readonly CountDimension[]): string =>
    names.length === 0 ? '' : ` AND (${names.join(', ')}) IN (SELECT ${names.join(', ')} FROM (${top}))`;
  return {
    groups: `SELECT ${columns(by)}${bucket} AS t, ${errorsOf} AS errors, sum(requests) AS all_requests
      FROM ${table} WHERE ${groupWhere}${among(by)} ${grouping([...by, 't'])} ORDER BY t`,
    scopes: `SELECT ${columns(scopeBy)}${bucket} AS t, ${errorsOf} AS errors, sum(requests) AS all_requests
      FROM ${table} WHERE ${[inRange, ...scopeFilters].join(' AND ')}${among(scopeBy)} ${grouping([...scopeBy, 't'])} ORDER BY t`,
    total: `SELECT count() AS n FROM (${ranked})`,
    params,
  };
}

function columns(names: readonly CountDimension[]): string {
  return names.map((name) => `${name}, `).join('');
}

function grouping(names: readonly string[]): string {
  return names.length === 0 ? '' : `GROUP BY ${names.join(', ')}`;
}

/** Joins groups with the requests of their scopes, and adds the steps in which nothing happened. Pure. */
function toSeries(plan: TrendPlan, groups: readonly Row[], scopes: readonly Row[]): readonly TrendSeries[] {
  const starts = stepStarts(plan);
  const scopeSteps = stepsByKey(plan.scopeBy, scopes);
  // If the time before has no requests in these groups, there is nothing to compare with.
  const hasBefore = plan.previousFrom !== null && scopes.some((row) => row.t === 0 && row.all_requests > 0);
  const series: TrendSeries[] = [];
  for (const { group, steps } of stepsByKey(plan.by, groups).values()) {
    const scope = scopeSteps.get(keyOf(plan.scopeBy, group))?.steps ?? new Map<number, Row>();
    const points = starts.map((ts) => ({
      ts,
      requests: scope.get(ts)?.all_requests ?? 0,
      errors: steps.get(ts)?.errors ?? 0,
    }));
    series.push(summarise(group, points, hasBefore ? (steps.get(0)?.errors ?? 0) : null));
  }
  return series.sort((a, b) => b.errors - a.errors || b.requests - a.requests || compare(plan, a, b));
}

function summarise(
  group: TrendSeries['group'],
  points: readonly TrendPoint[],
  previous: number | null,
): TrendSeries {
  const requests = points.reduce((sum, point) => sum + point.requests, 0);
  const errors = points.reduce((sum, point) => sum + point.errors, 0);
  return {
    group,
    requests,
    errors,
    share: requests === 0 ? null : errors / requests,
    previous_errors: previous,
    change: previous === null || previous === 0 ? null : (errors - previous) / previous,
    points,
  };
}

interface Steps {
  group: TrendSeries['group'];
  steps: Map<number, Row>;
}

function stepsByKey(names: readonly CountDimension[], rows: readonly Row[]): Map<string, Steps> {
  const found = new Map<string, Steps>();
  for (const row of rows) {
    const group: TrendSeries['group'] = {};
    for (const name of names) group[name] = String(row[name] ?? '');
    const key = keyOf(names, group);
    const entry = found.get(key) ?? { group, steps: new Map<number, Row>() };
    entry.steps.set(row.t, row);
    found.set(key, entry);
  }
  return found;
}

function keyOf(names: readonly CountDimension[], group: TrendSeries['group']): string {
  return JSON.stringify(names.map((name) => group[name] ?? ''));
}

function compare(plan: TrendPlan, a: TrendSeries, b: TrendSeries): number {
  const [left, right] = [keyOf(plan.by, a.group), keyOf(plan.by, b.group)];
  return left < right ? -1 : left > right ? 1 : 0;
}
