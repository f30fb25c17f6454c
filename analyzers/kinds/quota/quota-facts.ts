import { z } from 'zod';
import { COUNT_INTERVAL_SECONDS } from '../../../domain/count-row.ts';
import type { Scope } from '../../../domain/incident.ts';
import type { Facts } from '../../detector.ts';
import type { View } from '../../view.ts';
import { isQuota } from './quota-level.ts';
import { quotas } from './quota-scope.ts';

const tally = z.record(z.string(), z.number());

/** What an exhausted quota remembers. Times are epoch seconds. */
export const quotaFacts = z.object({
  quota: z.enum(quotas),
  /** Projects and keys that were seen to succeed while others failed, when the scope was found. */
  succeeding: z.array(z.string()),
  /** Start of the last interval with a success in the scope, up to the last quota answer; null when none was seen. */
  last_success_at: z.number().nullable(),
  /** The same up to the present. */
  newest_success_at: z.number().nullable(),
  last_request_at: z.number(),
  failed: z.number(),
  retries: z.number(),
  useless_retries: z.number(),
  cost_usd: z.number(),
  /** Quota answers by project, key and client; a bounded number of each. */
  projects: tally,
  keys: tally,
  clients: tally,
  /** Answers before this time are in the sums. */
  counted_until: z.number(),
});
export type QuotaFacts = z.infer<typeof quotaFacts>;

/** More names than this are not remembered one by one. */
const MAX_NAMES = 50;

/** Facts that were made here need not be checked again at the next evaluation. */
const readBefore = new WeakMap<Facts, QuotaFacts>();

export function rememberQuota(facts: QuotaFacts): QuotaFacts {
  readBefore.set(facts, facts);
  return facts;
}

/** The remembered facts, or null when there are none or they are of another version. */
export function readQuotaFacts(facts: Facts | undefined): QuotaFacts | null {
  if (facts === undefined) return null;
  const known = readBefore.get(facts);
  if (known !== undefined) return known;
  const read = quotaFacts.safeParse(facts);
  if (read.success) readBefore.set(facts, read.data);
  return read.success ? read.data : null;
}

/** Facts of a quota of which nothing has been counted yet. */
export function emptyQuotaFacts(from: number): QuotaFacts {
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
export function addQuotaAnswers(facts: QuotaFacts, view: View, scope: Scope, now: number): QuotaFacts {
  const next: QuotaFacts = {
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
    add(next.projects, row.project, row.requests);
    add(next.keys, row.api_key, row.requests);
    add(next.clients, row.client, row.requests);
  }
  return next;
}

/** Start of the interval of the last success in the scope before `until`; null for none. */
export function lastSuccess(view: View, scope: Scope, until: number): number | null {
  return view
    .between(0, until)
    .within(scope)
    .last((combination) => combination.class === 'ok');
}

/**
 * Start of the interval of the first quota answer of the run that reaches up to `now`: no pause between its
 * answers is longer than `pause` seconds.
 */
export function quotaStart(view: View, scope: Scope, now: number, pause: number): number {
  const quotas = view.within(scope).where(isQuota);
  let start = now;
  for (;;) {
    const before = quotas.between(0, start).last();
    if (before === null || (start !== now && start - before > pause + COUNT_INTERVAL_SECONDS)) return start;
    start = before;
  }
}

/** Sums of parts in any order must be equal, so that two analyzers write equal rows. */
function roundCost(usd: number): number {
  return Math.round(usd * 1e9) / 1e9;
}

function add(names: Record<string, number>, name: string, count: number): void {
  if (name === '') return;
  const known = Object.hasOwn(names, name);
  if (known || Object.keys(names).length < MAX_NAMES) names[name] = (known ? (names[name] ?? 0) : 0) + count;
}
