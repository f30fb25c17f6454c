import type { Incident, Scope } from '../../../domain/incident.ts';
import type { Report } from '../../detector.ts';
import { isoTime } from '../../iso-time.ts';
import type { KindSettings, Remembered } from '../../kind.ts';
import { describeScope } from '../../narrow-scope.ts';
import { capital, clock, count, largest, remedyOf, share } from '../../report.ts';
import { MAX_NAMES } from '../../since.ts';
import type { QuotaMemory } from './quota-memory.ts';
import { isQuota } from './quota-level.ts';
import type { Quota } from './quota-scope.ts';

type QuotaReportInput = Pick<
  Remembered<KindSettings, QuotaMemory, unknown>,
  'view' | 'now' | 'settings' | 'scope' | 'memory' | 'started_at'
>;

/** The name of each quota, and the first steps when it is used up. Retrying helps with none of them. */
const quotaFactsheet: Record<Quota, { title: string; steps: readonly string[] }> = {
  credit_balance: {
    title: 'prepaid credit',
    steps: [
      'Add credit to the organization in its billing settings.',
      'Turn on automatic recharge, so that it does not run out again.',
    ],
  },
  organization_spend_limit: {
    title: 'organization spend limit',
    steps: [
      "Raise the organization's monthly spend limit; the change takes effect after some minutes.",
      'Otherwise nothing succeeds until the limit resets at the end of the month.',
    ],
  },
  project_spend_limit: {
    title: 'project spend limit',
    steps: [
      "Raise this project's monthly spend limit; the change takes effect after some minutes.",
      'Otherwise move urgent work to a project that has budget left: the organization itself is not out of quota.',
    ],
  },
  organization_usage_limit: {
    title: 'organization usage limit',
    steps: [
      'Ask the provider for a higher usage limit: the provider sets this one, not you.',
      'Until then, lower usage or send urgent work to another organization or provider.',
    ],
  },
  '': {
    title: 'quota',
    steps: [
      'Look at the billing page: is credit left, and which spend limit was reached?',
      'Add credit, or raise the limit that was reached.',
    ],
  },
};

/** The report about an exhausted quota: which one, for whom, what it cost, what to do. Pure. */
export function quotaReport(exhaustion: QuotaReportInput): Report {
  const { scope, memory: facts } = exhaustion;
  return {
    summary: summary(exhaustion),
    verdict: verdict(exhaustion),
    evidence: evidence(exhaustion),
    remedy: {
      ...remedyOf('quota_exceeded', steps(exhaustion)),
      ...(scope.key === undefined || facts.quota !== '' ? {} : { owner: 'key owner' }),
    },
  };
}

function summary({ scope, memory: facts }: QuotaReportInput): string {
  const useless =
    facts.useless_retries === 0 ? '' : `, ${count(facts.useless_retries)} of them useless retries`;
  return `${capital(quotaFactsheet[facts.quota].title)} used up for ${describeScope(scope)}: ${count(facts.failed)} requests were refused${useless}.`;
}

function verdict({ scope, memory: facts, started_at, now }: QuotaReportInput): Incident['verdict'] {
  const since =
    facts.last_success_at === null
      ? 'no success was seen since then or in the hour before'
      : `the last success was at ${clock(facts.last_success_at, now)}`;
  const named =
    facts.quota === '' ? '' : ` The answers say that it is the ${quotaFactsheet[facts.quota].title}.`;
  const rest =
    isNarrow(scope) && facts.succeeding.length > 0
      ? ` Others of the organization still succeed (${facts.succeeding.slice(0, 3).join(', ')}), so it is not the organization's quota.`
      : '';
  const who = [counted(names(facts.keys), 'key'), counted(names(facts.projects), 'project')]
    .filter((text) => text !== '')
    .join(' in ');
  return {
    party: scope.key !== undefined && facts.quota === '' ? 'key' : 'account',
    why: `${capital(describeScope(scope))}: ${who === '' ? `${count(facts.failed)} requests` : who} refused for quota since ${clock(started_at, now)}; ${since}.${named}${rest}`,
  };
}

function evidence({
  view,
  now,
  settings,
  scope,
  memory: facts,
  started_at,
}: QuotaReportInput): Incident['evidence'] {
  const window = view.between(now - settings.window_seconds, now).within(scope);
  const sums = { requests: 0, failed: 0 };
  for (const row of window.sums()) {
    sums.requests += row.requests;
    if (isQuota(row)) sums.failed += row.requests;
  }
  return {
    quota: facts.quota === '' ? 'unknown' : facts.quota,
    failing_share: share(sums.failed, sums.requests),
    requests_in_window: sums.requests,
    failed_requests: facts.failed,
    retries: facts.retries,
    useless_retries: facts.useless_retries,
    cost_usd_of_failed: Math.round(facts.cost_usd * 1e6) / 1e6,
    first_failure_at: isoTime(started_at),
    ...(facts.last_success_at === null ? {} : { last_success_at: isoTime(facts.last_success_at) }),
    ...affected('project', facts.projects),
    ...affected('key', facts.keys),
    ...affected('client', facts.clients),
    still_succeeding: [...facts.succeeding],
  };
}

function steps({ memory: facts }: QuotaReportInput): string[] {
  const clients = largest(facts.clients).slice(0, 3);
  const who = clients.length === 0 ? '' : ` in ${clients.join(', ')}`;
  const waste =
    facts.useless_retries === 0 ? '' : ` (${count(facts.useless_retries)} useless retries in all)`;
  return [
    ...quotaFactsheet[facts.quota].steps,
    `Stop retry loops${who}: a retry never succeeds here${waste}.`,
    'Pause batch jobs, so that people get the new quota first.',
  ];
}

function isNarrow(scope: Scope): boolean {
  return [scope.project, scope.key, scope.client, scope.model].some((value) => value !== undefined);
}

function names(tally: Readonly<Record<string, number>>): number {
  return Object.keys(tally).length;
}

/** How many keys, projects or clients are affected, with their names; nothing if the logs name none. */
function affected(what: string, tally: Readonly<Record<string, number>>): Incident['evidence'] {
  const count = names(tally);
  return count === 0 ? {} : { [`affected_${what}_count`]: count, [`affected_${what}s`]: largest(tally) };
}

/**
 * "1 key", "3 keys"; nothing if the logs name none. Only a limited number of names is kept, so at that number it says
 * "or more".
 */
function counted(count: number, what: string): string {
  if (count === 0) return '';
  if (count >= MAX_NAMES) return `${MAX_NAMES} or more ${what}s`;
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}
