import { describe, expect, it } from 'vitest';
import { Cleaner } from './clean.ts';
import { litellm } from './litellm.ts';

const now = Date.parse('2026-06-01T12:00:00Z');
const end = now / 1000 - 5;
const base = {
  id: 'x',
  call_type: 'acompletion',
  status: 'success',
  startTime: end - 2,
  endTime: end,
  model: 'gpt-4o',
};
const decode = (payload: unknown) => litellm.create({}, new Cleaner())(payload, now);
const only = (payload: object) => {
  const decoded = decode({ ...base, ...payload });
  return decoded.kind === 'ok' ? decoded.records[0] : decoded;
};

describe('the LiteLLM format', () => {
  it('reads a success with the cost as number or text', () => {
    expect(only({ response_cost: '0.5', prompt_tokens: 3 })).toMatchObject({
      status: 200,
      cost_usd: 0.5,
      input_tokens: 3,
      latency_ms: 2000,
      error: null,
    });
  });

  it.each([
    ['429', 429],
    [429, 429],
    ['', 0],
    ['rate_limit', 0],
    [null, 0],
  ])('reads the error code %j as status %s', (error_code, status) => {
    expect(
      only({
        status: 'failure',
        error_str: 'litellm.RateLimitError: x',
        error_information: { error_code, error_class: 'RateLimitError' },
      }),
    ).toMatchObject({
      status,
      error: 'litellm.RateLimitError: x',
      exception: 'RateLimitError',
    });
  });

  it('counts a failure even without any detail', () => {
    expect(only({ status: 'failure' })).toMatchObject({
      status: 0,
      error: 'LiteLLM reports a failure without details',
    });
  });

  it('leaves out answers from the cache and calls that ask no model', () => {
    expect(only({ cache_hit: true })).toEqual({ kind: 'skip', reason: 'no_request' });
    expect(only({ call_type: 'call_mcp_tool' })).toEqual({ kind: 'skip', reason: 'no_request' });
    expect(only({ call_type: 'aembedding', cache_hit: null })).toMatchObject({ status: 200 });
  });

  it('reads the payload within the arguments of a callback', () => {
    expect(decode({ standard_logging_object: base })).toMatchObject({
      kind: 'ok',
      records: [{ request_id: 'x' }],
    });
  });

  it('reads rate limits under every name that LiteLLM gives them', () => {
    for (const additional_headers of [
      { x_ratelimit_limit_requests: 100, x_ratelimit_remaining_requests: 4 },
      { 'x-ratelimit-limit-requests': '100', 'x-ratelimit-remaining-requests': '4' },
      {
        'llm_provider-x-ratelimit-limit-requests': '100',
        'llm_provider-x-ratelimit-remaining-requests': '4',
      },
    ]) {
      expect(only({ hidden_params: { additional_headers } })).toMatchObject({
        rate_limit: { limit_requests: 100, remaining_requests: 4 },
      });
    }
  });

  it.each([
    [{ endTime: 'soon' }, 'bad_timestamp'],
    [{ endTime: 0 }, 'bad_timestamp'],
    [{ endTime: end + 1e6 }, 'future_timestamp'],
    [{ prompt_tokens: -1 }, 'schema'],
  ])('rejects %j', (payload, reason) => {
    expect(only(payload)).toMatchObject({ kind: 'reject', reason });
  });

  it.each([null, 1, 'x', []])('rejects %j', (payload) => {
    expect(decode(payload)).toMatchObject({ kind: 'reject', reason: 'schema' });
  });

  it('is told by its own members', () => {
    expect(litellm.recognises(base, {})).toBe(true);
    expect(litellm.recognises({ standard_logging_object: {} }, {})).toBe(true);
    expect(litellm.recognises({ startTime: 1 }, {})).toBe(false);
  });
});
