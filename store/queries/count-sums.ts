import type { RequestClass } from '../../domain/error-class.ts';
import { noRows } from '../native-answer.ts';
import type { Store } from '../store.ts';
import { type BlockDimension, CountBlock } from './count-block.ts';
import { type MoreMeasure, moreMeasures } from './count-measures.ts';
import {
  type CountRange,
  orgCondition,
  orgParams,
  type OrgPair,
  rangeCondition,
  rangeParams,
} from './count-range.ts';

/** The tables of counts, finest first. Counts per hour have neither keys nor regions. */
export const sumTables = {
  request_counts: { seconds: 10, lacks: [] },
  request_counts_1m: { seconds: 60, lacks: [] },
  request_counts_1h: { seconds: 3_600, lacks: ['api_key', 'region'] },
} as const satisfies Readonly<Record<string, { seconds: number; lacks: readonly string[] }>>;
export type SumTable = keyof typeof sumTables;

export interface SumFilter extends CountRange {
  table: SumTable;
  /** Dimensions to group by; rows are sorted in this order. */
  by: readonly BlockDimension[];
  more: readonly MoreMeasure[];
  /** Absent or empty: all classes. */
  classes?: readonly RequestClass[];
  /** Absent: all organizations. */
  orgs?: readonly OrgPair[];
}

const measures = ['requests', 'retries', 'useless_retries', 'input_tokens'] as const;

/**
 * Sums of the range: one row per interval and combination of the dimensions in `by`. All other dimensions are empty.
 * Throws `StoreError`.
 */
export async function readCountSums(store: Store, filter: SumFilter): Promise<CountBlock> {
  const { table, classes = [], orgs } = filter;
  const lacks: readonly string[] = sumTables[table].lacks;
  const by = filter.by.filter((name) => !lacks.includes(name)).map((name) => `c.${name}`);
  const more = filter.more.filter((name) => !moreMeasures[name].fine || table === 'request_counts');
  if (filter.from >= filter.to || filter.intervals?.length === 0 || orgs?.length === 0)
    return new CountBlock(noRows, more);
  const columns = await store.columns(
    `SELECT ${by.map((name) => `${name} AS ${name.slice(2)}`).join(', ')},
      toUnixTimestamp(c.ts) AS at, if(c.class = 'ok', 0, sum(c.cost_usd)) AS usd,
      ${measures.map((name) => `sum(c.${name}) AS ${name}_sum`).join(', ')}${more
        .map((name) => `, ${moreMeasures[name].merge}(c.${moreMeasures[name].column}) AS ${name}_sum`)
        .join('')}
    FROM ${table} AS c
    WHERE ${rangeCondition(filter)} ${orgCondition(orgs)} ${classes.length === 0 ? '' : 'AND c.class IN {classes:Array(String)}'}
    GROUP BY c.ts, ${by.join(', ')}
    ORDER BY ${by.join(', ')}, c.ts`,
    { ...rangeParams(filter), ...orgParams(orgs), ...(classes.length === 0 ? {} : { classes }) },
  );
  return new CountBlock(columns, more);
}

/**
 * The number of stored rows of a table in the range. Sums of the range have at most as many rows. Throws `StoreError`.
 */
export async function readRowCount(store: Store, table: SumTable, range: CountRange): Promise<number> {
  const [row] = await store.query<{ rows: number }>(
    `SELECT count() AS rows FROM ${table} AS c WHERE ${rangeCondition(range)}`,
    rangeParams(range),
  );
  return row?.rows ?? 0;
}

/**
 * The number of stored rows in `[from, to)` (epoch seconds) of each organization. The sums of an organization have at
 * most as many rows. Throws `StoreError`.
 */
export async function readRowCounts(
  store: Store,
  { from, to, orgs }: { from: number; to: number; orgs: readonly OrgPair[] },
): Promise<(OrgPair & { rows: number })[]> {
  if (orgs.length === 0) return [];
  return store.query(
    `SELECT c.provider AS provider, c.org AS org, count() AS rows FROM request_counts AS c
    WHERE ${rangeCondition({ from, to })} ${orgCondition(orgs)}
    GROUP BY c.provider, c.org`,
    { ...rangeParams({ from, to }), ...orgParams(orgs) },
  );
}
