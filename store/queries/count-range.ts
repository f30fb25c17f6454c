/** A provider and an organization as the logs name them; empty when a log does not name them. */
export interface OrgPair {
  provider: string;
  org: string;
}

/** A span of event time. */
export interface CountRange {
  /** Epoch seconds; `from` is included, `to` is not. */
  from: number;
  to: number;
  /** Starts of the only intervals to read; absent: the whole range. */
  intervals?: readonly number[];
}

/** The condition on `c.ts` for a range. It uses the parameters of `rangeParams`. */
export function rangeCondition({ intervals }: CountRange): string {
  return `c.ts >= toDateTime({from:UInt32}, 'UTC') AND c.ts < toDateTime({to:UInt32}, 'UTC')${
    intervals === undefined ? '' : ' AND toUnixTimestamp(c.ts) - {from:UInt32} IN {intervals:Array(UInt32)}'
  }`;
}

export function rangeParams({ from, to, intervals }: CountRange): Record<string, unknown> {
  // Intervals are sent as distances from `from`, because parameters are part of the address of a request, which must
  // stay short.
  return { from, to, ...(intervals === undefined ? {} : { intervals: intervals.map((ts) => ts - from) }) };
}

/** The condition for these organizations; empty for all of them. It uses the parameters of `orgParams`. */
export function orgCondition(orgs: readonly OrgPair[] | undefined): string {
  return orgs === undefined ? '' : "AND concat(c.provider, '\\n', c.org) IN {orgs:Array(String)}";
}

export function orgParams(orgs: readonly OrgPair[] | undefined): Record<string, unknown> {
  return orgs === undefined ? {} : { orgs: orgs.map(({ provider, org }) => `${provider}\n${org}`) };
}
