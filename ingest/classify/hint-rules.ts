import type { Hint } from './rule.ts';

export interface HintRule {
  hint: Hint;
  phrases: readonly string[];
  /** The phrases begin and end at the borders of words. */
  word?: true;
}

/** The phrases that show a hint. */
export const hintRules: readonly HintRule[] = [
  {
    hint: 'gemini',
    phrases: [
      'googleapis',
      'ai.google.dev',
      'google.rpc',
      'resource_exhausted',
      'resourceexhausted',
      'gemini',
      'vertex',
      'quotaid',
      'googlegenerativeai',
      'google.api_core',
      'generate_content',
    ],
  },
  {
    hint: 'anthropic',
    phrases: ['anthropic', 'claude', 'overloaded_error', "'type':'error','error'", "'type': 'error', 'error'"],
  },
  { hint: 'azure', phrases: ['azure', 'apim-request-id', 'pricing tier', 'cognitive services'] },
  { hint: 'openrouter', phrases: ['openrouter', 'provider returned error'] },
  { hint: 'litellm', phrases: ['litellm'] },
  {
    hint: 'neighbour',
    phrases: [
      'deepseek',
      'moonshot',
      'groq.', 'groqe', 'groq ',
      'dashscope',
      'aliyun',
      'qwen-', 'qwen ', 'qwen3', 'qwen2',
      'mistral',
      'bigmodel',
      'bedrock',
      'cohere',
      'together.ai',
      'fireworks',
      'perplexity',
      'ollama',
      'scaleway',
      'huggingface',
      'insufficient balance',
      'engine_overloaded_error',
      'rpm_rate_limit_exceeded',
    ],
  },
  { hint: 'openai', phrases: ['platform.openai.com', 'help.openai.com', 'api.openai.com'] },
  { hint: 'limit_zero', phrases: ['limit: 0'], word: true },
  {
    hint: 'per_time',
    phrases: ['per minute', 'per-minute', 'perminute', 'per_minute', 'per second', 'requests/min', 'tokens/min'],
  },
  {
    hint: 'login_by_device',
    phrases: ['device_code', 'device code', 'authorization_pending', 'oauth/device', 'deviceauth', 'error_description'],
  },
  { hint: 'oauth_code', phrases: ['invalid_grant', 'invalid_subject_token'] },
  { hint: 'timer', phrases: ['httpclient.timeout', 'due to timeout', 'timeouterror', 'timeout of', 'deadline exceeded'] },
  {
    hint: 'plain_unavailable',
    phrases: ['service unavailable', 'service temporarily unavailable', 'service is temporarily unavailable'],
  },
  {
    hint: 'http_class',
    phrases: ['internalservererror', 'apistatuserror', 'ratelimiterror', 'badgatewayerror', 'serviceunavailableerror'],
  },
  {
    hint: 'requests',
    phrases: [
      'on requests per',
      'requests per min',
      'requests per day',
      'requestsper',
      'request limit',
      'call rate limit',
      '(rpm)',
      '(rpd)',
      ' rpm ', ' rpm:',
      ' rpd ', ' rpd:',
      'limit_requests',
      'number of requests',
      'free_tier_requests',
      'limit reached for requests',
      'requests rate limit',
    ],
  },
  {
    hint: 'tokens',
    phrases: [
      'on tokens per',
      'tokens per min',
      'tokens per day',
      'tokensper',
      'token rate limit',
      '(tpm)',
      '(tpd)',
      ' tpm ', ' tpm:',
      ' tpd ', ' tpd:',
      'limit_tokens',
      'number of request tokens',
      'input_token',
      'tokens rate limit',
      'output tokens per',
      'input tokens for',
    ],
  },
  { hint: 'images', phrases: ['images per min', 'images per minute', 'input-images', 'img/min'] },
  { hint: 'concurrent', phrases: ['concurren', 'one message at a time', 'parallel request'] },
  { hint: 'minute', phrases: ['per min', 'perminute', ' / min', '0/min', 's/min', '/1min', '(rpm)', '(tpm)', ' rpm ', ' rpm:', ' tpm ', ' tpm:', 'per_minute'] },
  { hint: 'day', phrases: ['per day', 'perday', 'per-day', 'daily', '(rpd)', '(tpd)', ' rpd ', ' rpd:', ' tpd ', ' tpd:', 'per_day', '/ day'] },
  { hint: 'too_large', phrases: ['request too large for'] },
  { hint: 'limit_2023', phrases: ['/ min. current', '/ min. please', '/ min. contact', '/min. current'] },
  { hint: 'limit_2024', phrases: ['(tpm): limit', '(rpm): limit', '(rpd): limit', '(tpd): limit'] },
];
