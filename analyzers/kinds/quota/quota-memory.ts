import { z } from 'zod';
import { COUNT_INTERVAL_SECONDS } from '../../../domain/count-row.ts';
import type { Scope } from '../../../domain/incident.ts';
import { addName, tally } from '../../since.ts';
import type { View } from '../../view.ts';
import { isQuota } from './quota-level.ts';
import { quotas } from './quota-scope.ts';

/** The memory of an exhausted quota. Times are epoch seconds. */
export const quotaMemory = z.object({
  quota: z.enum(quotas),
  /** Projects and keys that succeeded while others failed, as seen when the scope was determined. */
  succeeding: z.array(z.string()),
  /** Start of the last interval with a success in the scope, at or before the last quota answer; null: none. */
  last_success_at: z.number().nullable(),
  /** Start of the last interval with a success in the scope, up to now. */
  newest_success_at: z.number().nullable(),
  last_request_at: z.number(),
  failed: z.number(),
  retries: z.number(),
  useless_retries: z.number(),
  cost_usd: z.number(),
  /** Number of quota answers by project, key and client; only a limited number of names is kept for each. */
  projects: tally,
  keys: tally,
  clients: tally,
  /** Answers before this time are in the sums. */
  counted_until: z.number(),
});
export type QuotaMemory = z.infer<typeof quotaMemory>;

/** The memory of an exhausted quota before any answer is counted. */
export function emptyQuotaMemory(from: number): QuotaMemory {
  return {
    quota: '',
    succeeding: [],
    last_success_at: null,
    newest_success_at: null,
    last_request_at: from,
    failed: 0,
    retries: 0,
    useless_retries: 0,
    cost_usd: 0,
    projects: {},
    keys: {},
    clients: {},
    counted_until: from,
  };
}

/** Adds the answers of the scope in `[counted_until, now)`. */
export function addQuotaAnswers(facts: QuotaMemory, view: View, scope: Scope, now: number): QuotaMemory {
  const next: QuotaMemory = {
    ...facts,
    projects: { ...facts.projects },
    keys: { ...facts.keys },
    clients: { ...facts.clients },
    counted_until: Math.max(facts.counted_until, now),
  };
  const fresh = view.between(facts.counted_until, now).within(scope);
  const lastFailure = fresh.last(isQuota);
  if (lastFailure !== null) {
    next.last_success_at = lastSuccess(fresh, scope, lastFailure + 1) ?? facts.newest_success_at;
  }
  next.newest_success_at = lastSuccess(fresh, scope, Infinity) ?? facts.newest_success_at;
  next.last_request_at = Math.max(next.last_request_at, fresh.last() ?? 0);
  for (const row of fresh.where(isQuota).sums()) {
    next.failed += row.requests;
    next.retries += row.retries;
    next.useless_retries += row.useless_retries;
    next.cost_usd = roundCost(next.cost_usd + row.cost_usd);
    addName(next.projects, row.project, row.requests);
    addName(next.keys, row.api_key, row.requests);
    addName(next.clients, row.client, row.requests);
  }
  return next;
}

/** Start of the interval of the last success in the scope before `until`; null: none. */
export function lastSuccess(view: View, scope: Scope, until: number): number | null {
  return view
    .between(0, until)
    .within(scope)
    .last((combination) => combination.class === 'ok');
}

/**
 * Start of the interval of the first quota answer in the series that lasts until `now`. A pause of more than `pause`
 * seconds between two answers ends a series.
 */
export function quotaStart(view: View, now: number, pause: number): number {
  const quotas = view.where(isQuota);
  let start = now;
  for (;;) {
    const before = quotas.between(0, start).last();
    if (before === null || (start !== now && start - before > pause + COUNT_INTERVAL_SECONDS)) return start;
    start = before;
  }
}

/** Rounded, because a sum of fractions depends on the order of its parts, and two analyzers must write equal rows. */
function roundCost(usd: number): number {
  return Math.round(usd * 1e9) / 1e9;
}
