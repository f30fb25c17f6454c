import { describe, expect, it } from 'vitest';
import { Cleaner } from '../../fields/clean.ts';
import { judgeItems } from './one-request.ts';
import { otelGenai } from './otel-genai.ts';
import { otlpItems } from './otlp.ts';

const now = Date.parse('2026-06-01T12:00:00Z');
const time = `${now - 10_000}000000`;
const attributes = (values: Record<string, unknown>) =>
  Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
  }));
const span = (spanId: string, parentSpanId: string, values: Record<string, unknown>, traceId = 't') => ({
  traceId,
  spanId,
  parentSpanId,
  startTimeUnixNano: time,
  endTimeUnixNano: time,
  attributes: attributes(values),
});
const spans = (...list: unknown[]) => ({ resourceSpans: [{ scopeSpans: [{ spans: list }] }] });
const event = (name: string, values: Record<string, unknown>) => ({
  timeUnixNano: time,
  attributes: attributes({ 'event.name': `codex.${name}`, ...values }),
});
const logs = (...list: unknown[]) => ({ resourceLogs: [{ scopeLogs: [{ logRecords: list }] }] });
const verdicts = (message: Record<string, unknown>) =>
  judgeItems(otlpItems(message)).map((one) => one.verdict);
const records = (message: unknown) => {
  const decoded = otelGenai.create(new Cleaner())(message, now, now);
  return decoded.kind === 'ok' ? decoded.records : [];
};

const chat = { 'gen_ai.request.model': 'gpt-5', 'gen_ai.operation.name': 'chat' };
const kind = (name: string) => ({ 'openinference.span.kind': name });
const http = { 'http.response.status_code': 429, 'url.full': 'https://api.openai.com/v1/responses' };

describe('spans around spans', () => {
  it('count once when a message has one of them twice', () => {
    const one = span('1', '', chat);
    expect(verdicts(spans(one, one, span('2', '', chat)))).toEqual(['request', 'told_elsewhere', 'request']);
  });

  it.each([
    ['an SDK and its HTTP client', ['request', 'other'], [chat, http]],
    ['two instrumentations of one call', ['told_elsewhere', 'request'], [kind('LLM'), chat]],
    [
      'three instrumentations of one call',
      ['told_elsewhere', 'told_elsewhere', 'request'],
      [kind('LLM'), kind('LLM'), chat],
    ],
    [
      'a step between two instrumentations of one call',
      ['told_elsewhere', 'step', 'request'],
      [kind('LLM'), kind('CHAIN'), chat],
    ],
    ['a tool that asks a model', ['request', 'agent_or_tool', 'request'], [chat, kind('TOOL'), chat]],
    ['an embedding for a search', ['retrieval', 'retrieval'], [kind('RETRIEVER'), kind('EMBEDDING')]],
    ['a model asked for a search', ['retrieval', 'request'], [kind('RETRIEVER'), kind('LLM')]],
    ['an embedding outside a search', ['step', 'request'], [kind('CHAIN'), kind('EMBEDDING')]],
    [
      'a call of the Vercel AI SDK',
      ['step', 'request'],
      [{ 'ai.operationId': 'ai.embed' }, { 'ai.operationId': 'ai.embed.doEmbed' }],
    ],
  ])('%s', (_name, expected, list) => {
    const nested = list.map((values, at) => span(String(at + 1), at === 0 ? '' : String(at), values));
    expect(verdicts(spans(...nested))).toEqual(expected);
    expect(verdicts(spans(...nested.toReversed()))).toEqual(expected.toReversed());
  });

  it.each([
    ['ai.generateText.doGenerate', {}, 'request'],
    ['ai.generateText', {}, 'step'],
    ['ai.toolCall', {}, 'agent_or_tool'],
    [
      'ai.generateSpeech tts-1',
      { 'gen_ai.operation.name': 'ai.generateSpeech', 'gen_ai.request.model': 'tts-1' },
      'request',
    ],
    ['x', { 'gen_ai.system': 'az.ai.agents', 'gen_ai.operation.name': 'create_thread' }, 'step'],
    ['x', { 'gen_ai.system': 'openai', 'gen_ai.operation.name': 'embeddings' }, 'request'],
    ['claude_code.llm_request', {}, 'request'],
    ['claude_code.tool.execution', {}, 'agent_or_tool'],
    ['GET /', { 'http.response.status_code': 500 }, 'other'],
  ])('called %s with %j are a %s', (name, values, verdict) => {
    expect(verdicts(spans({ ...span('1', '', values), name }))).toEqual([verdict]);
  });

  it('count each try inside one call', () => {
    const tries = [span('1', '', kind('LLM')), span('2', '1', chat), span('3', '1', chat)];
    expect(verdicts(spans(...tries))).toEqual(['told_elsewhere', 'request', 'request']);
  });

  it('of different traces do not surround each other, even with the same span ids', () => {
    expect(verdicts(spans(span('1', '', chat, 'a'), span('2', '1', chat, 'b')))).toEqual([
      'request',
      'request',
    ]);
  });

  it("that are each other's parents, or have no ids, are judged once each", () => {
    expect(verdicts(spans(span('1', '2', {}), span('2', '1', {}), span('3', '1', chat)))).toEqual([
      'other',
      'other',
      'request',
    ]);
    expect(verdicts(spans(span('1', '1', chat)))).toEqual(['request']);
    expect(verdicts(spans(span('1', '2', chat), span('2', '1', chat)))).toEqual(['request', 'request']);
    expect(verdicts(spans(span('', '', chat), span('', '', chat)))).toEqual(['request', 'request']);
  });

  it('are judged when they nest ten thousand deep', () => {
    const deep = Array.from({ length: 10_000 }, (_, at) => span(String(at + 1), String(at), {}));
    expect(verdicts(spans(...deep, span('x', '10000', chat))).at(-1)).toBe('request');
  });
});

