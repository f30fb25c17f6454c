import type { Incident } from '../../../domain/incident.ts';
import type { Report } from '../../detector.ts';
import { capital, clock } from '../../report.ts';

export const authReasons = [
  'revoked',
  'interrupted',
  'at_times',
  'wrong_key',
  'credentials',
  'membership',
  'address',
  'probing',
] as const;
export type AuthReason = (typeof authReasons)[number];

interface ReasonText {
  title: string;
  party: Incident['verdict']['party'];
  why: string;
  steps: Report['remedy']['steps'];
}

/** What the sentences are made from. Times are epoch seconds. */
interface KeyFacts {
  keys: readonly string[];
  clients: readonly string[];
  now: number;
  startedAt: number;
  /** End of the last interval with a refusal. */
  endedAt: number;
  lastSuccess: number | null;
  worksAgain: number | null;
  /** "12 of 18 requests". */
  refused: string;
  /** Number of refused keys that never succeeded, such as "7" or "50 or more". */
  strangeKeys: string;
  /** True: the key with most refusals keeps succeeding between them. */
  succeedsToo: boolean;
}

/** Explains the reason to people. It states as fact only what the counts show, and calls the rest likely. */
export function explainReason(reason: AuthReason, known: KeyFacts): ReasonText {
  const { keys, clients, now, startedAt, endedAt, lastSuccess, worksAgain, refused } = known;
  const key = keys[0] === undefined ? 'the key' : `key ${keys[0]}`;
  const who = clients.slice(0, 3).join(', ') || 'the callers';
  const begin = clock(startedAt, now);
  const stop = 'Stop retrying: the answer stays the same until this is fixed.';
  const others = keys.length > 1 ? ' Other keys are refused, too; this one most often.' : '';
  switch (reason) {
    case 'revoked': {
      const overlap = lastSuccess !== null && lastSuccess >= startedAt;
      return {
        title: 'Key refused',
        party: 'key',
        why: `${capital(key)} worked until ${clock(lastSuccess ?? startedAt, now)} and has been refused since ${begin}${overlap ? ', without exception since its last success' : ''}: it was revoked, deleted, or has expired. It was used by ${who}.${others}`,
        steps: [
          `Find out at the provider whether ${key} has expired, or who deleted it.`,
          `Give ${who} a new key, and delete the old one everywhere.`,
          stop,
        ],
      };
    }
    case 'interrupted':
      return {
        title: 'Key refused for a time',
        party: 'key',
        why: `${capital(key)} was refused from ${begin} to ${clock(endedAt, now)} (${refused}) and has worked again since ${clock(worksAgain ?? endedAt, now)}: it was not deleted, or it was restored. It was used by ${who}.${others}`,
        steps: [
          `Find out at the provider what changed for ${key} at ${begin} and at ${clock(worksAgain ?? endedAt, now)}: the key, its project, its permissions.`,
          `If nothing changed there, look at what ${who} sent at that time, and ask the provider with the request ids.`,
        ],
      };
    case 'at_times':
      return {
        title: 'Key refused at times',
        party: 'unknown',
        why: `Since ${begin} ${refused} with ${key} have been refused, while the same key succeeds: it is not revoked.${others}`,
        steps: [
          `Compare refused requests of ${who} with those that succeed under the same key: host, base URL, headers, organization and project.`,
          'See whether some instances run another configuration, or a proxy changes the Authorization header.',
          'If they are equal, ask the provider with the request ids.',
        ],
      };
    case 'wrong_key':
      return {
        title: 'Wrong key',
        party: 'key',
        why: `${capital(key)} of ${who} is refused: ${refused} since ${begin}. It did not succeed in that time or in the hour before: probably a deployment has a wrong key, or the key of another environment.${others}`,
        steps: [
          `Compare the key of ${who} with the one at the provider: its last four characters and hash are in the evidence.`,
          'Find the deployment at that time, and check whether its secret belongs to another environment or provider.',
          stop,
        ],
      };
    case 'credentials':
      return {
        title: 'Credentials refused',
        party: 'key',
        why: `Since ${begin} ${refused} of ${who} have been refused for their credentials; ${keys.length === 0 ? 'the logs do not say which key they carry' : `the logs name keys on refusals only (${keys.slice(0, 3).join(', ')}), so whether these also succeed is unknown`}.`,
        steps: [`Find out what ${who} sends as Authorization header, and what changed last.`, stop],
      };
    case 'membership':
      return {
        title: 'Not a member of the organization',
        party: 'account',
        why: known.succeedsToo
          ? `Since ${begin} ${refused} have been refused because the account behind ${key} is not a member of the organization or project they name; others with the same key succeed.`
          : `The account behind ${key} has not been a member of the organization or project since ${begin}; the key itself is right.`,
        steps: [
          'Find out who was removed from the organization or project at that time.',
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
          'Find out from which address the requests leave: usually a new deployment, proxy, NAT or VPN is the reason.',
          'Add the address to the IP allowlist of the project, or send the requests from an address that is on it.',
          stop,
        ],
      };
    case 'probing':
      return {
        title: 'Somebody tries out keys',
        party: 'key',
        why: `Since ${begin} ${who} has sent ${known.strangeKeys} keys that were refused and never succeeded: somebody tries out keys, or each run makes up its own.`,
        steps: [
          `Find out who runs ${who}; if nobody does, stop it.`,
          'Look for your own keys among those that were tried; revoke those that have leaked.',
        ],
      };
  }
}
