import { describe, expect, it } from 'vitest';
import { Cleaner } from '../../fields/clean.ts';
import { otelGenai } from './otel-genai.ts';
import { readAnyValue } from './otlp.ts';

const now = Date.parse('2026-06-01T12:00:00Z');
const nanos = (ms: number) => `${now - 10_000 + ms}000000`;
const any = (value: unknown): unknown =>
  typeof value === 'number'
    ? { intValue: String(value) }
    : typeof value === 'boolean'
      ? { boolValue: value }
      : { stringValue: value };
const attributes = (values: Record<string, unknown>) =>
  Object.entries(values).map(([key, value]) => ({ key, value: any(value) }));
const span = (values: Record<string, unknown>, rest: object = {}) => ({
  name: 'chat',
  kind: 3,
  startTimeUnixNano: nanos(0),
  endTimeUnixNano: nanos(250),
  attributes: attributes(values),
  status: {},
  ...rest,
});
const spans = (...list: unknown[]) => ({
  resourceSpans: [{ resource: {}, scopeSpans: [{ scope: {}, spans: list }] }],
});
const log = (values: Record<string, unknown>, rest: object = {}) => ({
  timeUnixNano: nanos(0),
  attributes: attributes(values),
  ...rest,
});
const logs = (...list: unknown[]) => ({ resourceLogs: [{ scopeLogs: [{ logRecords: list }] }] });
const decode = (message: unknown) => otelGenai.create(new Cleaner())(message, now, now);
const only = (message: unknown) => {
  const decoded = decode(message);
  return decoded.kind === 'ok' ? decoded.records[0] : decoded;
};
const chat = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.request.model': 'gpt-5',
  'gen_ai.provider.name': 'openai',
};

