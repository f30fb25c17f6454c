import type { SimulatedFault, Scenario } from '../scenario.ts';
import { ASSISTANT } from './harborline.ts';
import { EVENT_AT, MINUTE, OPENAI, twoHours } from './two-hours.ts';

function refused(
  fault: Pick<SimulatedFault, 'classes' | 'ids' | 'truth'> & Partial<SimulatedFault>,
): SimulatedFault {
  return {
    kind: 'fault',
    where: { ...OPENAI, project: ASSISTANT },
    after_ms: EVENT_AT,
    lasts_ms: 30 * MINUTE,
    share: 1,
    ...fault,
  };
}

/** The callers' own gateway refuses, in words that providers use, too. */
export const gatewayScenarios: readonly Scenario[] = [
  twoHours('gateway-budget', "A project has spent its budget at the callers' own gateway.", [
    refused({
      classes: ['quota_exceeded'],
      ids: ['litellm-budget', 'litellm-team-budget'],
      truth: { kind: 'quota_exhausted', party: 'gateway' },
    }),
  ]),
  twoHours(
    'gateway-limit',
    "The callers' own gateway refuses two of five requests of one service by its rate limit.",
    [
      refused({
        where: { ...OPENAI, client: 'search-indexer' },
        classes: ['rate_limit'],
        ids: ['kong-limit'],
        share: 0.4,
        truth: { kind: 'rate_limit_surge', party: 'gateway' },
      }),
    ],
  ),
  twoHours(
    'gateway-unhealthy',
    "The callers' own gateway takes all deployments of a provider for unhealthy.",
    [
      refused({
        where: OPENAI,
        classes: ['server_error', 'engine_overloaded'],
        ids: ['litellm-deployments', 'envoy-overflow'],
        share: 0.7,
        truth: { kind: 'provider_outage', party: 'gateway', scope: { provider: 'openai' } },
      }),
    ],
  ),
  twoHours('gateway-key', "A service sends a key that the callers' own gateway does not know.", [
    refused({
      where: { ...OPENAI, client: 'search-indexer' },
      classes: ['invalid_authentication'],
      ids: ['litellm-key'],
      truth: { kind: 'auth_failure', party: 'gateway' },
    }),
  ]),
];
