import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nativeRecord } from '../../domain/request-log.ts';
import { Cleaner } from '../fields/clean.ts';
import { mendNative } from './mend-native.ts';
import { isPlainNative, native, readNative } from './native.ts';

const now = Date.UTC(2026, 5, 1, 12);
const ts = '2026-06-01T11:59:58.250Z';
const cleaner = new Cleaner();
const read = (record: unknown) => native.create(cleaner)(record, now, now);
const log = (record: Record<string, unknown>) => {
  const { log: result } = readNative({ ts, status: 200, ...record }, now, cleaner);
  if (result === null) throw new Error('rejected');
  return result;
};

/** Records that are nearly correct: every field correct, absent, null or of another type. */
const nearlyNative = fc.record(
  Object.fromEntries(
    Object.keys(nativeRecord.shape).map((field) => [
      field,
      fc.oneof(
        { weight: 6, arbitrary: plausible(field) },
        {
          weight: 1,
          arbitrary: fc.constantFrom(
            null,
            undefined,
            '',
            0,
            -1,
            -0,
            1.5,
            1e6,
            1e6 + 1,
            1e9,
            1e9 + 1,
            1e15,
            999,
            1000,
            65_535,
            65_536,
            true,
            Number.NaN,
            Number.POSITIVE_INFINITY,
          ),
        },
        { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
      ),
    ]),
  ),
  { requiredKeys: [] },
);

function plausible(field: string): fc.Arbitrary<unknown> {
  switch (field) {
    case 'ts':
      return fc.constantFrom(ts, 1_780_000_000, 1_780_000_000_000);
    case 'status':
    case 'retry_count':
      return fc.integer({ min: 0, max: 600 });
    case 'stream':
      return fc.boolean();
    case 'headers':
      return fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 }));
    case 'error':
      return fc.oneof(
        fc.constant(null),
        fc.string(),
        fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 })),
        fc.array(fc.jsonValue({ maxDepth: 1 })),
      );
    case 'latency_ms':
    case 'ttft_ms':
    case 'cost_usd':
    case 'input_tokens':
    case 'output_tokens':
      return fc.double({ min: 0, max: 1e6, noNaN: true });
    default:
      return fc.string();
  }
}

describe('the fast check', () => {
  it('accepts exactly what the schema accepts', () => {
    fc.assert(
      fc.property(nearlyNative, (record) => {
        expect(isPlainNative(record)).toBe(nativeRecord.safeParse(record).success);
      }),
      { numRuns: 2000 },
    );
  });

  it('accepts each field as the schema does when all others are right', () => {
    const odd = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.double(), fc.integer(), fc.constant(undefined));
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(nativeRecord.shape)), odd, (field, value) => {
        const record = { ts, status: 200, error: 'x', [field]: value };
        expect(isPlainNative(record)).toBe(nativeRecord.safeParse(record).success);
      }),
      { numRuns: 2000 },
    );
  });

  it('accepts only objects', () => {
    for (const value of [null, undefined, 1, 'x', [], [{ ts, status: 200 }], true]) {
      expect(isPlainNative(value)).toBe(false);
      expect(nativeRecord.safeParse(value).success).toBe(false);
    }
  });
});

