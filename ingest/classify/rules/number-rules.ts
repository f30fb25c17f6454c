import { codeRule, numbered, rule, type Rule } from './rule.ts';

/**
 * Error numbers, codes and sentences of single vendors. They come after all other sentences, for errors that no
 * sentence before them knows.
 */
export const numberRules: readonly Rule[] = [
  rule('zai.rate_limit', 'rate_limit', numbered('code', [1302, 1303]), { word: true }),
  rule('zai.busy', 'engine_overloaded', numbered('code', [1312]), { word: true }),
  rule('zai.usage', 'quota_exceeded', numbered('code', [1308, 1309, 1310]), { word: true, lifts: true }),
  rule('zai.unsafe', 'bad_request', numbered('code', [1301, 1261]), { word: true }),
  rule('baidu.rate_limit', 'rate_limit', numbered('error_code', [4, 17, 18, 336_501, 336_502]), {
    word: true,
  }),
  rule('baidu.quota', 'quota_exceeded', numbered('error_code', [19]), { word: true }),
  rule('baidu.permission', 'permission_denied', numbered('error_code', [6]), { word: true }),
  rule('baidu.token', 'invalid_authentication', numbered('error_code', [14, 110, 111]), { word: true }),
  rule('baidu.request', 'bad_request', numbered('error_code', [336_002, 336_003, 336_006, 336_103]), {
    word: true,
  }),
  rule('baidu.server', 'server_error', numbered('error_code', [1, 2, 336_000, 336_100]), { word: true }),
  rule('minimax.authentication', 'invalid_authentication', numbered('status_code', [1004]), { word: true }),
  rule('minimax.key', 'incorrect_api_key', numbered('status_code', [2049]), { word: true }),
  rule('minimax.request', 'bad_request', numbered('status_code', [1026, 1027, 2013]), { word: true }),
  rule('minimax.slow_down', 'slow_down', numbered('status_code', [2045]), { word: true }),
  rule('minimax.usage', 'quota_exceeded', numbered('status_code', [2056]), { word: true, lifts: true }),
  rule('minimax.server', 'server_error', numbered('status_code', [1000, 1013, 1024, 1033]), { word: true }),
  codeRule('code.token_limit', 'rate_limit', ['token_limit_exceeded', 'tokens_limit_exceeded']),
  rule('vendor.rate_limit', 'rate_limit', [
    'ratelimitexceeded',
    'rpmexceeded',
    'tpmexceeded',
    'requestlimitexceeded',
    'inflightbatchsizeexceeded',
    'rate_limit_total_qps',
    'rate_limit_search',
    'throttling.user',
    'qps request limit reached',
    'qps limit exceeded',
    'open api request limit reached',
    'open api daily request limit reached',
    'request_quota_exceeded',
    'token_quota_exceeded',
    'exceeds the frequency limit',
    'request was throttled',
    'per minute limit exceeded',
    'due to rate limiting',
  ]),
];
