import { errorClasses, isRequestClass, type RequestClass } from '../domain/error-class.ts';
import type { Incident } from '../domain/incident.ts';
import { factsOf } from '../domain/incident-kind.ts';
import type { Report } from './detector.ts';
import { share } from './report.ts';

/** The failures of an incident, and how many of them the caller's own gateway answered. */
export interface GatewayAnswers {
  failures: number;
  by_gateway: number;
  /** The most frequent class among the gateway's answers. */
  gateway_class: RequestClass | '';
}

/** If the caller's gateway answered more than this share of the failures, the verdict names the gateway. */
const MOST = 0.5;

/** For each class, why the gateway refused the request and what to do there. The request never reached the provider. */
const steps: Partial<Record<RequestClass, { what: string; steps: readonly string[] }>> = {
  rate_limit: {
    what: 'a rate limit of its own',
    steps: [
      'Find the limit in the log of the gateway (key, team, route, deployment); raise it, or slow the callers down to it.',
      'If the gateway has paused deployments after failures, look at these: the limit ends by itself when they answer again.',
    ],
  },
  quota_exceeded: {
    what: 'a budget of its own',
    steps: [
      'Raise or reset the budget of the key, team or user in the gateway; credit at the provider changes nothing.',
      'Find out who spent it: the gateway records the spend of each key.',
    ],
  },
  not_found: {
    what: 'a model or route that it does not have',
    steps: ['Add the model or route to the configuration of the gateway, or correct its name in the caller.'],
  },
  permission_denied: {
    what: 'a permission that the key lacks there',
    steps: ['Give the key or team access to the model in the gateway.'],
  },
  bad_request: {
    what: 'a rule of its own',
    steps: [
      'Find the guardrail or rule of the gateway that stopped the request; change the rule or the request.',
    ],
  },
};
const keys = {
  what: 'the key that callers send to it',
  steps: [
    'Issue a key of the gateway, or correct the one that callers send; the key at the provider is not the cause.',
  ],
};
const health = {
  what: 'unhealthy deployments, or full queues of its own',
  steps: [
    'Look at the gateway: health checks, circuit breakers, connection pools, and whether its upstreams answer when asked directly.',
  ],
};

/**
 * The incident with the gateway's verdict, if the gateway gave most of its answers; otherwise the unchanged incident.
 * Pure.
 */
export function judgeGateway(incident: Incident, answers: GatewayAnswers): Incident {
  const { by_gateway: refused, failures, gateway_class: cls } = answers;
  if (!canBeGateway(incident.kind) || cls === '' || refused <= MOST * failures) return incident;
  const evidence = {
    ...incident.evidence,
    gateway_answers: refused,
    gateway_share: share(refused, failures),
    gateway_class: cls,
  };
  return { ...incident, ...asGateway({ ...incident, evidence }, evidence) };
}

/** Keeps the gateway's verdict in a later report. `before` is the evidence of the version before. Pure. */
export function keepGateway(report: Report, before: Incident['evidence'] | undefined): Report {
  // This report already names the gateway: a kind that was switched off repeats its last report.
  if (report.verdict.party === 'gateway') return report;
  const { gateway_answers: answers, gateway_share: part, gateway_class: cls } = before ?? {};
  if (typeof answers !== 'number' || typeof part !== 'number' || typeof cls !== 'string') return report;
  const evidence = { ...report.evidence, gateway_answers: answers, gateway_share: part, gateway_class: cls };
  return asGateway({ ...report, evidence }, evidence);
}

function canBeGateway(kind: Incident['kind']): boolean {
  return factsOf(kind).why['gateway'] !== undefined;
}

function asGateway(
  report: Report,
  { gateway_class: cls, gateway_answers: answers, gateway_share: part }: Incident['evidence'],
): Report & Pick<Incident, 'remedy'> {
  const name = typeof cls === 'string' && isRequestClass(cls) ? cls : 'other';
  const { what, steps: own } = steps[name] ?? (errorClasses[name].fault === 'key' ? keys : health);
  return {
    ...report,
    summary: `${report.summary.replace(/\.$/, '')}; your own gateway refused them.`,
    verdict: {
      party: 'gateway',
      why: `Your own gateway refused, not the provider: when this was found, ${String(answers)} failures (${Math.round(Number(part) * 100)} %) were the gateway's own answers, for ${what}, and no provider was asked.`,
    },
    remedy: {
      ...report.remedy,
      steps: [...own, 'Stop retries while this lasts: the gateway answers them the same way.'],
      owner: 'gateway team',
      docs: 'docs/incidents/gateway.md',
    },
  };
}
