import { numbered, rule, type Rule } from './rule.ts';

/**
 * Matches "IP address 203.0.113.9 is not authorized", "IP x not in the allowlist", and the same words in another order.
 */
const ipRefused = new RegExp(
  [
    String.raw`\bip(?: address(?:es)?)?\b[^{}']{0,60}?\b(?:(?:is|was|are) (?:not |un)|isn'?t |not )(?:authori[sz]ed|allowed|permitted|accepted|(?:white|allow) ?-?listed|in |on )`,
    String.raw`\bip\b.{0,60}(?:blocked|denied|rejected|refused)[^{}]{0,40}(?:list|firewall|restriction)`,
    String.raw`(?:unauthorized|disallowed|forbidden|unknown|untrusted) ip\b`,
    String.raw`\bip(?: address)? restriction`,
    String.raw`ip_address_blocked`,
    String.raw`\b(?:caller|client|your) ip address is blocked`,
    String.raw`(?:white|allow) ?-?list[^{}']{0,40}\bip\b`,
  ].join('|'),
);

/**
 * Sentences and names that are more exact than a code or type beside them, so they are tried together with the codes. A
 * code can have several causes, and wrappers add their own codes to a sentence.
 */
export const exactRules: readonly Rule[] = [
  rule(
    'text.leaked_key',
    'incorrect_api_key',
    ['leaked', 'public repository', 'in a public', 'publicly exposed', 'compromised'],
    { near: /\b(?:key|credentials?|secret|(?:api|access|auth|bearer) ?token)\b/ },
  ),
  rule(
    'text.key_named_invalid',
    'incorrect_api_key',
    [
      'api key you provided is',
      'provided api key is',
      'api key expired. please renew',
      'invalid api token',
      'your api key: ',
      'api key has been revoked',
      'api key was revoked',
      'api key is revoked',
      'api key has been disabled',
      'api key is disabled',
    ],
    { near: /invalid|incorrect|not valid|expired|revoked|disabled/ },
  ),
  rule(
    'text.ip_refused',
    'ip_not_authorized',
    // These phrases are the ends of "your IP", "the IP", "client IP" and so on. Other texts rarely contain such an end,
    // so the condition is rarely tested in vain.
    [
      'ip address',
      'ur ip ',
      'he ip ',
      'nt ip ',
      'ce ip ',
      'om ip ',
      'is ip ',
      'te ip ',
      'er ip ',
      ': ip ',
      'whitelist',
      'allowlist',
      'allow list',
      'ip restriction',
      'ip_address_blocked',
    ],
    { near: ipRefused },
  ),
  rule('text.content_size', 'bad_request', [
    'maximum content size',
    'request body too large',
    'request body is too large',
    'payload size exceeds',
    'payload exceeds the',
    'request exceeds the maximum size',
    'exceeds the maximum request size',
    'exceeds maximum request size',
    'body exceeds the maximum',
    'content length exceeds',
    'request entity too large',
    'payload too large',
    'content too large',
    'request entity exceeds',
    'file size exceeds',
    'file is too large',
  ]),
  rule(
    'text.growing_too_quickly',
    'slow_down',
    [
      'too quickly',
      'too rapidly',
      'too fast',
      'too suddenly',
      'ramp up gradually',
      'rate growth limit',
      'requestbursttoofast',
      'traffic surge',
      'sudden increase',
      'sudden spike',
    ],
    {
      near: /(?:increas|grow|grew|ramp|rising|rose|climb)\w*(?: up)? too (?:quickly|rapidly|fast|suddenly)|ramp(?:ing)? up gradually|rate growth limit|bursttoofast|traffic surge|sudden (?:increase|spike) (?:in|of) (?:your |the )?(?:request|token|traffic|usage|rate)/,
    },
  ),
  rule('batch.enqueued_tokens', 'rate_limit', [
    'enqueued token limit',
    'number of enqueued tokens',
    'enqueued tokens has surpassed',
    'batch queue limit',
  ]),
  rule('batch.expired', 'timeout', [
    'batch_expired',
    'before the completion window expired',
    'before the completion window ended',
  ]),
  rule('text.payment_instrument', 'quota_exceeded', [
    'invalid_payment_instrument',
    'valid payment instrument',
  ]),
  rule('text.free_quota', 'quota_exceeded', [
    'free allocated quota exceeded',
    'free trial quota',
    'free quota exceeded',
    'free tier quota exhausted',
    'daily free quota',
  ]),
  rule('text.trial_key_month', 'quota_exceeded', ['trial key, which is limited to'], {
    near: /api calls \/ month/,
  }),
  rule('vendor.arrears', 'quota_exceeded', [
    'accountoverdue',
    'serviceoverdue',
    'billoverdue',
    'overdue balance',
    'overdue payment',
    '.inarrears',
    'account_overdue',
    'account.arrearage',
    'resourcepackexhausted',
    'chargeresourceexhausted',
    'setlimitexceeded',
    'billing_insufficient_balance',
    'billing_balance_not_enough',
  ]),
  rule('aws.credentials', 'invalid_authentication', [
    'security token included in the request',
    'expiredtokenexception',
    'unrecognizedclientexception',
    'invalidsignatureexception',
    'request signature we calculated does not match',
    'authfailure',
  ]),
  rule('bedrock.model_error', 'server_error', ['modelerrorexception', 'modelstreamerrorexception']),
  rule('bedrock.not_ready', 'engine_overloaded', ['modelnotreadyexception', 'not ready for inference']),
  rule('text.system_capacity', 'engine_overloaded', [
    'due to system capacity',
    'queue_exceeded',
    'system capacity limits',
  ]),
  rule('vendor.model_closed', 'permission_denied', [
    'modelnotopen',
    'has not activated the model',
    'organization_restricted',
    'organization has been restricted',
    'model_permission_blocked',
  ]),
  rule('vendor.model_gone', 'not_found', [
    'model_decommissioned',
    'has been decommissioned',
    'resource_not_found_error',
  ]),
  rule('vendor.unsafe_content', 'bad_request', [
    'sensitivecontentdetected',
    'riskdetection',
    'new_sensitive',
    'illegaldetected',
  ]),
  rule('vendor.timeout', 'timeout', [
    'internalerror.timeout',
    'enginerequesttimeout',
    "code':'timeout_error'",
  ]),
  rule('minimax.rate_limit', 'rate_limit', numbered('status_code', [1002, 1039, 1041]), { word: true }),
  rule('minimax.quota', 'quota_exceeded', numbered('status_code', [1008]), { word: true }),
];
