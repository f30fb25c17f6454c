import { z } from 'zod';
import type { ErrorClass } from '../../domain/error-class.ts';
import type { Incident, Scope } from '../../domain/incident.ts';
import type { AnalyzerSettings, Report } from '../detector.ts';
import { isoTime } from '../iso-time.ts';
import { detectorOf, sharedScope } from '../kind.ts';
import { aboveUsual, lastAboveUsual, rememberUsual, usualFacts } from '../levels/above-usual.ts';
import { describeScope } from '../narrow-scope.ts';
import { clock, largest, remedyOf, share } from '../report.ts';
import { addName, sinceStart } from '../since.ts';
import type { Matching, View } from '../view.ts';

const matching: Matching = {
  classes: ['incorrect_api_key', 'invalid_authentication', 'not_org_member', 'ip_not_authorized'],
  measure: 'requests',
};
const since = sinceStart(matching, ['key', 'client', 'project', 'region', 'class']);
const shared = sharedScope(matching);
/** Callers with too few requests for the window are judged by a window that is this many times as long. */
const LONG = 5;
const LOOKBACK_SECONDS = 3_600;
/** So many refused keys of one client are no mistake in a configuration: somebody tries keys. */
const PROBED_KEYS = 5;
/** The refusals are about a key, or a class, if it has at least this share of them. */
const MOST = 0.9;

const reasons = ['revoked', 'wrong_key', 'credentials', 'membership', 'address', 'probing'] as const;
type Reason = (typeof reasons)[number];

/** Requests are refused because of who sends them: key, membership or address. */
export const authFailure = detectorOf({
  kind: 'auth_failure',
  settings: (all: AnalyzerSettings) => all.auth_failure,
  has_parts: true,
  matching,
  lookback: ({ window_seconds }) => LOOKBACK_SECONDS + 2 * LONG * window_seconds,
  ...aboveUsual<AnalyzerSettings['auth_failure']>(matching, { long: LONG, excuses: 'trickle' }),
  ...lastAboveUsual(matching),
  look,
  memory: since.memory.and(
    usualFacts.extend({
      reason: z.enum(reasons),
      /** Last success with one of the keys before the incident began, epoch seconds. */
      last_success: z.number().nullable(),
    }),
  ),
  remember(situation) {
    const { previous, judged, view, started_at: startedAt } = situation;
    const sums = since.remember(situation);
    const keys = Object.keys(sums.by['key'] ?? {});
    const before = view.between(0, startedAt).where(({ api_key: key }) => keys.includes(key));
    const lastSuccess = before.last((row) => row.class === 'ok') ?? previous?.last_success ?? null;
    return {
      ...sums,
      ...rememberUsual(previous, judged),
      last_success: lastSuccess,
      reason: reasonOf(sums.by, lastSuccess),
    };
  },
  severity: ({ memory }) => (memory.reason === 'wrong_key' ? 'warning' : 'critical'),
  report({ scope, memory, started_at: startedAt }) {
    const clients = largest(memory.by['client']);
    const keys = largest(memory.by['key']);
    const told = tell(memory.reason, { keys, clients, startedAt, lastSuccess: memory.last_success });
    const [top = 'incorrect_api_key'] = largest(memory.by['class']);
    return {
      summary: `${told.title} for ${describeScope(scope)}: ${memory.matching} requests refused.`,
      verdict: { party: told.party, why: told.why },
      evidence: {
        reason: memory.reason,
        refused_requests: memory.matching,
        refused_share: share(memory.matching, memory.requests),
        classes: largest(memory.by['class']),
        ...(memory.last_success === null ? {} : { last_success_at: isoTime(memory.last_success) }),
        useless_retries: memory.useless_retries,
        affected_keys: keys,
        key_count: Object.keys(memory.by['key'] ?? {}).length,
        affected_clients: clients,
        affected_projects: largest(memory.by['project']),
        affected_regions: largest(memory.by['region']),
      },
      remedy: remedyOf(top as ErrorClass, told.steps),
    };
  },
});

/** If one key is refused, it is the scope, whoever uses it; otherwise the scope is what the refusals share. */
function look(view: View, whole: Scope): { scope: Scope } {
  const keys: Record<string, number> = {};
  const classes: Record<string, number> = {};
  let refused = 0;
  for (const row of view.sums()) {
    if (!matching.classes.includes(row.class)) continue;
    refused += row.requests;
    addName(keys, row.api_key, row.requests);
    addName(classes, row.class, row.requests);
  }
  const [key] = largest(keys);
  const isOfKey =
    ofKeys(classes) >= MOST * refused && key !== undefined && (keys[key] ?? 0) >= MOST * refused;
  return isOfKey ? { scope: { ...whole, key } } : shared(view, whole);
}

