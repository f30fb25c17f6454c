/**
 * Who has to act, as far as one error shows. The class decides it, with one exception: `gateway` means that the
 * caller's own gateway refused the request, whatever the class.
 */
export type Fault =
  | 'traffic'
  | 'account'
  | 'key'
  | 'request'
  | 'provider'
  | 'network'
  | 'gateway'
  | 'unknown';

/**
 * Whether the same request can succeed later: `yes`, with back-off; `after_wait`, only after a longer wait; `no`,
 * never.
 */
export type Retry = 'yes' | 'after_wait' | 'no';

export interface ErrorFacts {
  /** Title for people. */
  title: string;
  /** The row or library type in OpenAI's "Error codes" guide, or null when the guide has none. */
  guide: string | null;
  fault: Fault;
  retry: Retry;
  /** Steps, in the order in which to try them. */
  remedy: readonly string[];
  /** The team that usually owns the fix. */
  owner: string;
  /** Colour on every chart, the same everywhere. */
  color: string;
}

/** The closed set of classes. All other lists of classes derive from this table. */
export const errorClasses = {
  ok: {
    title: 'Success',
    guide: null,
    fault: 'unknown',
    retry: 'no',
    remedy: [],
    owner: 'nobody',
    color: '#5a8f69',
  },
  invalid_authentication: {
    title: 'Invalid authentication',
    guide: '401 Invalid Authentication',
    fault: 'key',
    retry: 'no',
    remedy: [
      'Check the API key together with the organization and project headers.',
      'Check the scopes of a restricted key.',
      'Rotate the key if it was revoked or the account was deactivated.',
    ],
    owner: 'key owner',
    color: '#b877d9',
  },
  incorrect_api_key: {
    title: 'Incorrect API key',
    guide: '401 Incorrect API key provided',
    fault: 'key',
    retry: 'no',
    remedy: [
      'Replace the key in the secret store.',
      'Look for a deployment or key rotation just before the first failure.',
      'Stop retrying: the same key never succeeds.',
    ],
    owner: 'key owner',
    color: '#a352cc',
  },
  not_org_member: {
    title: 'Not a member of the organization',
    guide: '401 You must be a member of an organization to use the API',
    fault: 'account',
    retry: 'no',
    remedy: ['Have the account invited to the organization or project again.'],
    owner: 'organization administrator',
    color: '#8f3bb8',
  },
  ip_not_authorized: {
    title: 'IP not authorized',
    guide: '401 IP not authorized',
    fault: 'network',
    retry: 'no',
    remedy: [
      'Send from an allowed egress address.',
      'Or extend the IP allowlist of the project or organization; a change takes about 15 minutes.',
    ],
    owner: 'network team',
    color: '#7c2ea3',
  },
  unsupported_region: {
    title: 'Country, region, or territory not supported',
    guide: '403 Country, region, or territory not supported',
    fault: 'network',
    retry: 'no',
    remedy: [
      'Send the requests through a supported region.',
      'Check proxies, and by which address new deployments send.',
    ],
    owner: 'network team',
    color: '#5794f2',
  },
  rate_limit: {
    title: 'Rate limit reached',
    guide: '429 Rate limit reached for requests',
    fault: 'traffic',
    retry: 'after_wait',
    remedy: [
      'Wait as long as retry-after or the message says; if neither says it, back off with jitter.',
      'Pace requests, send fewer tokens, lower max_tokens, or use the Batch API.',
      'Look for a loop or a key shared by several services.',
    ],
    owner: 'calling service',
    color: '#f2cc0c',
  },
  quota_exceeded: {
    title: 'Quota exceeded',
    guide: '429 You exceeded your current quota, please check your plan and billing details',
    fault: 'account',
    retry: 'no',
    remedy: [
      'Add credit, or raise the spend limit that was reached.',
      'Stop retry loops: a retry never succeeds.',
      'If the answer names when the limit resets, and that is sooner than you can raise it, wait until then.',
    ],
    owner: 'billing owner',
    color: '#e0226e',
  },
  server_error: {
    title: 'Server error',
    guide: '500 The server had an error while processing your request',
    fault: 'provider',
    retry: 'yes',
    remedy: [
      'Retry with back-off and jitter.',
      "Look at the provider's status page.",
      'If it lasts, write to support with the request ids.',
    ],
    owner: 'provider',
    color: '#c4162a',
  },
  engine_overloaded: {
    title: 'Engine overloaded',
    guide: '503 The engine is currently overloaded, please try again later',
    fault: 'provider',
    retry: 'after_wait',
    remedy: [
      'Retry after some seconds with back-off and jitter: an overload usually ends within a minute.',
      'If it lasts, wait longer between tries and spread the load.',
      'Fall back to another model or provider.',
    ],
    owner: 'provider',
    color: '#8c4a2f',
  },
  slow_down: {
    title: 'Slow Down',
    guide: '503 Slow Down',
    fault: 'traffic',
    retry: 'after_wait',
    remedy: [
      'Follow retry-after and return to the original request rate.',
      'Hold it for at least 15 minutes (seconds are not enough), then raise it by at most 50 % per 15 minutes.',
      'If it recurs, keep traffic steady or buy Scale Tier.',
    ],
    owner: 'calling service',
    color: '#fa6400',
  },
  bad_request: {
    title: 'Bad request',
    guide: 'BadRequestError',
    fault: 'request',
    retry: 'no',
    remedy: [
      'The message names the parameter: correct the request.',
      'If it began with a release of the calling service, fix or roll back that release.',
    ],
    owner: 'calling service',
    color: '#8ab8ff',
  },
  not_found: {
    title: 'Not found',
    guide: 'NotFoundError',
    fault: 'request',
    retry: 'no',
    remedy: ['Check the model name and its retirement date.', 'Check the base URL.'],
    owner: 'calling service',
    color: '#6ed0e0',
  },
  permission_denied: {
    title: 'Permission denied',
    guide: 'PermissionDeniedError',
    fault: 'account',
    retry: 'no',
    remedy: [
      'Give the project access to the model.',
      'Verify the organization; access may need up to 15 minutes to take effect.',
    ],
    owner: 'organization administrator',
    color: '#3274d9',
  },
  conflict: {
    title: 'Conflict',
    guide: 'ConflictError',
    fault: 'request',
    retry: 'after_wait',
    remedy: [
      'Let only one process at a time write to a conversation or thread.',
      'Try again after some seconds.',
    ],
    owner: 'calling service',
    color: '#96d98d',
  },
  unprocessable: {
    title: 'Unprocessable',
    guide: 'UnprocessableEntityError',
    fault: 'request',
    retry: 'no',
    remedy: ["Compare the request with the server's schema."],
    owner: 'calling service',
    color: '#73bf69',
  },
  timeout: {
    title: 'Timeout',
    guide: 'APITimeoutError',
    fault: 'provider',
    retry: 'yes',
    remedy: [
      'Retry with care: the request may have been processed and billed.',
      'Use streaming, smaller requests, or a longer client timeout.',
    ],
    owner: 'provider',
    color: '#ffb357',
  },
  connection: {
    title: 'Connection failed',
    guide: 'APIConnectionError',
    fault: 'network',
    retry: 'yes',
    remedy: [
      'Check DNS, proxy, TLS and firewall.',
      'If many hosts fail at once, look at the network; if one host fails, look at that host.',
    ],
    owner: 'network team',
    color: '#806eb7',
  },
  other: {
    title: 'Unclassified',
    guide: null,
    fault: 'unknown',
    retry: 'no',
    remedy: ['Read the samples: add a rule, or fix the caller that gave up.'],
    owner: 'faultline operator',
    color: '#8e8e8e',
  },
} as const satisfies Record<string, ErrorFacts>;

export type RequestClass = keyof typeof errorClasses;
export type ErrorClass = Exclude<RequestClass, 'ok'>;

/** All classes in their fixed order, `ok` first. */
export const requestClassNames = Object.keys(errorClasses) as RequestClass[];

/** The classes of failures in their fixed order. */
export const errorClassNames = requestClassNames.filter((name): name is ErrorClass => name !== 'ok');

/** True when the text is the name of a class, `ok` included. */
export function isRequestClass(text: string): text is RequestClass {
  return Object.hasOwn(errorClasses, text);
}
