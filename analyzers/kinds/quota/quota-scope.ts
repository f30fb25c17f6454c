import type { Scope } from '../../../domain/incident.ts';
import { scopeColumns } from '../../narrow-scope.ts';
import type { CountSum, View } from '../../view.ts';
import { isQuota } from './quota-level.ts';

/** Which quota ran out; the empty string when no answer tells. */
export const quotas = [
  'credit_balance',
  'organization_spend_limit',
  'organization_usage_limit',
  'project_spend_limit',
  '',
] as const;
export type Quota = (typeof quotas)[number];

/** Which values of a dimension fail and which succeed since the quota ran out. */
export interface Comparison {
  failing: readonly string[];
  succeeding: readonly string[];
}

export interface QuotaScope {
  quota: Quota;
  scope: Scope;
  projects: Comparison;
  keys: Comparison;
}

/** A part counts as failing if at least this share of its requests are quota answers, even if others succeed. */
const FAILING_SHARE = 0.5;

/**
 * Finds which quota ran out, and for whom. `since` holds the organization's counts since the first quota answer;
 * `whole` is the organization as a scope. If the organization's quota ran out, the whole organization is concerned,
 * whoever saw it first. Otherwise the scope is the project, key, client or model that fails while others succeed. If no
 * others sent requests, no such part can be found, and the scope is the whole organization.
 */
export function quotaScope(since: View, whole: Scope): QuotaScope {
  const all = course(since);
  const quota = namedQuota(all.rows);
  const projects = compare(all, 'project');
  const keys = compare(all, 'key');
  const answer = { quota, projects, keys };
  switch (quota) {
    case 'credit_balance':
    case 'organization_spend_limit':
    case 'organization_usage_limit':
      return { ...answer, scope: whole };
    case 'project_spend_limit': {
      const [project, another] = projects.failing;
      return {
        ...answer,
        scope: project === undefined || another !== undefined ? whole : { ...whole, project },
      };
    }
    case '':
      break;
  }
  return { ...answer, scope: aloneScope(since, all, whole) };
}

/** The quota that most of the answers name. */
function namedQuota(rows: readonly CountSum[]): Quota {
  const named = new Map<Quota, number>();
  for (const row of rows) {
    const quota = quotas.find((name) => name === row.subclass);
    if (isQuota(row) && quota !== undefined && quota !== '')
      named.set(quota, (named.get(quota) ?? 0) + row.requests);
  }
  const [top] = [...named].sort((a, b) => b[1] - a[1] || quotas.indexOf(a[0]) - quotas.indexOf(b[0]));
  return top?.[0] ?? '';
}

function aloneScope(since: View, all: Course, whole: Scope): Scope {
  let scope = whole;
  let inside = all;
  for (const part of ['project', 'key', 'client', 'model'] as const) {
    const { failing, succeeding } = compare(inside, part);
    const [alone, another] = failing;
    if (alone === undefined || another !== undefined || succeeding.length === 0) continue;
    // Requests without this value fail too, so the value does not explain the failures.
    if (inside.rows.some((row) => isQuota(row) && row[scopeColumns[part]] !== alone)) continue;
    scope = { ...scope, [part]: alone };
    inside = course(since.within(scope));
  }
  return scope;
}

/** Sums by combination since the first quota answer, and since the end of the interval with that answer. */
interface Course {
  rows: readonly CountSum[];
  /** A success in the interval in which the quota ran out may have come before it ran out, so only later ones count. */
  after: readonly CountSum[];
}

function course(view: View): Course {
  const first = view.first(isQuota);
  return { rows: view.sums(), after: first === null ? [] : view.between(first + 1, Infinity).sums() };
}

interface PartCounts {
  requests: number;
  matching: number;
  succeeded_after: number;
}

function compare({ rows, after }: Course, part: 'project' | 'key' | 'client' | 'model'): Comparison {
  const tallies = new Map<string, PartCounts>();
  for (const row of rows) {
    const value = row[scopeColumns[part]];
    if (value === '') continue;
    const tally = tallies.get(value) ?? { requests: 0, matching: 0, succeeded_after: 0 };
    tallies.set(value, tally);
    tally.requests += row.requests;
    if (isQuota(row)) tally.matching += row.requests;
  }
  for (const row of after) {
    const tally = tallies.get(row[scopeColumns[part]]);
    if (tally !== undefined && row.class === 'ok') tally.succeeded_after += row.requests;
  }
  const failing: string[] = [];
  const succeeding: string[] = [];
  for (const [value, tally] of [...tallies].sort(
    (a, b) => b[1].matching - a[1].matching || (a[0] < b[0] ? -1 : 1),
  )) {
    const isFailing =
      tally.matching > 0 && (tally.succeeded_after === 0 || tally.matching >= FAILING_SHARE * tally.requests);
    if (isFailing) failing.push(value);
    else if (tally.succeeded_after > 0) succeeding.push(value);
  }
  return { failing, succeeding };
}
