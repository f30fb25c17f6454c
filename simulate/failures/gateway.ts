import { envelope, type SimulatedFailure, failure } from './failure.ts';

/** Answers of a gateway that the callers run themselves: it refuses, and no provider is asked. */
export const gatewayFailures: readonly SimulatedFailure[] = [
  failure({
    id: 'litellm-budget',
    class: 'quota_exceeded',
    provider: 'any',
    status: 400,
    by_id: true,
    retried: false,
    shapes: ['body', 'raw', 'inner'],
    body: ({ random }) =>
      envelope(
        `Budget has been exceeded! Current cost: ${(100 + random.next()).toFixed(4)}, Max budget: 100.0`,
        'budget_exceeded',
        '400',
      ),
  }),
  failure({
    id: 'litellm-team-budget',
    class: 'quota_exceeded',
    provider: 'any',
    status: 400,
    by_id: true,
    retried: false,
    shapes: ['body', 'raw', 'inner'],
    body: ({ random }) =>
      envelope(
        `ExceededBudget: Team=support over budget. Spend=${(500 + 10 * random.next()).toFixed(2)}, Budget=500.0`,
        'budget_exceeded',
        '400',
      ),
  }),
  failure({
    id: 'kong-limit',
    class: 'rate_limit',
    provider: 'any',
    status: 429,
    by_id: true,
    shapes: ['body', 'raw'],
    body: ({ random }) => ({ message: 'API rate limit exceeded', request_id: random.hex32() }),
  }),
  failure({
    id: 'litellm-deployments',
    class: 'server_error',
    provider: 'any',
    status: 503,
    by_id: true,
    shapes: ['body', 'raw', 'inner'],
    body: () =>
      envelope(
        'No healthy deployments found for the model in this router group',
        'internal_server_error',
        '503',
      ),
  }),
  failure({
    id: 'envoy-overflow',
    class: 'engine_overloaded',
    provider: 'any',
    status: 503,
    by_id: true,
    shapes: ['verbatim'],
    exception: 'InternalServerError',
    body: () => 'upstream connect error or disconnect/reset before headers. reset reason: overflow',
  }),
  failure({
    id: 'litellm-key',
    class: 'invalid_authentication',
    provider: 'any',
    status: 401,
    by_id: true,
    shapes: ['body', 'raw', 'inner'],
    body: () => envelope('Authentication Error, Invalid proxy server token passed.', 'auth_error', '401'),
  }),
];
