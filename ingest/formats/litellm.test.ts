import { afterEach, describe, expect, it, vi } from 'vitest';
import { Cleaner } from '../fields/clean.ts';
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
const decode = (payload: unknown) => litellm.create(new Cleaner())(payload, now, now);
const only = (payload: object) => {
  const decoded = decode({ ...base, ...payload });
  return decoded.kind === 'ok' ? decoded.records[0] : decoded;
};

afterEach(() => vi.unstubAllEnvs());

describe('the LiteLLM format', () => {
  it('reads times without a zone as UTC, whatever the time zone of the machine', () => {
    vi.stubEnv('TZ', 'America/New_York');
    expect(new Date(2026, 2, 8, 3).getTimezoneOffset()).toBe(240);
    // In this night New York has no 02:30.
    const naive = { startTime: '2026-03-08T01:59:58', endTime: '2026-03-08T03:00:00.500' };
    expect(only(naive)).toMatchObject({ ts: Date.UTC(2026, 2, 8, 3, 0, 0, 500), latency_ms: 3_602_500 });
    const mixed = { startTime: '2026-05-31T10:00:00', endTime: '2026-05-31T10:00:02Z' };
    expect(only(mixed)).toMatchObject({ ts: Date.UTC(2026, 4, 31, 10, 0, 2), latency_ms: 2_000 });
  });

  it('has no latency when the start was never set', () => {
    expect(only({ startTime: 1 })).toMatchObject({ status: 200, latency_ms: 0 });
  });

  it('measures over a leap second', () => {
    const times = { startTime: '2026-05-31T23:59:59Z', endTime: '2026-05-31T23:59:60.500Z' };
    expect(only(times)).toMatchObject({ latency_ms: 1_500 });
  });

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

  it('skips answers from the cache and calls that use no model', () => {
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

  it('reads rate limits under every name that LiteLLM uses', () => {
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
  ])('rejects %j', (payload, reason) => {
    expect(only(payload)).toMatchObject({ kind: 'reject', reason });
  });

  it('leaves out values that are not numbers, reads texts and lists, and counts the record', () => {
    const odd = {
      prompt_tokens: -1,
      completion_tokens: '7',
      stream: 'True',
      hidden_params: { additional_headers: [{ name: 'x-ratelimit-remaining-requests', value: 4 }] },
    };
    expect(decode({ ...base, ...odd })).toMatchObject({
      kind: 'ok',
      records: [{ input_tokens: 0, output_tokens: 7, stream: true }],
      dropped: ['input_tokens'],
    });
    expect(only({ cache_hit: 'True' })).toEqual({ kind: 'skip', reason: 'no_request' });
  });

  it.each([null, 1, 'x', []])('rejects %j', (payload) => {
    expect(decode(payload)).toMatchObject({ kind: 'reject', reason: 'schema' });
  });

  it('is recognised by its own members', () => {
    expect(litellm.recognises(base)).toBe(true);
    expect(litellm.recognises({ standard_logging_object: {} })).toBe(true);
    expect(litellm.recognises({ startTime: 1 })).toBe(false);
    const row = { startTime: 1, call_type: 'x', request_id: 'r', metadata: {} };
    for (const spend of [0, null, undefined]) expect(litellm.recognises({ ...row, spend })).toBe(false);
    expect(litellm.recognises({ ...row, id: 'x' })).toBe(true);
  });
});
