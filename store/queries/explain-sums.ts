import type { TimeSpan } from '../../domain/time-span.ts';
import { type CallerDimension, callerDimensions } from '../../domain/count-row.ts';
import type { RequestClass } from '../../domain/error-class.ts';
import type { Retention } from '../../domain/retention.ts';
import { usualTimeOf } from '../../domain/usual-time.ts';
import type { Store } from '../store.ts';
import {
  isKept,
  keptTables,
  planFilters,
  TrendError,
  type TrendFilter,
  type TrendPlan,
} from './trends-plan.ts';

const DAY = 86_400;

/** Which requests to read, and which of them are failures. */
export interface Selection {
  where: readonly TrendFilter[];
  /** Classes that count as failures; empty: all but `ok`. */
  classes: readonly RequestClass[];
}

/** One combination of values, with its sums in both spans. */
export interface ExplainSumsRow {
  values: readonly string[];
  requests: number;
  failures: number;
  usual_requests: number;
  usual_failures: number;
  /** Start of the first interval in the usual time that has requests, epoch seconds; 0: none has. */
  usual_first: number;
}

export interface ExplainSumsPlan {
  table: string;
  by: readonly CallerDimension[];
  window: TimeSpan;
  against: TimeSpan;
  where: TrendPlan['where'];
  classes: readonly RequestClass[];
  /** True when the question did not name the time to compare with. */
  is_usual_assumed: boolean;
}

/**
 * Dimensions that can explain a difference, in order of preference: when several explain it equally well, the first is
 * named. Who sends the traffic comes before what the traffic is.
 */
export const explainable: readonly CallerDimension[] = [
  'provider',
  'org',
  'project',
  'client',
  'model',
  'endpoint',
  'region',
  'api_key',
];

/**
 * Chooses the finest table that still holds both spans and has the wanted dimensions; `by` null means all that the
 * table has. `against` null means the time before the window, as far back as a table with the wanted dimensions
 * reaches. Widens the spans to the intervals of the table. Throws `TrendError`. `now` is null for a store that keeps
 * its counts for ever.
 */
export function planExplainSums(
  ask: Selection & {
    by: readonly string[] | null;
    window: TimeSpan;
    against: TimeSpan | null;
    now: number | null;
    retention?: Retention;
  },
): ExplainSumsPlan {
  const { by, where } = checkNames(ask);
  const needed = [...(by ?? []), ...where.map(({ dimension }) => dimension)];
  const able = keptTables(ask.retention).filter(({ lacks }) => !needed.some((name) => lacks.includes(name)));
  const { now } = ask;
  const usual = ask.against ?? usualTimeOf(ask.window);
  const holding = (since: number) =>
    now === null ? able.at(-1) : able.findLast((one) => isKept(one, since, now));
  const whole = holding(Math.min(ask.window.from, usual.from));
  // The time before is shortened only where no table has all of it, and never to nothing.
  const oldest = (able[0]?.keptDays ?? 0) * DAY;
  const against =
    whole === undefined && ask.against === null && now !== null && now - oldest < ask.window.from
      ? { ...usual, from: Math.max(usual.from, now - oldest) }
      : usual;
  const table = whole ?? holding(Math.min(ask.window.from, against.from));
  if (table === undefined) {
    throw new TrendError(
      'from',
      `counts by ${needed.join(', ') || 'the hour'} are kept for ${able[0]?.keptDays ?? 0} days; ask for a later time or for fewer dimensions`,
    );
  }
  const window = widen(ask.window, table.resolution);
  return {
    table: table.name,
    by: by ?? explainable.filter((name) => !table.lacks.includes(name)),
    window,
    // An interval that is in both spans belongs to the window.
    against: clear(widen(against, table.resolution), window),
    where,
    classes: ask.classes,
    is_usual_assumed: ask.against === null,
  };
}

/**
 * The time that a span was compared with. If the question did not name this time, it starts at the first request in it,
 * because nothing is known of the time before that request.
 */
export function comparedTime(
  { against, is_usual_assumed }: Pick<ExplainSumsPlan, 'against' | 'is_usual_assumed'>,
  rows: readonly Pick<ExplainSumsRow, 'usual_first'>[],
): TimeSpan {
  const first = rows.reduce(
    (least, { usual_first: one }) => (one > 0 && one < least ? one : least),
    against.to,
  );
  return is_usual_assumed && first < against.to
    ? { ...against, from: Math.max(against.from, first) }
    : against;
}

/** Checks the names in a question and returns its dimensions and filters. Throws `TrendError`. */
export function checkNames(ask: Pick<Selection, 'where'> & { by: readonly string[] | null }): {
  by: readonly CallerDimension[] | null;
  where: TrendPlan['where'];
} {
  const by = ask.by === null ? null : callersOf(ask.by);
  const where = planFilters(ask.where);
  const outcome = where.find(({ dimension }) => !isCaller(dimension));
  if (outcome === undefined) return { by, where };
  throw new TrendError(
    'where',
    `a filter by ${outcome.dimension} would leave out requests that went well: choose the failures with class instead`,
  );
}