describe('spans', () => {
  it.each([
    ['a number as error.type', span({ ...chat, 'error.type': 429 }), { status: 429 }],
    ['a status code as text', span(chat, { status: { code: '2', message: 'quota' } }), { error: 'quota' }],
    [
      'finish reasons as JSON',
      span({ ...chat, 'gen_ai.response.finish_reasons': '["error"]' }),
      { status: 0 },
    ],
    [
      'an escaped exception as text',
      span(chat, {
        events: [
          {
            name: 'exception',
            attributes: attributes({
              'exception.type': 'openai.RateLimitError',
              'exception.escaped': 'true',
            }),
          },
        ],
      }),
      { exception: 'openai.RateLimitError' },
    ],
  ])('fail with %s', (_name, failed, expected) => {
    expect(only(spans(failed))).toMatchObject(expected);
  });

  it('have no latency when their start was never set', () => {
    const started = (startTimeUnixNano: string) => only(spans(span(chat, { startTimeUnixNano })));
    expect(started('1')).toMatchObject({ status: 200, latency_ms: 0 });
  });

  it('are successes unless their status or error.type reports a failure', () => {
    expect(only(spans(span(chat)))).toMatchObject({ status: 200, error: null, latency_ms: 250 });
    expect(
      only(
        spans(
          span(chat, { events: [{ name: 'exception', attributes: attributes({ 'exception.type': 'X' }) }] }),
        ),
      ),
    ).toMatchObject({
      status: 200,
      error: null,
      exception: '',
    });
    expect(only(spans(span(chat, { status: { code: 2 } })))).toMatchObject({
      status: 0,
      error: { message: '' },
    });
    expect(
      only(spans(span(chat, { status: { code: 'STATUS_CODE_ERROR', message: 'Connection error.' } }))),
    ).toMatchObject({
      status: 0,
      error: 'Connection error.',
    });
    expect(only(spans(span({ ...chat, 'http.response.status_code': 503 })))).toMatchObject({
      status: 503,
      error: { message: '' },
    });
  });

  it.each([
    ['429', { status: 429, error: { type: '429', message: '' }, exception: '' }],
    [
      'rate_limit_exceeded',
      { status: 0, error: { code: 'rate_limit_exceeded', message: '' }, exception: '' },
    ],
    ['openai.APITimeoutError', { status: 0, exception: 'openai.APITimeoutError' }],
    ['_OTHER', { status: 0, exception: '' }],
  ])('with error.type %s are failures', (type, expected) => {
    expect(only(spans(span({ ...chat, 'error.type': type })))).toMatchObject(expected);
  });

  it('give the exception with its module, and the message of the exception, not of the status', () => {
    const events = [
      {
        name: 'exception',
        attributes: attributes({ 'exception.type': 'first', 'exception.message': 'retried' }),
      },
      {
        name: 'exception',
        attributes: attributes({
          'exception.type': 'openai.RateLimitError',
          'exception.message': 'Slow Down',
        }),
      },
    ];
    const failed = span(
      { ...chat, 'error.type': 'slow_down' },
      { events, status: { code: 2, message: 'failed' } },
    );
    expect(only(spans(failed))).toMatchObject({
      error: { code: 'slow_down', message: 'Slow Down' },
      exception: 'openai.RateLimitError',
    });
  });

  it.each([
    [{ 'gen_ai.system': 'az.ai.openai' }, 'azure'],
    [{ 'gen_ai.provider.name': 'aws.bedrock' }, 'bedrock'],
    [{ 'gen_ai.provider.name': 'gcp.gemini' }, 'gemini'],
    [{ 'gen_ai.provider.name': 'openai', 'server.address': 'my.openai.azure.com' }, 'azure'],
    [{ 'gen_ai.provider.name': 'openai', 'server.address': 'openrouter.ai' }, 'openrouter'],
    [{ 'gen_ai.provider.name': 'openai', 'server.address': 'gateway.internal' }, 'openai'],
    [{ 'gen_ai.provider.name': 'acme' }, 'acme'],
    [{ 'gen_ai.provider.name': '_OTHER' }, 'openai'],
  ])('name the provider of %j as %s', (values, provider) => {
    expect(only(spans(span({ 'gen_ai.request.model': 'm', ...values })))).toMatchObject({ provider });
  });

  it.each([
    ['an agent', { ...chat, 'gen_ai.operation.name': 'invoke_agent' }],
    ['a tool', { ...chat, 'gen_ai.operation.name': 'execute_tool' }],
    ['a workflow step of OpenLLMetry', { ...chat, 'traceloop.span.kind': 'workflow' }],
    ['plain HTTP', { 'http.response.status_code': 500 }],
  ])('of %s are not requests', (_name, values) => {
    expect(decode(spans(span(values)))).toEqual({ kind: 'skip', reason: 'no_request' });
  });

  it('that are damaged do not affect the others', () => {
    const decoded = decode(
      spans(
        null,
        7,
        span(chat),
        span({ ...chat, 'gen_ai.usage.input_tokens': -5 }),
        span(chat, { endTimeUnixNano: 'soon' }),
        span(chat),
        { attributes: 'x' },
      ),
    );
    expect(decoded).toMatchObject({
      kind: 'ok',
      records: [{ model: 'gpt-5' }, { model: 'gpt-5', input_tokens: 0 }, { model: 'gpt-5' }],
      rejected: [
        { part: 2, reason: 'bad_timestamp', detail: expect.stringMatching(/^span 2: ts: /) as unknown },
      ],
      dropped: ['input_tokens'],
    });
  });

  it('that are rejected have a body that has no secrets and can be decoded again', () => {
    const decoded = decode(
      spans(span(chat), span({ ...chat, note: 'sk-abcdefghijklmnopqrst' }, { endTimeUnixNano: 'soon' })),
    );
    const body = decoded.kind === 'ok' ? (decoded.rejected?.[0]?.body ?? '') : '';
    expect(body).not.toContain('klmnop');
    expect(decode(JSON.parse(body))).toMatchObject({
      kind: 'ok',
      records: [],
      rejected: [{ part: 0, reason: 'bad_timestamp' }],
    });
  });

  it('that are rejected have bodies without the large attributes of their resource', () => {
    const large = 'x'.repeat(100_000);
    const bad = Array.from({ length: 100 }, () => span(chat, { endTimeUnixNano: '0' }));
    const resource = { attributes: attributes({ 'service.name': 'a', 'process.command_line': large }) };
    const decoded = decode({
      resourceSpans: [{ resource, scopeSpans: [{ scope: { name: large }, spans: bad }] }],
    });
    const bodies = decoded.kind === 'ok' ? (decoded.rejected ?? []).map((part) => part.body) : [];
    expect(bodies).toHaveLength(100);
    expect(bodies.join('').length).toBeLessThan(200_000);
    expect(bodies[0]).toContain('"service.name"');
  });

  it('have the response headers that were recorded as attributes', () => {
    const values = {
      ...chat,
      'http.response.status_code': 429,
      'http.response.header.retry-after': '3',
      'http.response.header.x-request-id': 'req_1',
    };
    expect(only(spans(span(values)))).toMatchObject({ headers: { 'retry-after': '3' }, request_id: 'req_1' });
  });
});

