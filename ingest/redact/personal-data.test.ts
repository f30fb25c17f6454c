import { describe, expect, it } from 'vitest';
import { defaultPrivacy, type Privacy } from '../../domain/settings.ts';
import { Cleaner } from '../fields/clean.ts';
import { createDecoder } from '../formats/decode.ts';
import { Redactor } from './redact.ts';

const nothing: Privacy = {
  hide_email: false,
  hide_phone: false,
  hide_card: false,
  hide_ip: false,
  hide_prompts: false,
};
const only = (kind: keyof Privacy): Redactor => new Redactor({ ...nothing, [kind]: true });
const usual = new Redactor(defaultPrivacy);

describe('personal data in texts', () => {
  it.each<[keyof Privacy, string, string]>([
    ['hide_email', 'user bob@example.com asked', 'user [redacted] asked'],
    ['hide_card', 'card 4111 1111 1111 1111 refused', 'card [redacted] refused'],
    ['hide_card', 'card 4111-1111-1111-1111, or 378282246310005.', 'card [redacted], or [redacted].'],
    ['hide_card', '{"number":"5555555555554444"}', '{"number":"[redacted]"}'],
    ['hide_phone', 'call +49 30 901820-17 or +14155550132', 'call [redacted] or [redacted]'],
    ['hide_phone', 'call (415) 555-0132 or 415-555-0132', 'call [redacted] or [redacted]'],
    ['hide_phone', 'phone: 030 9018 2017', 'phone: [redacted]'],
    ['hide_phone', 'mobile number 01701234567', 'mobile number [redacted]'],
    ['hide_ip', 'IP 203.0.113.7 is not allowed', 'IP [redacted] is not allowed'],
    ['hide_ip', 'from 2001:db8::8a2e:370:7334, port 1', 'from [redacted], port 1'],
    [
      'hide_prompts',
      "got [{'role': 'user', 'content': 'my \"secret\" life'}] here",
      "got [{'role': 'user', 'content': \"[prompt hidden]\"}] here",
    ],
  ])('%s: %s', (kind, text, expected) => {
    expect(only(kind).text(text)).toBe(expected);
    expect(new Redactor({ ...defaultPrivacy, [kind]: false }).text(text)).toBe(text);
    expect(only(kind).text(expected)).toBe(expected);
  });

  it.each([
    'Limit 30000, Used 29500, Requested 1200. Please try again in 1.4s.',
    'Limit: 4000000000 / min. Current: 4111111111 / min.',
    'request 4111111111111112 of 2026-03-01T03:00:00+0100',
    'req_4111111111111111, chatcmpl-4111111111111111 and proj_5555555555554444',
    'request id: 20250814152832226798047hNsumoUG at 1717171717171717',
    '123e4567-e89b-12d3-a456-426614174000 in gpt-4o-2024-08-06, version 10.2.33.4-beta',
    'retry after 3600 of 86400 seconds, tokens 128000 204308 6988',
    'Your IP 203.0.113.7 is not authorized',
    '12:30:45 and ::1x and std::string::npos',
    "{'param': 'input', 'loc': ['body', 'messages', 0, 'content'], 'msg': 'field required'}",
  ])('does not change by default: %s', (text) => {
    expect(usual.text(text)).toBe(text);
  });
});

describe('prompts and answers in values', () => {
  const hidden = '[prompt hidden]';

  it.each<[string, unknown, unknown]>([
    [
      'messages of a conversation',
      { messages: [{ role: 'user', content: 'my life' }], model: 'm' },
      { messages: [{ role: 'user', content: hidden }], model: 'm' },
    ],
    ['parts of Gemini', { contents: [{ parts: [{ text: 'my life' }] }] }, { contents: [{ parts: hidden }] }],
    ['a prompt', { prompt: 'my life', max_tokens: 5 }, { prompt: hidden, max_tokens: 5 }],
    ['inputs of embeddings', { input: ['my life', 'and more'] }, { input: hidden }],
    [
      'an answer before the error',
      { choices: [{ message: { role: 'assistant', content: 'well' }, error: { code: 503 } }] },
      { choices: [{ message: { role: 'assistant', content: hidden }, error: { code: 503 } }] },
    ],
    [
      'the arguments of a tool',
      { tool_calls: [{ function: { name: 'mail', arguments: '{"to":"my love"}' } }] },
      { tool_calls: [{ function: { name: 'mail', arguments: hidden } }] },
    ],
    [
      'an attribute of OTLP',
      { key: 'gen_ai.input.messages', value: { stringValue: '[…]' } },
      { key: 'gen_ai.input.messages', value: { stringValue: hidden } },
    ],
    [
      'JSON within a text',
      { body: '{"messages":[{"role":"user","content":"my life"}]}' },
      { body: `{"messages":[{"role":"user","content":"${hidden}"}]}` },
    ],
  ])('%s', (_name, value, expected) => {
    expect(usual.value(value)).toEqual(expected);
    expect(new Redactor({ ...defaultPrivacy, hide_prompts: false }).value(value)).toBe(value);
    expect(usual.value(expected)).toEqual(expected);
  });

  it.each<unknown>([
    { error: { message: 'input is too long', param: 'input', code: 'context_length_exceeded' } },
    { detail: [{ loc: ['body', 'prompt'], msg: 'field required', type: 'missing' }] },
    { messages: ['Rate limit reached'] },
    { input: 'messages' },
    { choices: [{ finish_reason: 'content_filter', message: { content: '' } }] },
    { message: 'Too many requests', content: 'The engine is overloaded' },
  ])('a value that describes the error stays: %j', (value) => {
    expect(usual.value(value)).toBe(value);
  });
});

describe('personal data in records', () => {
  const record = {
    ts: 1_795_392_000_000,
    status: 403,
    request_id: '4111-1111-1111-1111',
    client: 'bob@example.com',
    error: { message: 'Your IP 203.0.113.7 is not authorized', number: 4111111111111111 },
  };
  const decoded = (privacy: Privacy) =>
    createDecoder({ format: 'auto', mapping: {} }, new Cleaner(privacy))(
      Buffer.from(JSON.stringify(record)),
      record.ts,
    );

  it('is hidden in every field, according to the settings', () => {
    expect(decoded(defaultPrivacy)).toMatchObject({
      records: [
        {
          request_id: '[redacted]',
          client: '[redacted]',
          error: { message: 'Your IP 203.0.113.7 is not authorized', number: '[redacted]' },
        },
      ],
    });
    expect(decoded(nothing)).toMatchObject({
      records: [{ request_id: record.request_id, client: record.client, error: record.error }],
    });
  });
});