describe('the native format', () => {
  it('reads a success', () => {
    expect(
      read({
        ts,
        request_id: 'req_1',
        provider: 'OpenAI',
        org: 'org-a',
        project: 'proj_b',
        api_key: 'sk-proj-abcdefghijklmnopqrst',
        client: 'checkout',
        region: 'eu',
        model: 'gpt-5',
        endpoint: '/v1/chat/completions',
        method: 'POST',
        status: 200,
        latency_ms: 12.5,
        ttft_ms: 3,
        input_tokens: 10,
        output_tokens: 5,
        cost_usd: 0.01,
        retry_count: 1,
        stream: true,
        headers: { 'x-ratelimit-limit-requests': '500', 'x-ratelimit-remaining-requests': '499', date: 'x' },
        error: null,
      }),
    ).toEqual({
      kind: 'ok',
      records: [
        {
          ts: Date.parse(ts),
          request_id: 'req_1',
          provider: 'openai',
          org: 'org-a',
          project: 'proj_b',
          api_key: expect.stringMatching(/^sk-proj-…qrst#[0-9a-f]{8}$/) as unknown,
          client: 'checkout',
          region: 'eu',
          model: 'gpt-5',
          endpoint: '/v1/chat/completions',
          status: 200,
          latency_ms: 12.5,
          ttft_ms: 3,
          input_tokens: 10,
          output_tokens: 5,
          cost_usd: 0.01,
          retry_count: 1,
          stream: true,
          headers: null,
          rate_limit: {
            limit_requests: 500,
            remaining_requests: 499,
            limit_tokens: null,
            remaining_tokens: null,
          },
          error: null,
          exception: '',
        },
      ],
    });
  });

  it('needs only a time and an outcome', () => {
    expect(read({ ts, status: 500 })).toMatchObject({
      kind: 'ok',
      records: [{ provider: 'openai', status: 500, error: null }],
    });
    expect(read({ ts, error: 'Connection error.' })).toMatchObject({
      kind: 'ok',
      records: [{ status: 0, error: 'Connection error.' }],
    });
    expect(read({ ts, exception: 'openai.APITimeoutError' })).toMatchObject({
      kind: 'ok',
      records: [{ exception: 'openai.APITimeoutError' }],
    });
    expect(read({ ts, model: 'x' })).toEqual({
      kind: 'reject',
      reason: 'schema',
      detail: 'status: a status, an error or an exception is required',
    });
  });

  it.each([
    [{ ts: 'soon', status: 200 }, 'bad_timestamp', 'ts: '],
    [{ ts: 0, status: 200 }, 'bad_timestamp', 'ts: '],
    [{ ts: '2100-01-01T00:00:00Z', status: 200 }, 'future_timestamp', 'ts: '],
    [{ ts, status: 'sk-abcdefghijklmnopqrst' }, 'schema', 'status: not an HTTP status'],
    [{ ts, status: 1000 }, 'schema', 'status: '],
    [{ ts: [1], status: 200 }, 'schema', 'ts: neither'],
    [{ ts: {}, status: 200 }, 'schema', 'ts: missing'],
    [{ ts, error: false }, 'schema', 'status: '],
    [{ ts, error: {} }, 'schema', 'status: '],
    [{ ts, error: [], exception: 'false' }, 'schema', 'status: '],
    [{ status: 200 }, 'schema', 'ts: '],
    [[], 'schema', 'record: '],
    [null, 'schema', 'record: '],
  ])('rejects %j as %s and names the member', (record, reason, detail) => {
    const decoded = read(record);
    expect(decoded).toMatchObject({ kind: 'reject', reason });
    expect(decoded.kind === 'reject' ? decoded.detail : '').toMatch(new RegExp(`^${detail}`));
    expect(JSON.stringify(decoded)).not.toContain('abcdefgh');
  });

  it.each<[Record<string, unknown>, object]>([
    [{ status: '429' }, { status: 429 }],
    [{ status: '429 Too Many Requests' }, { status: 429 }],
    [{ status: '502, 200' }, { status: 200 }],
    [{ status: -1 }, { status: 0 }],
    [{ latency_ms: '95' }, { latency_ms: 95 }],
    [{ latency_ms: '1.5s' }, { latency_ms: 1500 }],
    [{ cost_usd: '$0.5' }, { cost_usd: 0.5 }],
    [{ input_tokens: '12' }, { input_tokens: 12 }],
    [
      { client: 42, model: true },
      { client: '42', model: 'true' },
    ],
    [
      { client: '-', model: 'null', provider: 'None', region: '' },
      { client: '', model: '', provider: 'openai' },
    ],
    [{ stream: 'true' }, { stream: true }],
    [{ stream: 0 }, { stream: false }],
    [{ error: false }, { status: 200, error: null }],
    [{ error: {} }, { status: 200, error: null }],
    [{ error: [] }, { status: 200, error: null }],
    [{ error: 0 }, { status: 200, error: null }],
    [{ error: 'False' }, { status: 200, error: null }],
    [
      { error: {}, status: 429 },
      { status: 429, error: null },
    ],
    [{ exception: false }, { status: 200, exception: '' }],
    [{ error: true }, { status: 0, error: 'the log tells of a failure without details' }],
    [
      { error: true, status: 429 },
      { status: 429, error: 'the log tells of a failure without details' },
    ],
    [{ error: 42, status: 400 }, { error: '42' }],
    [{ exception: '-' }, { exception: '' }],
    [{ status: 429, headers: [{ name: 'Retry-After', value: '3' }] }, { headers: { 'retry-after': '3' } }],
    [{ status: 429, headers: '-' }, { headers: null }],
    [{ retry_count: '2' }, { retry_count: 2 }],
  ])('converts %j', (record, expected) => {
    expect(read({ ts, status: 200, ...record })).toEqual({
      kind: 'ok',
      records: [expect.objectContaining(expected)],
    });
  });

  it.each<[string, unknown]>([
    ['latency_ms', -1],
    ['latency_ms', 'fast'],
    ['ttft_ms', 1e300],
    ['input_tokens', Number.POSITIVE_INFINITY],
    ['output_tokens', [1]],
    ['cost_usd', 1e7],
    ['retry_count', 1.5],
    ['retry_count', 65_536],
    ['stream', 'maybe'],
    ['client', { secret: 'sk-abcdefghijklmnopqrst' }],
    ['headers', 7],
    ['exception', ['a']],
  ])('counts a failure whatever its %s is: %j', (field, value) => {
    const decoded = read({ ts, status: 429, [field]: value });
    expect(decoded).toMatchObject({ kind: 'ok', records: [{ status: 429 }], dropped: [field] });
    expect(JSON.stringify(decoded)).not.toContain('abcdefgh');
  });

  it.each(['', '-', ' ', 'null', 'None', null])('treats the error %j as no error', (error) => {
    expect(log({ status: 429, error }).error).toBeNull();
    expect(read({ ts, error, model: 'x' })).toEqual({
      kind: 'reject',
      reason: 'schema',
      detail: 'status: a status, an error or an exception is required',
    });
    expect(read({ ts, error, exception: '-', request_id: 'x' })).toMatchObject({ reason: 'schema' });
  });

  it('reads an object in place of a flag, whatever the names of its members', () => {
    const odd = JSON.parse('{"toString":null,"valueOf":1}') as unknown;
    expect(read({ ts, status: 429, stream: odd })).toMatchObject({ kind: 'ok', dropped: ['stream'] });
  });

  it('counts a record with an unreadable status by its error', () => {
    const decoded = read({ ts, status: 'x', error: 'quota' });
    expect(decoded).toMatchObject({
      kind: 'ok',
      records: [{ status: 0, error: 'quota' }],
      dropped: ['status'],
    });
  });

  it('never rejects a record that has a time and an outcome', () => {
    fc.assert(
      fc.property(nearlyNative, (record) => {
        const decoded = read({ ...record, ts, status: 429 });
        expect(decoded).toMatchObject({ kind: 'ok', records: [{ ts: Date.parse(ts) }] });
        if (decoded.kind === 'ok' && record['error'] !== true) expect(decoded.records[0]?.status).toBe(429);
        const mended = mendNative(record);
        if (mended.record !== null) expect(isPlainNative(mended.record)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes values that the record lacks from the headers', () => {
    const headers = {
      'X-Request-ID': 'req_h',
      'openai-organization': 'org-h',
      'openai-project': 'proj_h',
      'x-stainless-retry-count': '2',
    };
    expect(log({ headers })).toMatchObject({
      request_id: 'req_h',
      org: 'org-h',
      project: 'proj_h',
      retry_count: 2,
    });
    expect(log({ headers, request_id: 'own', org: 'o', project: 'p', retry_count: 0 })).toMatchObject({
      request_id: 'own',
      org: 'o',
      project: 'p',
      retry_count: 0,
    });
  });

  it('keeps only the headers of failures', () => {
    const headers = { 'retry-after': '2' };
    expect(log({ headers }).headers).toBeNull();
    expect(log({ headers, status: 429 }).headers).toEqual({ 'retry-after': '2' });
    expect(log({ headers, error: { code: 'server_is_overloaded' } }).headers).toEqual({ 'retry-after': '2' });
  });

  it('redacts every text', () => {
    const secret = 'sk-proj-abcdefghijklmnopqrstuvwx';
    const record = log({
      request_id: secret,
      provider: secret,
      org: secret,
      project: secret,
      api_key: secret,
      client: secret,
      region: secret,
      model: secret,
      endpoint: `/v1/${secret}?key=abc`,
      status: 401,
      headers: { 'x-request-id': secret, server: secret },
      error: { message: secret, [secret]: [secret] },
      exception: secret,
    });
    expect(JSON.stringify(record)).not.toContain('klmnop');
    expect(record.endpoint).toBe('/v1/sk-proj-…[redacted]');
  });

  it('keeps dimensions short, on one line and few', () => {
    expect(log({ client: 'x'.repeat(5000) }).client).toHaveLength(256);
    expect(log({ client: 'a\u0000b\nc\u001b[31m' }).client).toBe('a b c [31m');
    expect(log({ request_id: 'a\tb' }).request_id).toBe('a b');
    expect(log({ endpoint: '/v1/threads/thread_AbC123dEf456gHi7/runs/run_0123456789abcdef' }).endpoint).toBe(
      '/v1/threads/{id}/runs/{id}',
    );
    expect(log({ endpoint: 'https://me:pw@api.openai.com/v1/models?key=1#x' }).endpoint).toBe(
      'https://[redacted]@api.openai.com/v1/models',
    );
    expect(log({ endpoint: '/openai/deployments/gpt-4o-2024/chat/completions' }).endpoint).toBe(
      '/openai/deployments/gpt-4o-2024/chat/completions',
    );
  });

  it('keeps integers', () => {
    expect(log({ input_tokens: 10.6, output_tokens: 2 })).toMatchObject({
      input_tokens: 11,
      output_tokens: 2,
    });
  });

  it('keeps an error as a text, an object or a list', () => {
    for (const error of ['text with \u0000', { error: { code: null } }, [{ error: { code: 429 } }]]) {
      expect(log({ error }).error).toEqual(error);
    }
  });

  it('treats __proto__ as data', () => {
    const decoded = read(
      JSON.parse(
        `{"ts":"${ts}","status":500,"__proto__":{"status":200,"client":"x"},"error":{"__proto__":{"a":1}}}`,
      ),
    );
    expect(decoded).toMatchObject({ kind: 'ok', records: [{ status: 500, client: '' }] });
    expect(JSON.stringify(decoded)).toContain('"error":{"__proto__":{"a":1}}');
  });
});

describe('docs/formats/native.md', () => {
  it('has exactly the fields of the schema in its table', () => {
    const page = readFileSync(new URL('../../docs/formats/native.md', import.meta.url), 'utf8');
    const names = page
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map((match) => match[1]));
    expect(new Set(names)).toEqual(new Set(Object.keys(nativeRecord.shape)));
    expect(names).toHaveLength(Object.keys(nativeRecord.shape).length);
  });
});
