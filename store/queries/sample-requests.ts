import type { RequestClass } from '../../domain/error-class.ts';
import type { Scope } from '../../domain/incident.ts';
import type { Store } from '../store.ts';

/** Which failures to read, and how many. Times are epoch seconds. */
export interface SampleFilter {
  classes: readonly RequestClass[];
  /** Exclusive. */
  to: number;
  limit: number;
}

/** A scope and its start. One call may have at most one scope for each provider and organization. */
export interface SampleScope {
  scope: Scope;
  from: number;
}

/** Failures of a scope: some request ids, oldest first, and counts. */
export interface Samples {
  ids: string[];
  failures: number;
  /** How many of these were answers of the caller's own gateway. */
  by_gateway: number;
  /** How many of these were judged by their HTTP status alone, because nothing else is known of them. */
  by_status: number;
  /** The most frequent class among the gateway's answers; empty when there are none. */
  gateway_class: RequestClass | '';
}

/** At most `limit` request ids of failures in the scope and time, oldest first. Throws `StoreError`. */
export async function readSampleRequestIds(
  store: Store,
  { scope, from, ...filter }: SampleFilter & SampleScope,
): Promise<string[]> {
  const [samples] = await readSamplesOfEach(store, filter, [{ scope, from }]);
  return samples?.ids ?? [];
}

/**
 * The failures of many scopes, in the order of `scopes`, with one query for hundreds of scopes. The ids depend only on
 * the events, so two analyzers get the same ids. Throws `StoreError`.
 */
export async function readSamplesOfEach(
  store: Store,
  filter: SampleFilter,
  scopes: readonly SampleScope[],
): Promise<Samples[]> {
  const samples = scopes.map(
    (): Samples => ({ ids: [], failures: 0, by_gateway: 0, by_status: 0, gateway_class: '' }),
  );
  for (const group of groupsOf(scopes)) {
    const rows = await store.query<Samples & { n: number }>(
      samplesQuery(group),
      samplesParams(filter, group),
    );
    for (const { n, ids, ...counts } of rows) {
      const place = group.scopes[n - 1]?.place;
      if (place !== undefined) samples[place] = { ids: [...new Set(ids)].slice(0, filter.limit), ...counts };
    }
  }
  return samples;
}

/**
 * How many of the oldest events of a scope are read. It exceeds the number of ids that callers want, because several
 * events may have the same request id.
 */
const EVENTS = 50;
/** Parameters are part of the address of a request, which should not be longer than this. */
const MAX_LENGTH = 6_000;

/** Dimensions besides provider and organization that a scope can name, with their columns. */
const narrower = {
  project: 'project',
  key: 'api_key',
  client: 'client',
  region: 'region',
  model: 'model',
} as const;
type Narrower = keyof typeof narrower;

interface Group {
  /** The owners (provider, organization) that all scopes of the group name. */
  owners: readonly ('provider' | 'org')[];
  /** The other dimensions that at least one scope names. */
  named: readonly Narrower[];
  scopes: readonly (SampleScope & { place: number })[];
}

/** Groups the scopes that one query can answer: they name the same owners, and their parameters are not too long. */
function groupsOf(scopes: readonly SampleScope[]): Group[] {
  const lists = new Map<string, { length: number; scopes: (SampleScope & { place: number })[] }[]>();
  scopes.forEach((one, place) => {
    const key = ownersOf(one.scope).join();
    const list = lists.get(key) ?? [];
    lists.set(key, list);
    const length = encodeURIComponent(JSON.stringify(one)).length;
    const last = list.at(-1);
    if (last === undefined || last.length + length > MAX_LENGTH)
      list.push({ length, scopes: [{ ...one, place }] });
    else {
      last.length += length;
      last.scopes.push({ ...one, place });
    }
  });
  return [...lists.values()].flat().map(({ scopes: group }) => ({
    owners: ownersOf(group[0]?.scope ?? {}),
    named: (Object.keys(narrower) as Narrower[]).filter((name) =>
      group.some(({ scope }) => scope[name] !== undefined),
    ),
    scopes: group,
  }));
}

function ownersOf(scope: Scope): readonly ('provider' | 'org')[] {
  return (['provider', 'org'] as const).filter((name) => scope[name] !== undefined);
}

function samplesQuery({ owners, named }: Group): string {
  const owner = owners.map((name) => `e.${name}`).join(", '\\n', ");
  const conditions = named.map(
    (name) => `AND ({${name}:Array(String)}[n] = '' OR {${name}:Array(String)}[n] = e.${narrower[name]})`,
  );
  return `SELECT n, arrayMap(event -> event.2, groupArraySortedIf(${EVENTS})((e.ts, e.request_id), e.request_id != '')) AS ids,
      count() AS failures, countIf(e.fault = 'gateway') AS by_gateway,
      countIf(startsWith(e.rule, 'status.')) AS by_status, topKIf(1)(e.class, e.fault = 'gateway')[1] AS gateway_class
    FROM (
      SELECT e.*, transform(${owner === '' ? "''" : `concat(${owner}, '')`}, {owners:Array(String)}, {numbers:Array(UInt32)}, toUInt32(0)) AS n
      FROM error_events AS e
      WHERE e.class IN {classes:Array(String)}
        AND e.ts >= fromUnixTimestamp64Milli(toInt64({from:Int64})) AND e.ts < fromUnixTimestamp64Milli(toInt64({to:Int64}))
    ) AS e
    WHERE n > 0 AND e.ts >= fromUnixTimestamp64Milli(toInt64({since:Array(Int64)}[n])) ${conditions.join(' ')}
    GROUP BY n`;
}

function samplesParams(filter: SampleFilter, { owners, named, scopes }: Group): Record<string, unknown> {
  const since = scopes.map(({ from }) => Math.round(from * 1000));
  return {
    classes: filter.classes,
    from: Math.min(...since),
    to: Math.round(filter.to * 1000),
    owners: scopes.map(({ scope }) => owners.map((name) => scope[name] ?? '').join('\n')),
    numbers: scopes.map((_, i) => i + 1),
    since,
    ...Object.fromEntries(named.map((name) => [name, scopes.map(({ scope }) => scope[name] ?? '')])),
  };
}
