import type { CountRow } from '../../domain/count-row.ts';
import type { RequestClass } from '../../domain/error-class.ts';
import type { Store } from '../store.ts';
import { type CountRange, type CountSeries, rangeCondition, rangeParams } from './count-series.ts';

/** The tables of counts, finest first. Those per hour have neither keys nor regions. */
export const sumTables = {
  request_counts: { seconds: 10, lacks: [] },
  request_counts_1m: { seconds: 60, lacks: [] },
  request_counts_1h: { seconds: 3_600, lacks: ['api_key', 'region'] },
} as const satisfies Readonly<Record<string, { seconds: number; lacks: readonly string[] }>>;
export type SumTable = keyof typeof sumTables;

/** Dimensions that counts can be told apart by, in the order of rows. The class always is. */
export const sumDimensions = [
  'provider',
  'org',
  'project',
  'api_key',
  'client',
  'region',
  'model',
  'subclass',
] as const;
export type SumDimension = (typeof sumDimensions)[number];

/**
 * Measures that are read only where somebody asks: where they come from, and how those of several rows become one.
 * What the last answer of a limit said is known only of counts per 10 s. `spend_usd` is that of all requests.
 */
export const moreMeasures = {
  output_tokens: { column: 'output_tokens', merge: 'sum', fine: false },
  latency_ms_sum: { column: 'latency_ms_sum', merge: 'sum', fine: false },
  spend_usd: { column: 'cost_usd', merge: 'sum', fine: false },
  remaining_requests: { column: 'min_remaining_requests', merge: 'min', fine: true },
  limit_requests: { column: 'limit_requests', merge: 'max', fine: true },
  remaining_tokens: { column: 'min_remaining_tokens', merge: 'min', fine: true },
  limit_tokens: { column: 'limit_tokens', merge: 'max', fine: true },
} as const satisfies Readonly<
  Record<string, { column: string; merge: 'sum' | 'min' | 'max'; fine: boolean }>
>;
export type MoreMeasure = keyof typeof moreMeasures;

/** Counts of one combination, with the measures that were asked for; NaN where nothing is known. */
export interface SumSeries extends CountSeries {
  more: Partial<Record<MoreMeasure, number[]>>;
}

export interface SumFilter extends CountRange {
  table: SumTable;
  by: readonly SumDimension[];
  more: readonly MoreMeasure[];
  /** Empty: all. */
  classes: readonly RequestClass[];
}

const measures = ['requests', 'retries', 'useless_retries', 'input_tokens'] as const;

/**
 * Sums of the range over all dimensions but those asked for, one series a combination, in order of the dimensions. What is
 * not told apart is empty. Throws `StoreError`.
 */
export async function readCountSums(store: Store, filter: SumFilter): Promise<SumSeries[]> {
  if (filter.from >= filter.to || filter.intervals?.length === 0) return [];
  const lacks: readonly string[] = sumTables[filter.table].lacks;
  const by = sumDimensions.filter((name) => filter.by.includes(name) && !lacks.includes(name));
  const more = filter.more.filter((name) => !moreMeasures[name].fine || filter.table === 'request_counts');
  const groups = [...by, 'class'].map((name) => `c.${name}`).join(', ');
  const [columns] = await store.query<Columns>(
    `SELECT ${[...by, 'class', 'at', 'cost_usd', ...measures, ...more].map((name) => `groupArray(${name}) AS ${name}`).join(', ')}
    FROM (
      SELECT ${[...by, 'class'].join(', ')}, groupArray(at) AS at, groupArray(usd) AS cost_usd,
        ${[
          ...measures.map((name) => `groupArray(${name}_sum) AS ${name}`),
          // An array leaves out NULL, and would have its values in the wrong places.
          ...more.map((name) => `groupArray(ifNull(toFloat64(${name}_sum), nan)) AS ${name}`),
        ].join(', ')}
      FROM (
        SELECT ${[...by, 'class'].map((name) => `c.${name} AS ${name}`).join(', ')},
          toUnixTimestamp(c.ts) - {from:UInt32} AS at, if(c.class = 'ok', 0, sum(c.cost_usd)) AS usd,
          ${measures.map((name) => `sum(c.${name}) AS ${name}_sum`).join(', ')}${more
            .map((name) => `, ${moreMeasures[name].merge}(c.${moreMeasures[name].column}) AS ${name}_sum`)
            .join('')}
        FROM ${filter.table} AS c
        WHERE ${rangeCondition(filter)} ${filter.classes.length === 0 ? '' : 'AND c.class IN {classes:Array(String)}'}
        GROUP BY c.ts, ${groups}
        ORDER BY c.ts
      )
      GROUP BY ${[...by, 'class'].join(', ')} ORDER BY ${[...by, 'class'].join(', ')}
    )`,
    { ...rangeParams(filter), ...(filter.classes.length === 0 ? {} : { classes: filter.classes }) },
  );
  if (columns === undefined) return [];
  return columns.class.map((name, i) => {
    const text = (dimension: SumDimension): string => columns[dimension]?.[i] ?? '';
    const ts = columns.at[i] ?? [];
    for (let n = 0; n < ts.length; n++) ts[n] = (ts[n] ?? 0) + filter.from;
    const valuesOf = (measure: MoreMeasure): number[] =>
      ts.map((_, n) => columns[measure]?.[i]?.[n] ?? Number.NaN);
    return {
      provider: text('provider'),
      org: text('org'),
      project: text('project'),
      api_key: text('api_key'),
      client: text('client'),
      region: text('region'),
      model: text('model'),
      subclass: text('subclass'),
      class: name,
      ts,
      requests: columns.requests[i] ?? [],
      retries: columns.retries[i] ?? [],
      useless_retries: columns.useless_retries[i] ?? [],
      input_tokens: columns.input_tokens[i] ?? [],
      cost_usd: columns.cost_usd[i] ?? [],
      more: Object.fromEntries(more.map((measure) => [measure, valuesOf(measure)])),
    };
  });
}

/** Stored rows of a table in `[from, to)`: at least as many as sums of it have numbers. Throws `StoreError`. */
export async function readRowCount(store: Store, table: SumTable, range: CountRange): Promise<number> {
  const [row] = await store.query<{ rows: number }>(
    `SELECT count() AS rows FROM ${table} AS c WHERE ${rangeCondition(range)}`,
    rangeParams(range),
  );
  return row?.rows ?? 0;
}

type Columns = Partial<Record<SumDimension, string[]> & Record<MoreMeasure, (number | null)[][]>> &
  Record<'at' | 'cost_usd' | (typeof measures)[number], number[][]> & { class: CountRow['class'][] };