describe('streams of Codex', () => {
  const of = (conversation: string, more: Record<string, unknown> = {}) => ({
    'conversation.id': conversation,
    model: 'm',
    ...more,
  });
  const begin = (conversation: string, status = 200) =>
    event('api_request', of(conversation, { 'http.response.status_code': status, attempt: 3 }));
  const broken = (conversation: string) =>
    event('sse_event', of(conversation, { 'error.message': 'stream disconnected before completion' }));
  const completed = (conversation: string) =>
    event('sse_event', of(conversation, { 'event.kind': 'response.completed', input_token_count: 7 }));
  const outcomes = (...list: unknown[]) =>
    records(logs(...list)).map((one) => [one.status, one.error !== null, one.input_tokens]);

  it.each([
    ['that broke are one failure', [begin('a'), broken('a')], [[0, true, 0]]],
    [
      'that broke and report it twice are one failure',
      [begin('a'), broken('a'), broken('a')],
      [[0, true, 0]],
    ],
    [
      'that began in an earlier message and broke are one failure',
      [broken('a'), broken('a')],
      [[0, true, 0]],
    ],
    [
      'of different conversations are different requests',
      [begin('a'), broken('b')],
      [
        [200, false, 0],
        [0, true, 0],
      ],
    ],
    ['that completed give their tokens to the request', [begin('a'), completed('a')], [[200, false, 7]]],
    ['that completed are not counted again', [completed('a')], []],
    [
      'belong to the last request',
      [begin('a'), completed('a'), begin('a'), broken('a')],
      [
        [200, false, 7],
        [0, true, 0],
      ],
    ],
    [
      'do not belong to a refused request',
      [begin('a', 429), broken('a')],
      [
        [429, true, 0],
        [0, true, 0],
      ],
    ],
  ])('%s', (_name, events, expected) => {
    expect(outcomes(...events)).toEqual(expected);
  });

  it('keep the number of a try: attempt 3 means two retries', () => {
    expect(records(logs(begin('a'), broken('a')))).toMatchObject([{ retry_count: 2, exception: '' }]);
  });
});
