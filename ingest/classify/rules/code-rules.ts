import { codeRule, rule, type Rule } from './rule.ts';

const quotaCodes = [
  'insufficient_quota',
  'exceeded_current_quota_error',
  'insufficient_user_quota',
  'pre_consume_token_quota_failed',
  'quota_not_enough',
  'quota_exceeded',
  'insufficient_balance',
  'insufficient_credits',
  'insufficient_credit',
  'insufficient_funds',
  'out_of_credits',
  'arrearage',
  'allocationquota.freetieronly',
  'budget_exceeded',
  'enforced_spend_limit_reached',
  'billing_error',
  'billing_not_active',
  // AWS writes this code for a limit of the account that only its support can raise. For a limit that ends by waiting,
  // AWS writes ThrottlingException.
  'servicequotaexceededexception',
];

/** With HTTP 409, the code of a quota means a conflict in the service and has nothing to do with money. */
const money = { notStatus: [409] } as const;

/**
 * Codes and types that determine the class alone. They win over every sentence of the same attempt. Codes come before
 * types, because classes can share a type: `rate_limit_error` is also the type of Slow Down.
 */
export const codeRules: readonly Rule[] = [
  // slow_down is also the answer to a device that asks for its login too often (RFC 8628), which is not a call of the
  // API.
  codeRule('code.device_login', 'other', ['slow_down'], { all: ['login_by_device'] }),
  codeRule('code.device_login_status', 'other', ['slow_down'], { status: [400] }),
  codeRule(
    'code.conflict_quota',
    'conflict',
    [...quotaCodes, 'usage_limit_reached', 'insufficientquota', 'quotaexceeded'],
    {
      status: [409],
    },
  ),
  codeRule('code.capacity', 'engine_overloaded', [
    'model_capacity_exhausted',
    'server_is_overloaded',
    'engine_overloaded',
    'engine_overloaded_error',
    'overloaded_error',
    'overloaded',
    'model_overloaded',
    'server_overloaded',
    'serveroverloaded',
    'service_tier_capacity_exceeded',
    'capacity_exceeded',
    'insufficient_capacity',
  ]),
  rule('zai.overloaded', 'engine_overloaded', ["code':'1305'", "code': '1305'", "code':1305", "code': 1305"]),
  codeRule('code.slow_down', 'slow_down', [
    'slow_down',
    'slowdown',
    'limit_burst_rate',
    'throttling.burstrate',
  ]),

  codeRule('code.credit_balance_exhausted', 'quota_exceeded', ['credit_balance_exhausted'], money),
  codeRule(
    'code.organization_spend_limit_exceeded',
    'quota_exceeded',
    ['organization_spend_limit_exceeded'],
    money,
  ),
  codeRule('code.project_spend_limit_exceeded', 'quota_exceeded', ['project_spend_limit_exceeded'], money),
  codeRule(
    'code.organization_usage_limit_exceeded',
    'quota_exceeded',
    ['organization_usage_limit_exceeded'],
    money,
  ),
  codeRule('code.billing_hard_limit_reached', 'quota_exceeded', ['billing_hard_limit_reached'], money),
  // Other providers use the code of a quota for limits per minute; their text shows the time.
  codeRule('code.quota_per_time', 'rate_limit', ['insufficient_quota'], { all: ['per_time'], ...money }),
  codeRule('code.insufficient_quota', 'quota_exceeded', ['insufficient_quota'], {
    none: ['google'],
    ...money,
  }),
  codeRule('code.quota', 'quota_exceeded', quotaCodes.slice(1), { none: ['google'], ...money }),
  codeRule('code.usage_limit', 'quota_exceeded', ['usage_limit_reached', 'usage_limit_exceeded'], {
    ...money,
    lifts: true,
  }),
  rule('zai.arrears', 'quota_exceeded', [
    "code':'1113'",
    "code': '1113'",
    "code':1113",
    "code': 1113",
    "type':'1113'",
  ]),

  codeRule('code.invalid_api_key', 'incorrect_api_key', [
    'invalid_api_key',
    'incorrect_api_key',
    'api_key_invalid',
    'invalidapikey',
  ]),
  codeRule('code.mismatched_organization', 'invalid_authentication', ['mismatched_organization']),
  codeRule('code.invalid_organization', 'invalid_authentication', ['invalid_organization']),
  codeRule('code.account_deactivated', 'invalid_authentication', ['account_deactivated']),
  codeRule('code.oauth', 'invalid_authentication', ['invalid_grant', 'invalid_subject_token']),
  codeRule('code.token', 'invalid_authentication', [
    'token_expired',
    'token_invalidated',
    'token_revoked',
    'invalid_token',
    'expired_token',
  ]),
  codeRule('code.no_organization', 'not_org_member', ['no_organization']),
  codeRule('code.ip_not_authorized', 'ip_not_authorized', ['ip_not_authorized']),
  codeRule('code.unsupported_country_region_territory', 'unsupported_region', [
    'unsupported_country_region_territory',
  ]),
  codeRule('code.access_terminated', 'permission_denied', ['access_terminated']),
  codeRule('code.misalignment_policy_violation', 'permission_denied', ['misalignment_policy_violation']),
  codeRule('code.previous_response_not_found', 'not_found', ['previous_response_not_found']),
  codeRule('code.unknown_url', 'not_found', ['unknown_url']),
  codeRule('code.deployment_not_found', 'not_found', ['deploymentnotfound']),
  codeRule('code.websocket_connection_limit_reached', 'connection', ['websocket_connection_limit_reached']),
  codeRule('code.vector_store_timeout', 'timeout', ['vector_store_timeout']),
  codeRule('code.conversation_locked', 'conflict', ['conversation_locked']),
  codeRule('code.lock', 'conflict', [
    '_lock_failed',
    'lock_not_acquired',
    'resource_locked',
    'thread_locked',
  ]),

  codeRule('code.context_length_exceeded', 'bad_request', [
    'context_length_exceeded',
    'context_window_exceeded',
    'string_above_max_length',
  ]),
  codeRule('code.moderation', 'bad_request', [
    'content_filter',
    'responsibleaipolicyviolation',
    'content_policy_violation',
    'moderation_blocked',
    'image_content_policy_violation',
    'data_inspection_failed',
    'datainspectionfailed',
    'bio_policy',
    'cyber_policy_violation',
    'image_generation_user_error',
    'contentfilterfinishreasonerror',
    'lengthfinishreasonerror',
  ]),
  codeRule('code.invalid_input', 'bad_request', [
    'invalid_prompt',
    'data_residency_mismatch',
    'invalid_image',
    'invalid_image_format',
    'invalid_image_mode',
    'invalid_image_url',
    'invalid_base64_image',
    'image_too_large',
    'image_too_small',
    'image_parse_error',
    'image_file_too_large',
    'image_file_not_found',
    'unsupported_image_media_type',
    'empty_image_file',
    'failed_to_download_image',
  ]),

  // Types come after all codes.
  codeRule('type.request_forbidden', 'unsupported_region', ['request_forbidden']),
  codeRule('type.service_unavailable_error', 'engine_overloaded', ['service_unavailable_error'], {
    none: ['plain_unavailable'],
  }),
  codeRule('type.authentication_error', 'invalid_authentication', [
    'authentication_error',
    'invalid_authentication_error',
    'invalid_authentication',
  ]),
  codeRule('type.permission_error', 'permission_denied', ['permission_error']),
  codeRule('type.not_found_error', 'not_found', ['not_found_error']),
];
