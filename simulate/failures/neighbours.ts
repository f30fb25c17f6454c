import type { Subclass } from '../../domain/classification.ts';
import type { Provider } from '../caller.ts';
import { type SimulatedFailure, failure } from './failure.ts';

/** Which limit or quota each of the texts below is about. */
const subclassOf: Readonly<Record<string, Subclass>> = {
  'anthropic-rate-limit': 'tokens_per_minute',
  'anthropic-credit': 'credit_balance',
  'gemini-rate-limit': 'requests_per_minute',
};

/**
 * Failures of Azure OpenAI, Anthropic and Gemini. They use the same words as OpenAI, sometimes with another meaning.
 */
export const neighbourFailures: readonly SimulatedFailure[] = [
  failure({
    id: 'azure-rate-limit',
    class: 'rate_limit',
    subclass: 'tokens_per_minute',
    provider: 'azure',
    status: 429,
    retry_after: 6,
    body: ({ random }) => ({
      error: {
        code: '429',
        message: `Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2025-01-01 have exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after ${random.between(2, 40)} seconds. To increase your default rate limit, visit https://aka.ms/oai/quotaincrease.`,
      },
    }),
  }),
  failure({
    id: 'azure-overloaded',
    class: 'engine_overloaded',
    provider: 'azure',
    status: 429,
    body: () => ({
      error: {
        code: 'too_many_requests',
        message:
          'The system is currently experiencing high demand and cannot process your request. Your request exceeds the maximum usage size allowed during peak load.',
      },
    }),
  }),
  failure({
    id: 'azure-content-filter',
    class: 'bad_request',
    provider: 'azure',
    status: 400,
    body: () => ({
      error: {
        message:
          "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
        type: null,
        param: 'prompt',
        code: 'content_filter',
        status: 400,
        innererror: {
          code: 'ResponsibleAIPolicyViolation',
          content_filter_result: { violence: { filtered: true, severity: 'medium' } },
        },
      },
    }),
  }),
  failure({
    id: 'azure-key',
    class: 'incorrect_api_key',
    provider: 'azure',
    status: 401,
    body: () => ({
      error: {
        code: '401',
        message:
          'Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription.',
      },
    }),
  }),
  failure({
    id: 'azure-server-error',
    class: 'server_error',
    provider: 'azure',
    status: 500,
    body: () => ({
      error: {
        code: 'InternalServerError',
        message: 'The server had an error while processing your request. Sorry about that!',
      },
    }),
  }),
  anthropic(
    'anthropic-rate-limit',
    'rate_limit',
    429,
    'rate_limit_error',
    'This request would exceed your organization’s rate limit of 400,000 input tokens per minute. Please try again later.',
  ),
  anthropic('anthropic-overloaded', 'engine_overloaded', 529, 'overloaded_error', 'Overloaded'),
  anthropic('anthropic-server-error', 'server_error', 500, 'api_error', 'Internal server error'),
  anthropic(
    'anthropic-request',
    'bad_request',
    400,
    'invalid_request_error',
    'messages: text content blocks must be non-empty',
  ),
  anthropic('anthropic-key', 'invalid_authentication', 401, 'authentication_error', 'invalid x-api-key'),
  anthropic(
    'anthropic-credit',
    'quota_exceeded',
    400,
    'invalid_request_error',
    'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
  ),
  anthropic('anthropic-not-found', 'not_found', 404, 'not_found_error', 'model: claude-sonnet-4-5-latest'),
  gemini(
    'gemini-rate-limit',
    'rate_limit',
    429,
    'RESOURCE_EXHAUSTED',
    'You exceeded your current quota, please check your plan and billing details. Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_requests, limit: 1000. Please retry in 21s.',
    [
      {
        '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
        violations: [{ quotaId: 'GenerateRequestsPerMinutePerProjectPerModel', quotaValue: '1000' }],
      },
      { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '21s' },
    ],
  ),
  gemini(
    'gemini-overloaded',
    'engine_overloaded',
    503,
    'UNAVAILABLE',
    'The model is overloaded. Please try again later.',
  ),
  gemini(
    'gemini-request',
    'bad_request',
    400,
    'INVALID_ARGUMENT',
    'Please ensure that the number of function response parts is equal to the number of function call parts.',
  ),
  gemini(
    'gemini-server-error',
    'server_error',
    500,
    'INTERNAL',
    'An internal error has occurred. Please retry or report the issue.',
  ),
  gemini(
    'gemini-region',
    'unsupported_region',
    400,
    'FAILED_PRECONDITION',
    'User location is not supported for the API use.',
  ),
];

function anthropic(
  id: string,
  cls: SimulatedFailure['class'],
  status: number,
  type: string,
  message: string,
): SimulatedFailure {
  return neighbour('anthropic', id, cls, status, ({ request_id }) => ({
    type: 'error',
    error: { type, message },
    request_id,
  }));
}

function gemini(
  id: string,
  cls: SimulatedFailure['class'],
  code: number,
  status: string,
  message: string,
  details: unknown[] = [],
): SimulatedFailure {
  const error = details.length === 0 ? { code, message, status } : { code, message, status, details };
  return neighbour('gemini', id, cls, code, () => ({ error }));
}

/**
 * Makes a failure that is logged only with its whole body, because a message alone means different things at different
 * providers.
 */
function neighbour(
  provider: Provider,
  id: string,
  cls: SimulatedFailure['class'],
  status: number,
  body: SimulatedFailure['body'],
): SimulatedFailure {
  const subclass = subclassOf[id] ?? '';
  return failure({ id, class: cls, subclass, provider, status, shapes: ['body', 'raw', 'python'], body });
}
