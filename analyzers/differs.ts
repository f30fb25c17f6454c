import { z } from 'zod';
import type { Scope } from '../domain/incident.ts';
import { explain, type ExplainedScope, type ExplainSums } from './explain.ts';
import {
  isInScope,
  narrowScopeBy,
  scopeColumns,
  type Scoped,
  type ScopeDimension,
  scopeDimensions,
  tellingDimensions,
} from './narrow-scope.ts';
import { poissonTail } from './poisson-tail.ts';
import type { Seasonal } from './seasons.ts';
import { type CountSum, type Matching, matchingOf, type View } from './view.ts';

/** When two dimensions separate the same requests, the one that comes first here is named. */
const dimensions: readonly ScopeDimension[] = ['project', 'client', 'model', 'key', 'region'];
/** Number of scopes that are reported. */
const MOST_LISTED = 3;
/** With more combinations the ranking would take too long for a tick, so nothing is reported. */
const MOST_COMBINATIONS = 2_000;
/** A scope is taken as the scope of the incident if it holds at least this share of the excess failures. */
const LEAST_SHARE = 0.8;
/**
 * A scope is also taken if chance explains the failures outside of it: at the usual rates, that many failures have at
 * least this chance. Among the first few failures of an incident, many may be those of other callers.
 */
const REST_CHANCE = 0.05;

/** What `scopeByExcess` must know besides the counts since the start of an incident. */
export interface ScopeContext {
  /** The counts of the identity before the start, as far back as they reach. */
  before(): View;
  /** The present scope of the incident; null before it has begun. */
  known: Scope | null;
  /** True: people were told of that scope, so it may only become wider. */
  is_told: boolean;
  /** True: the scope is to be computed now. False: it was computed less than a minute ago. */
  is_due: boolean;
  /** The share of matching answers (0 to 1) that is usual at this time of the week; absent: not known. */
  season?: ((of: Seasonal) => number) | undefined;
}

/** The counts since a start, and the counts of the earlier time that shows what is usual. */
export interface SinceAndBefore {
  since: View;
  before: View;
}

/** Matching answers beyond the usual number, and the parts of the traffic that hold them. */
export interface Excess {
  /**
   * The part of the traffic that explains them best, if it explains enough of them; null: no part does, or nothing is
   * known of the time before.
   */
  scope: Scope | null;
  /** The parts that explain most, best first: the ranking of `faultline explain`. */
  ranked: readonly ExplainedScope<ScopeDimension>[];
  /** True when a scope holds `LEAST_SHARE` of the excess, or chance explains the rest. */
  isIn(scope: Scope): boolean;
}

/**
 * Ranks the parts of the traffic by how well they explain the matching answers beyond the usual number. Several spans
 * are summed up.
 */
export function excessOf(
  spans: readonly SinceAndBefore[],
  matching: Matching,
  season?: ScopeContext['season'],
): Excess {
  const rows = new Map<string, ExplainSums & { scoped: CountSum }>();
  const add = (
    view: View,
    name: 'requests' | 'usual_requests',
    failed: 'failures' | 'usual_failures',
  ): void => {
    for (const row of view.sums()) {
      const values = dimensions.map((dimension) => row[scopeColumns[dimension]]);
      const key = values.join('\n');
      const known = rows.get(key) ?? {
        scoped: row,
        values,
        requests: 0,
        failures: 0,
        usual_requests: 0,
        usual_failures: 0,
      };
      known[name] += row.requests;
      known[failed] += matchingOf(row, matching);
      rows.set(key, known);
    }
  };
  for (const { since, before } of spans) {
    add(since, 'requests', 'failures');
    add(before, 'usual_requests', 'usual_failures');
  }
  const all = season === undefined ? [...rows.values()] : [...rows.values()].map(withSeason(season));
  const { total, scopes: ranked } =
    all.length > MOST_COMBINATIONS ? { total: null, scopes: [] } : explain(dimensions, all);
  const isIn = (scope: Scope): boolean => {
    if (total === null || total.excess <= 0) return false;
    const usual = total.expected / Math.max(1, total.requests);
    const own = sumOf(all.filter(({ scoped }) => isInScope(scoped, scope)));
    const excess = own.failures - expectedOf(own, usual);
    if (excess >= LEAST_SHARE * total.excess) return true;
    const others = all.filter(({ scoped }) => !isInScope(scoped, scope));
    const rest = sumOf(others);
    // More traffic of a caller that always fails is no excess, so each combination is compared with its own rate, too.
    const each = others.reduce((sum, row) => sum + expectedOf(row, usual), 0);
    return excess > 0 && poissonTail(rest.failures, Math.max(each, expectedOf(rest, usual))) >= REST_CHANCE;
  };
  const [first] = ranked;
  return {
    ranked,
    scope: first !== undefined && isIn(first.scope) ? withSynonyms(first.scope, all) : null,
    isIn,
  };
}