/**
 * Sums by combination of values; at most `limit` combinations. To find out whether there are too many, ask for one more
 * than you can use. Throws `StoreError`.
 */
export async function readExplainSums(
  store: Store,
  plan: ExplainSumsPlan,
  limit: number,
): Promise<readonly ExplainSumsRow[]> {
  const { window, against } = plan;
  const inWindow = `ts >= toDateTime({from:UInt32}, 'UTC') AND ts < toDateTime({to:UInt32}, 'UTC')`;
  const inUsual = `ts >= toDateTime({usualFrom:UInt32}, 'UTC') AND ts < toDateTime({usualTo:UInt32}, 'UTC')`;
  const { conditions, params } = filters(plan);
  const columns = plan.by.join(', ');
  return store.query<ExplainSumsRow>(
    `SELECT [${plan.by.map((name) => `toString(${name})`).join(', ')}] AS values,
       sumIf(c.requests, ${inWindow}) AS requests, sumIf(c.requests, ${inWindow} AND ${failed}) AS failures,
       sumIf(c.requests, ${inUsual}) AS usual_requests, sumIf(c.requests, ${inUsual} AND ${failed}) AS usual_failures,
       minIf(toUnixTimestamp(c.ts), ${inUsual} AND c.requests > 0) AS usual_first
     FROM ${plan.table} AS c WHERE ${[`((${inWindow}) OR (${inUsual}))`, ...conditions].join(' AND ')}
     ${columns === '' ? '' : `GROUP BY ${columns} ORDER BY ${columns}`} LIMIT {limit:UInt32}`,
    { ...params, from: window.from, to: window.to, usualFrom: against.from, usualTo: against.to, limit },
  );
}

export interface MinuteRow {
  /** Start of the minute, epoch seconds. */
  minute: number;
  all_requests: number;
  failures: number;
}

/** Requests and failures per minute, in order of time. Minutes without a request are left out. Throws `StoreError`. */
export async function readMinutes(store: Store, selection: Selection): Promise<readonly MinuteRow[]> {
  const { conditions, params } = filters({ where: planFilters(selection.where), classes: selection.classes });
  return store.query(
    `SELECT toUInt32(intDiv(toUnixTimestamp(ts), 60) * 60) AS minute,
       sum(requests) AS all_requests, sumIf(requests, ${failed}) AS failures FROM request_counts
     ${conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`} GROUP BY minute ORDER BY minute`,
    params,
  );
}

/** Start of the newest interval with counts, epoch seconds; null when nothing is counted. Throws `StoreError`. */
export async function readNewestCount(store: Store): Promise<number | null> {
  for (const { name } of [...keptTables()].reverse()) {
    const [row] = await store.query<{ n: number; newest: number }>(
      `SELECT count() > 0 AS n, toUnixTimestamp(max(ts)) AS newest FROM ${name}`,
    );
    if (row !== undefined && row.n > 0) return row.newest;
  }
  return null;
}

const failed = `if(empty({classes:Array(String)}), class != 'ok', class IN {classes:Array(String)})`;

function filters({ where, classes }: Pick<ExplainSumsPlan, 'where' | 'classes'>): {
  conditions: string[];
  params: Record<string, unknown>;
} {
  const params: Record<string, unknown> = { classes };
  const conditions = where.map(({ dimension, negate, values }, i) => {
    params[`where${i}`] = values;
    return `toString(${dimension}) ${negate ? 'NOT ' : ''}IN {where${i}:Array(String)}`;
  });
  return { conditions, params };
}

function callersOf(names: readonly string[]): readonly CallerDimension[] {
  const wanted = names.map((name) => {
    const column = name === 'key' ? 'api_key' : name;
    if (isCaller(column)) return column;
    throw new TrendError(
      'by',
      `${JSON.stringify(name)} does not say where a request went; use some of ${explainable.map((one) => (one === 'api_key' ? 'key' : one)).join(', ')}`,
    );
  });
  return explainable.filter((name) => wanted.includes(name));
}

function isCaller(name: string): name is CallerDimension {
  return (callerDimensions as readonly string[]).includes(name);
}

function widen({ from, to }: TimeSpan, resolution: number): TimeSpan {
  return { from: Math.floor(from / resolution) * resolution, to: Math.ceil(to / resolution) * resolution };
}

function clear(against: TimeSpan, window: TimeSpan): TimeSpan {
  if (against.from < window.from) return { ...against, to: Math.min(against.to, window.from) };
  return { ...against, from: Math.max(against.from, window.to) };
}
