import { envelope, type SimulatedFailure, failure } from './failure.ts';

const quotaSentence = 'You exceeded your current quota, please check your plan and billing details.';

/** Answers about money, keys, membership and access. */
export const accountFailures: readonly SimulatedFailure[] = [
  quota('quota-2023', '', null, `${quotaSentence} For more information on this error, read the docs.`),
  quota(
    'quota-2024',
    '',
    'insufficient_quota',
    `${quotaSentence} For more information on this error, read the docs.`,
  ),
  quota(
    'quota-credit',
    'credit_balance',
    'credit_balance_exhausted',
    'Your organization has no prepaid credit left. Add credit to continue.',
  ),
  quota(
    'quota-organization-spend',
    'organization_spend_limit',
    'organization_spend_limit_exceeded',
    'Your organization reached its configured spend limit. An owner can raise the limit.',
  ),
  quota(
    'quota-project-spend',
    'project_spend_limit',
    'project_spend_limit_exceeded',
    'This project reached its configured spend limit. Raise the limit of the project to continue.',
  ),
  quota(
    'quota-organization-usage',
    'organization_usage_limit',
    'organization_usage_limit_exceeded',
    'Your organization reached its assigned usage limit. Ask for a higher limit to continue.',
  ),
  failure({
    id: 'quota-not-active',
    class: 'quota_exceeded',
    status: 429,
    body: () =>
      envelope(
        'Your account is not active, please check your billing details on our website.',
        'billing_not_active',
        'billing_not_active',
      ),
  }),
  failure({
    id: 'quota-hard-limit',
    class: 'quota_exceeded',
    subclass: 'organization_spend_limit',
    status: 400,
    shapes: ['body', 'raw', 'inner', 'python'],
    body: () =>
      envelope('Billing hard limit has been reached.', 'invalid_request_error', 'billing_hard_limit_reached'),
  }),
  failure({
    id: 'key-incorrect',
    class: 'incorrect_api_key',
    status: 401,
    body: ({ caller }) =>
      envelope(
        `Incorrect API key provided: ${caller.api_key.slice(0, 8)}${'*'.repeat(24)}${caller.api_key.slice(-4)}. ` +
          'You can find your API key at https://platform.openai.com/account/api-keys.',
        'invalid_request_error',
        'invalid_api_key',
      ),
  }),
  failure({
    id: 'key-incorrect-in-full',
    class: 'incorrect_api_key',
    status: 401,
    shapes: ['body', 'raw', 'python'],
    body: ({ caller }) =>
      envelope(`Incorrect API key provided: ${caller.api_key}.`, 'invalid_request_error', 'invalid_api_key'),
  }),
  failure({
    id: 'auth-no-key',
    class: 'invalid_authentication',
    status: 401,
    body: () =>
      envelope(
        "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth.",
        'invalid_request_error',
        null,
      ),
  }),
  failure({
    id: 'auth-scopes',
    class: 'invalid_authentication',
    status: 401,
    body: () =>
      envelope(
        'You have insufficient permissions for this operation. Missing scopes: model.request. Check that you have the correct role in your project.',
        'invalid_request_error',
        null,
      ),
  }),
  failure({
    id: 'auth-organization-mismatch',
    class: 'invalid_authentication',
    status: 401,
    body: () =>
      envelope(
        'OpenAI-Organization header should match organization for API key',
        'invalid_request_error',
        'mismatched_organization',
      ),
  }),
  failure({
    id: 'member',
    class: 'not_org_member',
    status: 401,
    body: () =>
      envelope(
        'You must be a member of an organization to use the API. Please ask to be invited.',
        'invalid_request_error',
        'no_organization',
      ),
  }),
  failure({
    id: 'address',
    class: 'ip_not_authorized',
    status: 401,
    body: ({ random }) =>
      envelope(
        `Your IP is not authorized to access this resource: 203.0.113.${random.between(1, 254)}`,
        'invalid_request_error',
        'ip_not_authorized',
      ),
  }),
  failure({
    id: 'region',
    class: 'unsupported_region',
    status: 403,
    body: () =>
      envelope(
        'Country, region, or territory not supported',
        'request_forbidden',
        'unsupported_country_region_territory',
      ),
  }),
  failure({
    id: 'permission-model',
    class: 'permission_denied',
    status: 403,
    body: ({ caller }) =>
      envelope(
        `Project \`${caller.project}\` does not have access to model \`${caller.model}\``,
        'invalid_request_error',
        'model_not_found',
      ),
  }),
  failure({
    id: 'permission-verification',
    class: 'permission_denied',
    status: 403,
    body: () =>
      envelope(
        'Your organization must be verified to stream this model. It can take up to 15 minutes for access to propagate.',
        'invalid_request_error',
        null,
      ),
  }),
];

/**
 * Makes a quota failure. Since 2026 one code comes with several sentences, so the failure uses only shapes of the log
 * that keep the code.
 */
function quota(
  id: string,
  subclass: SimulatedFailure['subclass'],
  code: string | null,
  message: string,
): SimulatedFailure {
  return failure({
    id,
    class: 'quota_exceeded',
    subclass,
    status: 429,
    body: () => envelope(message, 'insufficient_quota', code),
    ...(subclass === '' ? {} : { shapes: ['body', 'raw', 'inner', 'python'] as const }),
  });
}