type Sums = Omit<ExplainSums, 'values'>;

function sumOf(rows: readonly Sums[]): Sums {
  const sum = { requests: 0, failures: 0, usual_requests: 0, usual_failures: 0 };
  for (const row of rows) {
    sum.requests += row.requests;
    sum.failures += row.failures;
    sum.usual_requests += row.usual_requests;
    sum.usual_failures += row.usual_failures;
  }
  return sum;
}

/** Failures of a part at its usual rate; if it had no requests before, at the rate of all traffic. */
function expectedOf(
  { requests, usual_requests: before, usual_failures: failed }: Sums,
  usual: number,
): number {
  return requests * (before === 0 ? usual : failed / before);
}

/**
 * Finds the scope of an incident: the part of the traffic that explains most of the matching answers beyond the usual
 * number. If no part explains them, or there was no traffic before, the scope consists of the values that the matching
 * answers share.
 */
export function scopeByExcess(
  matching: Matching,
): (since: View, whole: Scope, around: ScopeContext) => { scope: Scope; differs?: string[] } {
  return (since, whole, around) => {
    const { known, is_told, is_due } = around;
    if (known !== null && !is_due) return { scope: known };
    const excess = excessOf([{ since, before: around.before() }], matching, around.season);
    const differs = describeDiffers(excess);
    // People were told of this scope, so it is kept as long as it explains the excess: the scope that ranks first
    // changes by chance from minute to minute.
    if (known !== null && is_told && excess.isIn(known)) return { scope: known, differs };
    const scope = excess.scope ?? narrowScopeBy(since.sums(), (row) => matchingOf(row, matching));
    return { scope: inOrder({ ...whole, ...scope }), differs };
  };
}

/**
 * Raises the usual numbers to the numbers of the same time in earlier weeks, so that what happens every week is no
 * excess, even if the last hour was calm.
 */
function withSeason(season: NonNullable<ScopeContext['season']>) {
  return <Row extends ExplainSums & { scoped: CountSum }>(row: Row): Row => {
    const share = season(row.scoped);
    const requests = Math.max(row.usual_requests, row.requests);
    return share > 0 && share * row.usual_requests >= row.usual_failures
      ? { ...row, usual_requests: requests, usual_failures: Math.max(row.usual_failures, share * requests) }
      : row;
  };
}

/** One text for each of the parts that explain most, for the evidence. */
export function describeDiffers({ ranked }: Excess): string[] {
  return ranked.slice(0, MOST_LISTED).map(describe);
}

/**
 * Adds to the scope the values that all its requests share, before and since the start, and that say whose requests
 * they are. Such values are other words for the same requests.
 */
function withSynonyms(scope: Scope, rows: readonly { scoped: Scoped }[]): Scope {
  const inside = rows.flatMap(({ scoped }) => (isInScope(scoped, scope) ? [scoped] : []));
  const named: Scope = { ...scope };
  for (const name of tellingDimensions) {
    const values = new Set(inside.map((row) => row[scopeColumns[name]]));
    const [only = ''] = values;
    if (values.size === 1 && only !== '') named[name] = only;
  }
  return named;
}

/** Puts the dimensions in a fixed order, so that equal scopes become equal texts. */
export function inOrder(scope: Scope): Scope {
  const names = ['provider', 'org', ...scopeDimensions, 'class'] as const;
  return Object.fromEntries(
    names.flatMap((name) => (scope[name] === undefined ? [] : [[name, scope[name]]])),
  );
}

/** The memory that `differsEvidence` reads; a kind adds these fields to its own memory. */
export const differsFacts = z.object({ differs: z.array(z.string()).default([]) });

/** The parts that were found in this evaluation; if it did not look for parts, those of the previous evaluation. */
export function rememberDiffers(
  previous: z.infer<typeof differsFacts> | null,
  looked: { differs?: string[] } | null,
): z.infer<typeof differsFacts> {
  return { differs: looked?.differs ?? previous?.differs ?? [] };
}

/** Evidence: the parts that explain most; absent when no part stands out. */
export function differsEvidence({ differs }: z.infer<typeof differsFacts>): { what_differs?: string[] } {
  return differs.length === 0 ? {} : { what_differs: [...differs] };
}

/** Describes one part: `client web, model m: 60 of 180 requests, usually 1.2`. */
function describe({ scope, failures, requests, expected }: ExplainedScope<ScopeDimension>): string {
  const names = dimensions.flatMap((name) => (scope[name] === undefined ? [] : [`${name} ${scope[name]}`]));
  const usual = expected >= 10 ? Math.round(expected) : Math.round(expected * 10) / 10;
  return `${names.join(', ') || 'all'}: ${failures} of ${requests} requests, usually ${usual}`;
}
