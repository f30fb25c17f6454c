/** A provider and an organization, as logs name them; empty where they do not. */
export interface OrgPair {
  provider: string;
  org: string;
}

/** A span of event time. */
export interface CountRange {
  /** Epoch seconds; `from` belongs to the range, `to` does not. */
  from: number;
  to: number;
  /** Starts of the intervals that are read; absent: all of the range. */
  intervals?: readonly number[];
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

/** The condition that names organizations, for the parameters that `orgParams` gives; absent: all of them. */
export function orgCondition(orgs: readonly OrgPair[] | undefined): string {
  return orgs === undefined ? '' : "AND concat(c.provider, '\\n', c.org) IN {orgs:Array(String)}";
}

export function orgParams(orgs: readonly OrgPair[] | undefined): Record<string, unknown> {
  return orgs === undefined ? {} : { orgs: orgs.map(({ provider, org }) => `${provider}\n${org}`) };
}
