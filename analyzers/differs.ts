import { z } from 'zod';
import type { Scope } from '../domain/incident.ts';
import { explain, type ExplainedScope, type ScopeSums } from './explain.ts';
import {
  isInScope,
  narrowScopeBy,
  scopeColumns,
  scopeDimensions,
  type ScopeDimension,
} from './narrow-scope.ts';
import { type Matching, matchingOf, type View } from './view.ts';

/** When two dimensions separate the same requests, the one that comes first here is named. */
const dimensions: readonly ScopeDimension[] = ['project', 'client', 'model', 'key', 'region'];
/** Number of scopes that are reported. */
const MOST_TOLD = 3;
/** With more combinations the ranking would take too long for a tick, so nothing is reported. */
const MOST_COMBINATIONS = 2_000;
/**
 * The first scope becomes the scope of the incident if it explains at least this share of the excess. The remainder
 * allows for chance.
 */
const LEAST_SHARE = 0.8;

/** What is known about the time before an incident. */
export interface Around {
  /** The counts of the identity before the start, as far back as they reach. */
  before(): View;
  is_due: boolean;
}

/**
 * The parts of the traffic that explain the matching answers above the usual, best first: the same ranking as in
 * `faultline explain`.
 */
export function whatDiffers(
  since: View,
  before: View,
  matching: Matching,
): readonly ExplainedScope<ScopeDimension>[] {
  const rows = new Map<string, ScopeSums>();
  const add = (
    view: View,
    name: 'requests' | 'usual_requests',
    failed: 'failures' | 'usual_failures',
  ): void => {
    for (const row of view.sums()) {
      const values = dimensions.map((dimension) => row[scopeColumns[dimension]]);
      const key = values.join('\n');
      const known = rows.get(key) ?? {
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
  add(since, 'requests', 'failures');
  add(before, 'usual_requests', 'usual_failures');
  return rows.size > MOST_COMBINATIONS ? [] : explain(dimensions, [...rows.values()]).scopes;
}

/**
 * The scope of the matching answers. Usually it is the values that they share. If such answers are always there, they
 * share none; then the scope is the part that explains most of the excess.
 */
export function scopeByExcess(
  matching: Matching,
): (since: View, whole: Scope, around: Around) => { scope: Scope; differs?: string[] } {
  return (since, whole, around) => {
    const sums = since.sums();
    const shared = narrowScopeBy(sums, (row) => matchingOf(row, matching));
    // A value that all of the traffic shares separates nothing.
    const isShared = sums.some((row) => !isInScope(row, shared));
    if (isShared && !around.is_due) return { scope: { ...whole, ...shared } };
    const ranked = whatDiffers(since, around.before(), matching);
    const differs = ranked.slice(0, MOST_TOLD).map(describe);
    const [first] = ranked;
    const stands =
      !isShared && first?.share !== undefined && first.share !== null && first.share >= LEAST_SHARE;
    return { scope: inOrder({ ...whole, ...shared, ...(stands ? first.scope : {}) }), differs };
  };
}

/** Equal scopes give equal texts. */
function inOrder(scope: Scope): Scope {
  const names = ['provider', 'org', ...scopeDimensions, 'class'] as const;
  return Object.fromEntries(
    names.flatMap((name) => (scope[name] === undefined ? [] : [[name, scope[name]]])),
  );
}

/** Memory for `differs`; a kind spreads it into its own memory. */
export const differsFacts = z.object({ differs: z.array(z.string()).default([]) });

/** The parts that were just found; otherwise those of the evaluation before. */
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

/** `client web, model m: 60 of 180 requests, usually 1.2`. */
function describe({ scope, failures, requests, expected }: ExplainedScope<ScopeDimension>): string {
  const names = dimensions.flatMap((name) => (scope[name] === undefined ? [] : [`${name} ${scope[name]}`]));
  const usual = expected >= 10 ? Math.round(expected) : Math.round(expected * 10) / 10;
  return `${names.join(', ') || 'all'}: ${failures} of ${requests} requests, usually ${usual}`;
}
