import type { CountRow } from '../../domain/count-row.ts';
import type { Store } from '../store.ts';

/** A provider and an organization, as logs name them; empty where they do not. */
export interface OrgPair {
  provider: string;
  org: string;
}

/** Counts of one combination of dimensions: the numbers of its intervals as parallel lists, in no order. */
export interface CountSeries
  extends Pick<
    CountRow,
    'provider' | 'org' | 'project' | 'api_key' | 'client' | 'region' | 'model' | 'class' | 'subclass'
  > {
  /** Starts of the intervals, epoch seconds; one may come more than once: its numbers are parts of one sum. */
  ts: number[];
  requests: number[];
  retries: number[];
  useless_retries: number[];
  input_tokens: number[];
  /** Of failures; 0 for successes. */
  cost_usd: number[];
}

/** A span of event time. */
export interface CountRange {
  /** Epoch seconds; `from` belongs to the range, `to` does not. */
  from: number;
  to: number;
  /** Starts of the intervals that are read; absent: all of the range. */
  intervals?: readonly number[];
}

export interface SeriesFilter extends CountRange {
  /** Absent: all organizations. */
  orgs?: readonly OrgPair[];
  /** True: keys, clients and regions are summed up and empty. */
  coarse?: boolean;
}

/**
 * The counts of the range by combination, in order of the dimensions. They travel as one list per column: as one
 * object a row, reading them costs ten times as much. Throws `StoreError`.
 */
export async function readCountSeries(store: Store, filter: SeriesFilter): Promise<CountSeries[]> {
  if (filter.from >= filter.to || filter.orgs?.length === 0) return [];
  const groupBy = filter.coarse === true ? coarseDimensions : dimensions;
  const texts = dimensions.map((name) => `${groupBy.includes(name) ? `c.${name}` : "''"} AS ${name}`);
  const [columns] = await store.query<Columns>(
    `SELECT ${[...dimensions, 'at', ...measures].map((name) => `groupArray(${name}) AS ${name}`).join(', ')}
    FROM (
      SELECT ${texts.join(', ')},
        groupArray(toUnixTimestamp(c.ts) - {from:UInt32}) AS at, groupArray(c.requests) AS requests,
        groupArray(c.retries) AS retries, groupArray(c.useless_retries) AS useless_retries,
        groupArray(c.input_tokens) AS input_tokens, groupArray(if(c.class = 'ok', 0, c.cost_usd)) AS cost_usd
      FROM request_counts AS c
      WHERE ${rangeCondition(filter)}
        ${filter.orgs === undefined ? '' : "AND concat(c.provider, '\\n', c.org) IN {orgs:Array(String)}"}
      GROUP BY ${groupBy.map((name) => `c.${name}`).join(', ')}
      ORDER BY ${groupBy.map((name) => `c.${name}`).join(', ')}
    )`,
    {
      ...rangeParams(filter),
      ...(filter.orgs === undefined
        ? {}
        : { orgs: filter.orgs.map(({ provider, org }) => `${provider}\n${org}`) }),
    },
  );
  if (columns === undefined) return [];
  return columns.provider.map((provider, i) => ({
    provider,
    org: columns.org[i] ?? '',
    project: columns.project[i] ?? '',
    api_key: columns.api_key[i] ?? '',
    client: columns.client[i] ?? '',
    region: columns.region[i] ?? '',
    model: columns.model[i] ?? '',
    class: columns.class[i] ?? 'other',
    subclass: columns.subclass[i] ?? '',
    ts: later(columns.at[i] ?? [], filter.from),
    requests: columns.requests[i] ?? [],
    retries: columns.retries[i] ?? [],
    useless_retries: columns.useless_retries[i] ?? [],
    input_tokens: columns.input_tokens[i] ?? [],
    cost_usd: columns.cost_usd[i] ?? [],
  }));
}

/** The same list, to spare memory. */
function later(times: number[], by: number): number[] {
  for (let i = 0; i < times.length; i++) times[i] = (times[i] ?? 0) + by;
  return times;
}

/** Stored rows of each of the organizations in `[from, to)` (epoch seconds): at least as many as they have counts. */
export async function readRowCounts(
  store: Store,
  { from, to, orgs }: { from: number; to: number; orgs: readonly OrgPair[] },
): Promise<(OrgPair & { rows: number })[]> {
  if (orgs.length === 0) return [];
  return store.query(
    `SELECT c.provider AS provider, c.org AS org, count() AS rows FROM request_counts AS c
    WHERE ${rangeCondition({ from, to })} AND concat(c.provider, '\\n', c.org) IN {orgs:Array(String)}
    GROUP BY c.provider, c.org`,
    { ...rangeParams({ from, to }), orgs: orgs.map(({ provider, org }) => `${provider}\n${org}`) },
  );
}

/** The condition on `c.ts` of a range, for the parameters that `rangeParams` gives. */
export function rangeCondition({ intervals }: CountRange): string {
  return `c.ts >= toDateTime({from:UInt32}, 'UTC') AND c.ts < toDateTime({to:UInt32}, 'UTC')${
    intervals === undefined ? '' : ' AND toUnixTimestamp(c.ts) - {from:UInt32} IN {intervals:Array(UInt32)}'
  }`;
}

export function rangeParams({ from, to, intervals }: CountRange): Record<string, unknown> {
  // As distances from the beginning: parameters travel in the address of a request, which must not become long.
  return { from, to, ...(intervals === undefined ? {} : { intervals: intervals.map((ts) => ts - from) }) };
}

const dimensions = [
  'provider',
  'org',
  'project',
  'api_key',
  'client',
  'region',
  'model',
  'class',
  'subclass',
] as const;
const coarseDimensions: readonly string[] = ['provider', 'org', 'project', 'model', 'class', 'subclass'];
const measures = ['requests', 'retries', 'useless_retries', 'input_tokens', 'cost_usd'] as const;

type Columns = { [Name in (typeof dimensions)[number]]: CountRow[Name][] } & Record<
  'at' | (typeof measures)[number],
  number[][]
>;
