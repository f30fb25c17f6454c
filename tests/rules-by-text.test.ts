import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { classify } from '../ingest/classify/classify.ts';
import { ruleIdsByClass } from '../ingest/classify/rule-ids.ts';

/** Rules that decide no text of the corpus. For each, a status and a text that it decides. */
const texts: readonly (readonly [rule: string, status: number, text: string])[] = [
  ['abort.class', 0, 'AbortError'],
  [
    'gateway.litellm_model',
    400,
    'Invalid model name passed in model=gpt-x. Call `/v1/models` to view available models',
  ],
  ['code.quota_per_time', 429, '{"code":"insufficient_quota","message":"tokens per minute"}'],
  ['code.token', 401, '{"error":{"code":"token_revoked","message":"x"}}'],
  ['text.ip_refused', 403, 'Caller IP address is blocked. Access denied.'],
  ['code.ip_not_authorized', 401, '{"error":{"code":"ip_not_authorized","message":"x"}}'],
  ['code.misalignment_policy_violation', 403, '{"error":{"code":"misalignment_policy_violation"}}'],
  ['code.vector_store_timeout', 200, '{"error":{"code":"vector_store_timeout","message":"x"}}'],
  ['code.lock', 400, '{"error":{"code":"thread_locked","message":"x"}}'],
  ['code.invalid_input', 200, '{"error":{"code":"invalid_image_url","message":"x"}}'],
  ['type.request_forbidden', 403, '{"error":{"type":"request_forbidden","message":"x"}}'],
  ['type.permission_error', 403, '{"error":{"type":"permission_error","message":"x"}}'],
  ['type.not_found_error', 404, '{"error":{"type":"not_found_error","message":"x"}}'],
  ['zh.key', 403, '{"error":{"message":"API Key 无效"}}'],
  ['zh.ip', 403, '{"error":{"message":"您的 IP 不在令牌允许访问的列表中"}}'],
  ['zh.region', 403, '{"error":{"message":"不支持的地区"}}'],
  ['zh.permission', 403, '{"error":{"message":"该令牌无权使用模型"}}'],
  ['zh.request', 400, '{"error":{"message":"参数错误"}}'],
  ['zh.server_error', 500, '{"error":{"message":"服务器内部错误"}}'],
  ['gemini.api_key', 400, '{"error":{"message":"API key not valid. Please pass a valid API key."}}'],
  ['text.access_terminated', 429, 'Your access was terminated due to violation of our policies'],
  ['text.rate_increased', 503, 'Please reduce your request rate to its original level'],
  ['text.quota', 429, 'Your token quota is not enough'],
  ['code.not_found', 404, '{"error":{"code":"not_found","message":"x"}}'],
  ['code.server_error', 502, '{"error":{"code":"cf_bad_gateway","message":"x"}}'],
  ['code.api_error', 500, '{"type":"error","error":{"type":"api_error","message":"x"}}'],
  ['text.unprocessable', 422, 'Unprocessable Entity'],
  ['zai.busy', 429, '{"error":{"code":"1312","message":"x"}}'],
  ['zai.usage', 429, '{"error":{"code":"1310","message":"x"}}'],
  ['zai.unsafe', 400, '{"error":{"code":"1301","message":"x"}}'],
  ['baidu.quota', 200, '{"error_code":19,"error_msg":"x"}'],
  ['baidu.permission', 200, '{"error_code":6,"error_msg":"x"}'],
  ['baidu.token', 200, '{"error_code":110,"error_msg":"x"}'],
  ['baidu.request', 200, '{"error_code":336003,"error_msg":"x"}'],
  ['baidu.server', 200, '{"error_code":336100,"error_msg":"x"}'],
  ['minimax.authentication', 200, '{"base_resp":{"status_code":1004,"status_msg":"x"}}'],
  ['minimax.request', 200, '{"base_resp":{"status_code":2013,"status_msg":"x"}}'],
  ['minimax.slow_down', 200, '{"base_resp":{"status_code":2045,"status_msg":"x"}}'],
  ['minimax.usage', 200, '{"base_resp":{"status_code":2056,"status_msg":"x"}}'],
  ['code.token_limit', 400, '{"code":"token_limit_exceeded","message":"x"}'],
  ['word.invalid_api_key', 401, 'Wrong API key'],
  ['word.overloaded', 500, 'upstream overload'],
  ['word.quota_per_time', 429, 'googleapis.com: you exceeded the quota'],
  ['exception.rate_limit', 0, 'openai.RateLimitError'],
  ['exception.overloaded', 0, 'anthropic.OverloadedError'],
  ['exception.content', 0, 'ContextWindowExceededError'],
  ['exception.authentication', 0, 'openai.AuthenticationError'],
  ['exception.permission', 0, 'openai.PermissionDeniedError'],
  ['exception.not_found', 0, 'openai.NotFoundError'],
  ['exception.conflict', 0, 'openai.ConflictError'],
  ['exception.unprocessable', 0, 'openai.UnprocessableEntityError'],
  ['exception.bad_request', 0, 'openai.BadRequestError'],
  ['exception.server_error', 0, 'openai.InternalServerError'],
  ['reason.unauthorized', 0, 'Unauthorized'],
  ['reason.forbidden', 0, 'Forbidden'],
  ['reason.access_denied', 0, 'Access denied'],
  ['reason.payment_required', 0, 'googleapis.com: Payment Required'],
  ['reason.unavailable', 0, 'server error'],
  ['reason.bad_request', 0, 'Bad Request'],
  ['transport.timeout_word', 0, 'timeout'],
  ['transport.never_connected_late', 0, 'APIStatusError: connect ETIMEDOUT'],
  ['type.limiter', 0, '{"type":"tokens","code":null,"message":"x"}'],
  ['reason.not_found', 0, 'Not Found'],
  ['envoy.broken', 503, 'UC'],
  ['envoy.timeout', 504, 'UT'],
  ['envoy.no_route', 404, 'NR'],
  ['envoy.no_host', 503, 'UH'],
  ['envoy.refused', 403, 'UAEX'],
  ['status.4xx', 418, 'x'],
];

const corpus = ['errors', 'variants', 'vendors'].flatMap((file) =>
  readFileSync(new URL(`./corpus/${file}.jsonl`, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { status: number | null; body: string; provider?: string }),
);
const ruleOf = (status: number, error: string, provider = '') =>
  classify({ provider, status, error, exception: '', headers: null }).rule;

test.each(texts)('%s decides %d %s', (rule, status, text) => {
  expect(ruleOf(status, text)).toBe(rule);
});

test('every rule decides a text', () => {
  const tried = new Set(texts.map(([rule]) => rule));
  for (const { status, body, provider } of corpus) tried.add(ruleOf(status ?? 0, body, provider));
  for (let status = 400; status < 600; status++) tried.add(ruleOf(status, ''));
  tried.add(ruleOf(0, ''));
  const known = [...ruleIdsByClass().values()].flat();
  expect(known.filter((rule) => !tried.has(rule))).toEqual([]);
});