function ofKeys(classes: Readonly<Record<string, number>>): number {
  return (classes['incorrect_api_key'] ?? 0) + (classes['invalid_authentication'] ?? 0);
}

function reasonOf(
  by: Readonly<Record<string, Readonly<Record<string, number>>>>,
  lastSuccess: number | null,
): Reason {
  const [top] = largest(by['class']);
  if (top === 'ip_not_authorized') return 'address';
  if (top === 'not_org_member') return 'membership';
  const clients = Object.values(by['client'] ?? {});
  const all = clients.reduce((sum, count) => sum + count, 0);
  const isOneClient = clients.length <= 1 || Math.max(...clients) >= MOST * all;
  if (Object.keys(by['key'] ?? {}).length >= PROBED_KEYS && isOneClient) return 'probing';
  if (lastSuccess !== null) return 'revoked';
  return Object.keys(by['key'] ?? {}).length === 0 ? 'credentials' : 'wrong_key';
}

interface Told {
  title: string;
  party: Incident['verdict']['party'];
  why: string;
  steps: Report['remedy']['steps'];
}

/** Explains the reason to people. */
function tell(
  reason: Reason,
  {
    keys,
    clients,
    startedAt,
    lastSuccess,
  }: { keys: string[]; clients: string[]; startedAt: number; lastSuccess: number | null },
): Told {
  const key = keys[0] === undefined ? 'the key' : `key ${keys[0]}`;
  const who = clients.slice(0, 3).join(', ') || 'the callers';
  const begin = clock(startedAt);
  const stop = 'Stop retrying: the answer stays the same until this is fixed.';
  switch (reason) {
    case 'revoked':
      return {
        title: 'Key refused',
        party: 'key',
        why: `${capitalKey(key)} worked until ${lastSuccess === null ? begin : clock(lastSuccess)} and has been refused since ${begin}: it was revoked, deleted, or has expired. ${who} still uses it.`,
        steps: [
          `See at the provider whether ${key} was deleted or has expired, and by whom.`,
          `Give ${who} a new key, and delete the old one everywhere.`,
          stop,
        ],
      };
    case 'wrong_key':
      return {
        title: 'Wrong key',
        party: 'key',
        why: `${capitalKey(key)} of ${who} has never worked since it was first seen at ${begin}: a deployment has the wrong key, or that of another environment.`,
        steps: [
          `Compare the key of ${who} with the one at the provider: its last four characters and hash are in the evidence.`,
          'Find the deployment of that time, and check whether its secret belongs to another environment or provider.',
          stop,
        ],
      };
    case 'credentials':
      return {
        title: 'Credentials refused',
        party: 'key',
        why: `Requests of ${who} have been refused for their credentials since ${begin}; the logs do not say which key they carry.`,
        steps: [`See what ${who} sends as Authorization header, and what changed last.`, stop],
      };
    case 'membership':
      return {
        title: 'Not a member of the organization',
        party: 'account',
        why: `The account behind ${key} has not been a member of the organization or project since ${begin}; the key itself is right.`,
        steps: [
          'See who was removed from the organization or project at that time.',
          'Invite the account again, or give the callers a key of a service account.',
          stop,
        ],
      };
    case 'address':
      return {
        title: 'Address refused',
        party: 'network',
        why: `Requests of ${who} have come from an address that is not allowed since ${begin}; key and membership are not the reason.`,
        steps: [
          'See by which address the requests leave: a new deployment, proxy, NAT or VPN is the usual reason.',
          'Add the address to the list of the project, or send the requests from one that is on it.',
          stop,
        ],
      };
    case 'probing':
      return {
        title: 'Keys are tried out',
        party: 'key',
        why: `${who} has sent ${keys.length === 10 ? 'ten or more' : keys.length} keys since ${begin}, and all are refused: keys are being tried out, or each run makes up its own.`,
        steps: [
          `See who runs ${who}, and stop it if nobody does.`,
          'Look for keys of yours among those that were tried; revoke what has leaked.',
        ],
      };
  }
}

function capitalKey(key: string): string {
  return key.charAt(0).toUpperCase() + key.slice(1);
}
