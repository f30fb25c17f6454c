import { codeRule, rule, type Rule } from './rule.ts';

/**
 * Words that count only when the text has nothing more exact. They are tried after the sentences and before the status.
 * They do not count after words of a guess ("may be", "please check").
 */
export const mediumRules: readonly Rule[] = [
  rule(
    'word.invalid_api_key',
    'incorrect_api_key',
    [
      'invalid api key',
      'invalid api-key',
      'invalid apikey',
      'api key is invalid',
      'api key is incorrect',
      'api key invalid',
      'wrong api key',
      'api key was reported as leaked',
      'api key has been revoked',
      'api key expired',
      'api key has expired',
      'api key not found',
    ],
    { far: /invalid api[ -]?key ?: ?\S/, notStatus: [403, 429, 500, 502, 503, 504] },
  ),
  rule('word.overloaded', 'engine_overloaded', ['overloaded', 'overload'], {
    word: true,
    far: /not overloaded|no overload/,
  }),
  rule(
    'word.quota',
    'quota_exceeded',
    [
      'quota exceeded',
      'quota has been exceeded',
      'exceeded quota',
      'exceeds quota',
      'exceeded the quota',
      'quota limit exceeded',
      'quota limit reached',
      'payment required',
    ],
    { none: ['google', 'per_time'], notStatus: [409], lifts: true },
  ),
  rule(
    'word.quota_per_time',
    'rate_limit',
    ['quota exceeded', 'quota has been exceeded', 'exceeded quota', 'exceeded the quota'],
    {
      lifts: true,
      notStatus: [409],
    },
  ),
  rule(
    'gemini.resource_exhausted',
    'rate_limit',
    ['resource has been exhausted', 'resource_exhausted', 'resource exhausted', 'resourceexhausted'],
    { lifts: true },
  ),
  rule(
    'word.rate_limit',
    'rate_limit',
    [
      'rate limit',
      'rate limits',
      'rate limited',
      'rate-limited',
      'rate limiting',
      'ratelimited',
      'request limit exceeded',
      'requests limit exceeded',
      'concurrency limit',
      'throttled',
      'too many requests',
      'requests rate limit',
      'requests per minute',
      'tokens per minute',
      'limiting requests',
      'high concurrency usage',
    ],
    { word: true, notStatus: [401, 404, 413, 422] },
  ),
];

/** Exception classes that mean an HTTP status, for texts without a status. */
export const exceptionRules: readonly Rule[] = [
  rule('exception.rate_limit', 'rate_limit', [
    'ratelimiterror',
    'ratelimitexception',
    'throttlingexception',
    'toomanyrequests',
  ]),
  rule('exception.overloaded', 'engine_overloaded', [
    'overloadederror',
    'openai.error.serviceunavailableerror',
    'modelnotreadyexception',
  ]),
  rule('exception.content', 'bad_request', [
    'contentpolicyviolationerror',
    'contextwindowexceedederror',
    'lengthfinishreasonerror',
    'contentfilterfinishreasonerror',
  ]),
  rule(
    'exception.authentication',
    'invalid_authentication',
    [
      'authenticationerror',
      'authenticationexception',
      'unauthorizedexception',
      'unauthorizederror',
      'oautherror',
    ],
    // In .NET, AuthenticationException means a failed TLS handshake.
    { far: /system\.security\.authentication|certificate/ },
  ),
  rule('exception.permission', 'permission_denied', [
    'permissiondeniederror',
    'permissiondeniedexception',
    'openai.error.permissionerror',
    'accessdeniedexception',
    'forbiddenexception',
  ]),
  rule(
    'exception.not_found',
    'not_found',
    ['notfounderror', 'resourcenotfoundexception', 'notfoundexception'],
    {
      far: /modulenotfounderror|filenotfounderror/,
    },
  ),
  rule('exception.conflict', 'conflict', ['conflicterror', 'conflictexception', 'openai.error.tryagain']),
  rule('exception.unprocessable', 'unprocessable', [
    'unprocessableentityerror',
    'unprocessableentityexception',
  ]),
  rule('exception.bad_request', 'bad_request', [
    'badrequesterror',
    'badrequestexception',
    'invalidrequesterror',
    'validationexception',
  ]),
  rule('exception.server_error', 'server_error', [
    'internalservererror',
    'internalserverexception',
    'serviceunavailableerror',
    'serviceunavailableexception',
    'badgatewayerror',
    'modelerrorexception',
    'modelstreamerrorexception',
  ]),
];

/** Reason phrases of HTTP, for texts without the number of the status. */
export const reasonRules: readonly Rule[] = [
  rule('reason.unauthorized', 'invalid_authentication', ['unauthorized'], { word: true }),
  rule('reason.forbidden', 'permission_denied', ['forbidden'], { word: true }),
  rule('reason.access_denied', 'permission_denied', ['access denied'], { word: true }),
  rule('reason.payment_required', 'quota_exceeded', ['payment required']),
  rule('reason.unavailable', 'server_error', ['unavailable', 'server error'], {
    word: true,
    far: /error code unavailable/,
  }),
  rule('reason.bad_request', 'bad_request', ['bad request'], { word: true }),
];

/** Very general types, tried last. */
export const lastRules: readonly Rule[] = [
  rule('type.limiter', 'rate_limit', [
    "type':'requests'",
    "type': 'requests'",
    "type':'tokens'",
    "type': 'tokens'",
    'type=requests',
    'type=tokens',
  ]),
  codeRule('type.invalid_request_error', 'bad_request', [
    'invalid_request_error',
    'invalid_argument',
    'invalid_request',
  ]),
  rule('reason.not_found', 'not_found', ['not found'], {
    word: true,
    far: /command not found|module not found/,
  }),
];