describe('log records', () => {
  it('are requests when they are the details or the exception of an inference', () => {
    const details = { eventName: 'gen_ai.client.inference.operation.details' };
    expect(only(logs(log(chat, details)))).toMatchObject({ status: 200, model: 'gpt-5' });
    const exception = log({
      ...chat,
      'exception.type': 'X.Y',
      'exception.message': 'm',
      'event.name': 'gen_ai.client.operation.exception',
    });
    expect(only(logs(exception))).toMatchObject({ error: 'm', exception: 'X.Y', status: 0 });
  });

  it('of one failed call count once', () => {
    const ids = { traceId: 't', spanId: 's' };
    const details = log(
      { ...chat, 'error.type': 'E' },
      { eventName: 'gen_ai.client.inference.operation.details', ...ids },
    );
    const exception = log(
      { ...chat, 'exception.type': 'E' },
      { eventName: 'gen_ai.client.operation.exception', ...ids },
    );
    expect(decode(logs(details, exception))).toMatchObject({ kind: 'ok', records: [{ exception: 'E' }] });
    const decoded = decode(logs(details, exception));
    expect(decoded.kind === 'ok' ? decoded.records.length : 0).toBe(1);
  });

  it.each(['gen_ai.user.message', 'gen_ai.choice', 'gen_ai.evaluation.result'])(
    'called %s are not requests',
    (eventName) => {
      expect(decode(logs(log({ ...chat, 'error.type': 'x' }, { eventName })))).toEqual({
        kind: 'skip',
        reason: 'no_request',
      });
    },
  );

  it('without an event name are requests when they have an outcome', () => {
    expect(decode(logs(log(chat)))).toEqual({ kind: 'skip', reason: 'no_request' });
    expect(only(logs(log({ ...chat, 'gen_ai.usage.output_tokens': 3 })))).toMatchObject({
      status: 200,
      output_tokens: 3,
    });
  });
});

describe('messages', () => {
  it.each([{}, [], null, 'x', { resourceSpan: [] }])('%j are refused', (message) => {
    expect(decode(message)).toMatchObject({ kind: 'reject', reason: 'schema' });
  });

  it.each([
    { resourceSpans: 'x' },
    { resourceSpans: [null] },
    { resourceLogs: [{ scopeLogs: {} }] },
    { resourceMetrics: [] },
  ])('%j have no request', (message) => {
    expect(decode(message)).toEqual({ kind: 'skip', reason: 'no_request' });
  });
});

describe('readAnyValue', () => {
  it.each([
    [{ stringValue: 'a' }, 'a'],
    [{ intValue: '42' }, 42],
    [{ intValue: 42 }, 42],
    [{ doubleValue: 0.5 }, 0.5],
    [{ boolValue: false }, false],
    [{ arrayValue: { values: [{ stringValue: 'a' }, { intValue: '1' }] } }, ['a', 1]],
    [{ arrayValue: {} }, []],
    [{ kvlistValue: { values: [{ key: 'k', value: { boolValue: true } }] } }, { k: true }],
    [{ bytesValue: 'AAEC' }, undefined],
    [{}, undefined],
    ['x', undefined],
    [null, undefined],
  ])('reads %j', (value, expected) => {
    expect(readAnyValue(value)).toEqual(expected);
  });
});
