import { describe, expect, it } from 'vitest';
import { Cleaner } from './clean.ts';
import { readHeaders as readWith } from './headers.ts';

const cleaner = new Cleaner();
const readHeaders = (headers: Record<string, unknown>, keep: boolean) => readWith(headers, keep, cleaner);

describe('readHeaders', () => {
  it('keeps rate-limit and retry headers in lower case and drops the rest', () => {
    const { kept } = readHeaders(
      {
        'X-RateLimit-Reset-Tokens': '6m0s',
        'Retry-After': 20,
        'retry-after-ms': ['1500'],
        'x-should-retry': 'false',
        'x-request-id': 'req_1',
        'x-ms-region': 'Sweden Central',
        server: 'cloudflare',
        'cf-ray': '8f-FRA',
        'openai-organization': 'acme',
        'anthropic-ratelimit-requests-reset': '2026-01-01T00:00:00Z',
        'Set-Cookie': 'secret=1',
        authorization: 'Bearer x',
        date: 'now',
        nested: { a: 1 },
      },
      true,
    );
    expect(kept).toEqual({
      'x-ratelimit-reset-tokens': '6m0s',
      'retry-after': '20',
      'retry-after-ms': '1500',
      'x-should-retry': 'false',
      'x-request-id': 'req_1',
      'x-ms-region': 'Sweden Central',
      server: 'cloudflare',
      'cf-ray': '8f-FRA',
      'openai-organization': 'acme',
      'anthropic-ratelimit-requests-reset': '2026-01-01T00:00:00Z',
    });
  });

  it('keeps none when none are wanted, or none exist', () => {
    expect(readHeaders({ 'retry-after': '1' }, false).kept).toBeNull();
    expect(readHeaders({ date: 'now' }, true).kept).toBeNull();
  });

  it('redacts what it keeps', () => {
    expect(readHeaders({ 'openai-organization': 'bob@example.com' }, true).kept).toEqual({
      'openai-organization': '[redacted]',
    });
  });

  it('reads ids, organization, project and the retry count', () => {
    expect(
      readHeaders(
        {
          'request-id': 'req_a',
          'openai-organization': 'acme',
          'openai-project': 'proj_1',
          'x-stainless-retry-count': '2',
        },
        false,
      ),
    ).toMatchObject({ request_id: 'req_a', org: 'acme', project: 'proj_1', retry_count: 2 });
  });

  it.each([
    ['10000', 10_000],
    [' 5 ', 5],
    ['60.000000', 60],
    [7, 7],
    [['8'], 8],
    ['0', 0],
    ['-1', null],
    [-1, null],
    ['', null],
    ['unlimited', null],
    ['1e3', null],
    ['0x10', null],
    ['9223372036854775807', null],
    [9e18, null],
    [Number.NaN, null],
    [null, null],
    [{}, null],
    [[], null],
  ])('reads the remaining requests %j as %s', (value, expected) => {
    const { rate_limit } = readHeaders(
      { 'x-ratelimit-limit-requests': '500', 'x-ratelimit-remaining-requests': value },
      false,
    );
    expect(rate_limit).toEqual({
      limit_requests: 500,
      remaining_requests: expected,
      limit_tokens: null,
      remaining_tokens: null,
    });
  });

  it('takes the limit closest to its end when there are several of one kind', () => {
    expect(
      readHeaders(
        {
          'anthropic-ratelimit-requests-limit': '50',
          'anthropic-ratelimit-requests-remaining': '49',
          'anthropic-ratelimit-input-tokens-limit': '1000',
          'anthropic-ratelimit-input-tokens-remaining': '10',
          'anthropic-ratelimit-output-tokens-limit': '100',
          'anthropic-ratelimit-output-tokens-remaining': '90',
        },
        false,
      ).rate_limit,
    ).toEqual({ limit_requests: 50, remaining_requests: 49, limit_tokens: 1000, remaining_tokens: 10 });
    expect(
      readHeaders(
        {
          'x-ratelimit-limit-tokens': '1000',
          'x-ratelimit-remaining-tokens': '900',
          'x-ratelimit-limit-project-tokens': '100',
          'x-ratelimit-remaining-project-tokens': '5',
        },
        false,
      ).rate_limit,
    ).toMatchObject({ limit_tokens: 100, remaining_tokens: 5 });
  });

  it('has no limits when the headers hold only resets or rubbish', () => {
    expect(readHeaders({ 'x-ratelimit-reset-requests': '1s' }, false).rate_limit).toBeNull();
    expect(readHeaders({ 'x-ratelimit-remaining-requests': 'soon' }, false).rate_limit).toBeNull();
  });

  it('forgets the limits of the previous record', () => {
    readHeaders({ 'x-ratelimit-limit-tokens': '9', 'x-ratelimit-remaining-tokens': '1' }, false);
    expect(readHeaders({ 'x-ratelimit-limit-requests': '3' }, false).rate_limit).toEqual({
      limit_requests: 3,
      remaining_requests: null,
      limit_tokens: null,
      remaining_tokens: null,
    });
  });

  it('treats a header called __proto__ as an unknown one', () => {
    expect(
      readHeaders(JSON.parse('{"__proto__":{"x":1},"retry-after":"1"}') as Record<string, unknown>, true)
        .kept,
    ).toEqual({
      'retry-after': '1',
    });
  });
});
