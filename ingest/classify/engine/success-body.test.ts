import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { classify } from '../classify.ts';

const classOf = (error: unknown, status = 200) =>
  classify({ provider: 'openai', status, error, exception: '', headers: null }).class;

/** Texts that a successful answer may contain, and that must not count as an error of the API. */
const hostile = [
  'You exceeded your current quota, please check your plan and billing details.',
  'rate limit',
  'insufficient_quota',
  '429 Too Many Requests',
  'The server had an error while processing your request',
  'Slow Down',
  '{"error":{"message":"Rate limit reached","type":"tokens","code":"rate_limit_exceeded"}}',
  '{"type":"error","code":"server_is_overloaded"}',
  '"error": {"code": "insufficient_quota"}',
  'event: error\ndata: {"error":{"message":"x"}}',
  "{'error': {'code': 'context_length_exceeded'}}",
  'finish_reason: content_filter',
  'openai.RateLimitError: Error code: 429',
  '余额不足',
  'ECONNRESET\n\n',
  'a "quoted \\ text',
];
const text = fc.oneof(
  fc.constantFrom(...hostile),
  fc.string({ maxLength: 20 }),
  fc.tuple(fc.string({ maxLength: 8 }), fc.constantFrom(...hostile)).map((parts) => parts.join(' ')),
);
/** Members that report that there is no error. */
const noError = fc.constantFrom<Record<string, unknown>[]>(
  {},
  { error: null },
  { errors: [] },
  { error: false },
  { error: '' },
  { errors: null, last_error: null },
  { error: {} },
  { error: { code: null, message: null } },
  { code: 0, message: 'success' },
  { success: true, errors: [] },
);
const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
const toolCall = (words: string) => ({
  id: 'call_1',
  type: 'function',
  function: { name: 'report_error', arguments: JSON.stringify({ error: words, code: 429 }) },
});

/** One complete answer of each documented API; `words` fills its texts. */
const bodies: Readonly<Record<string, (words: string) => Record<string, unknown>>> = {
  'a chat completion': (words) => ({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    choices: [
      { index: 0, message: { role: 'assistant', content: words, refusal: null }, finish_reason: 'stop' },
    ],
    usage,
  }),
  'a refusal': (words) => ({
    object: 'chat.completion',
    choices: [{ message: { role: 'assistant', content: null, refusal: words }, finish_reason: 'stop' }],
  }),
  'tool calls': (words) => ({
    object: 'chat.completion',
    choices: [{ message: { content: null, tool_calls: [toolCall(words)] }, finish_reason: 'tool_calls' }],
  }),
  'an annotated completion of Azure': (words) => ({
    object: 'chat.completion',
    prompt_filter_results: [
      { prompt_index: 0, content_filter_results: { hate: { filtered: false, severity: 'safe' } } },
    ],
    choices: [
      {
        message: { content: words },
        content_filter_results: { violence: { filtered: false, severity: 'low' } },
        finish_reason: 'length',
      },
    ],
  }),
  'a completion': (words) => ({
    object: 'text_completion',
    choices: [{ text: words, finish_reason: 'stop' }],
  }),
  'a response': (words) => ({
    id: 'resp_1',
    object: 'response',
    status: 'completed',
    error: null,
    incomplete_details: null,
    output: [
      { type: 'message', content: [{ type: 'output_text', text: words, annotations: [] }] },
      { type: 'function_call', name: 'error', arguments: JSON.stringify({ error: words }) },
      { type: 'mcp_call', name: 'x', error: words, output: null },
    ],
  }),
  'an incomplete response': (words) => ({
    object: 'response',
    status: 'incomplete',
    error: null,
    incomplete_details: { reason: 'max_output_tokens' },
    output: [{ type: 'message', content: [{ type: 'refusal', refusal: words }] }],
  }),
  embeddings: () => ({ object: 'list', data: [{ object: 'embedding', embedding: [0.1, 0.2] }], model: 'm' }),
  'an image': (words) => ({ created: 1, data: [{ revised_prompt: words, b64_json: 'AA==' }] }),
  'a transcription': (words) => ({ text: words }),
  'a verbose transcription': (words) => ({
    task: 'transcribe',
    text: words,
    segments: [{ id: 0, text: words }],
  }),
  'a moderation': () => ({ id: 'modr-1', results: [{ flagged: true, categories: { violence: true } }] }),
  'a batch': () => ({
    object: 'batch',
    status: 'completed',
    errors: null,
    error_file_id: 'file-2',
    request_counts: { total: 2, completed: 1, failed: 1 },
  }),
  'a line of a batch': (words) => ({
    id: 'batch_req_1',
    response: {
      status_code: 200,
      body: { object: 'chat.completion', choices: [{ message: { content: words } }] },
    },
    error: null,
  }),
  'a run': () => ({ object: 'thread.run', status: 'completed', last_error: null }),
  'a deleted file': () => ({ id: 'file-1', object: 'file', deleted: true }),
  'a message of Anthropic': (words) => ({
    id: 'msg_1',
    type: 'message',
    content: [
      { type: 'text', text: words },
      { type: 'tool_use', id: 't', name: 'n', input: { error: words } },
    ],
    stop_reason: 'end_turn',
  }),
  'a refusal of Anthropic': (words) => ({
    type: 'message',
    content: [{ type: 'text', text: words }],
    stop_reason: 'refusal',
  }),
  'an answer of Gemini': (words) => ({
    candidates: [{ content: { parts: [{ text: words }], role: 'model' }, finishReason: 'STOP' }],
    usageMetadata: { totalTokenCount: 3 },
  }),
  'a message of Cohere': (words) => ({
    id: 'x',
    message: { role: 'assistant', content: [{ type: 'text', text: words }] },
    finish_reason: 'COMPLETE',
  }),
  'an old generation of Cohere': (words) => ({ response_id: 'r', text: words, finish_reason: 'COMPLETE' }),
  'a rerank': (words) => ({
    id: 'r',
    results: [{ index: 0, relevance_score: 0.9, document: { text: words } }],
  }),
  'an answer of Ollama': (words) => ({
    model: 'm',
    message: { role: 'assistant', content: words },
    done: true,
  }),
  'a generation of Ollama': (words) => ({ model: 'm', response: words, done: true }),
  'Bedrock Titan': (words) => ({ results: [{ outputText: words, completionReason: 'FINISH' }] }),
  'Bedrock Llama': (words) => ({ generation: words, stop_reason: 'stop' }),
  'Bedrock Converse': (words) => ({
    output: { message: { role: 'assistant', content: [{ text: words }] } },
    stopReason: 'end_turn',
  }),
  DashScope: (words) => ({ output: { text: words, finish_reason: 'stop' }, usage, request_id: 'r' }),
  MiniMax: (words) => ({
    choices: [{ message: { content: words }, finish_reason: 'stop' }],
    base_resp: { status_code: 0, status_msg: '' },
  }),
  'Cloudflare Workers AI': (words) => ({
    result: { response: words },
    success: true,
    errors: [],
    messages: [],
  }),
  'a list of models': () => ({ object: 'list', data: [{ id: 'm', object: 'model' }] }),
};

/** The pieces of one streamed answer of each API. */
const streams: Readonly<Record<string, (words: string) => readonly string[]>> = {
  'chat completions': (words) => [
    data({ object: 'chat.completion.chunk', choices: [{ delta: { content: words }, finish_reason: null }] }),
    data({ object: 'chat.completion.chunk', choices: [{ delta: { tool_calls: [toolCall(words)] } }] }),
    data({ object: 'chat.completion.chunk', choices: [{ delta: {}, finish_reason: 'stop' }], usage }),
    'data: [DONE]\n\n',
  ],
  responses: (words) => [
    event({ type: 'response.created', response: { id: 'resp_1', status: 'in_progress', error: null } }),
    event({ type: 'response.output_text.delta', delta: words }),
    event({ type: 'response.output_item.done', item: { type: 'mcp_call', error: words } }),
    event({ type: 'response.completed', response: { status: 'completed', error: null } }),
  ],
  Anthropic: (words) => [
    event({ type: 'message_start', message: { id: 'msg_1', type: 'message', content: [] } }),
    event({ type: 'ping' }),
    event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: words } }),
    event({
      type: 'content_block_delta',
      index: 1,
      delta: { type: 'input_json_delta', partial_json: words },
    }),
    event({ type: 'message_stop' }),
  ],
  Gemini: (words) => [
    data({ candidates: [{ content: { parts: [{ text: words }] } }] }),
    data({ candidates: [{ finishReason: 'STOP' }] }),
  ],
  Cohere: (words) => [
    event({ type: 'content-delta', index: 0, delta: { message: { content: { text: words } } } }),
    event({ type: 'message-end', delta: { finish_reason: 'COMPLETE' } }),
  ],
  Ollama: (words) => [
    `${JSON.stringify({ model: 'm', message: { content: words }, done: false })}\n`,
    `${JSON.stringify({ model: 'm', message: { content: '' }, done: true })}\n`,
  ],
};

function data(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

function event(value: { type: string } & Record<string, unknown>): string {
  return `event: ${value.type}\n${data(value)}`;
}

describe('an answer is a success, whatever its words', () => {
  test.each(Object.entries(bodies))('%s, as an object and as text, whole and cut off', (_name, body) => {
    fc.assert(
      fc.property(text, noError, fc.double({ min: 0.05, max: 1, noNaN: true }), (words, none, share) => {
        const value = { ...none, ...body(words) };
        const whole = JSON.stringify(value);
        expect(classOf(value)).toBe('ok');
        expect(classOf(whole)).toBe('ok');
        expect(classOf(JSON.stringify(value, null, 2))).toBe('ok');
        expect(classOf(whole.slice(0, Math.ceil(whole.length * share)))).toBe('ok');
      }),
      { numRuns: 200 },
    );
  });

  test.each(Object.entries(streams))('a stream of %s, finished and cut off', (_name, stream) => {
    fc.assert(
      fc.property(text, fc.double({ min: 0.05, max: 1, noNaN: true }), (words, share) => {
        const whole = stream(words).join('');
        expect(classOf(whole)).toBe('ok');
        expect(classOf(whole.slice(0, Math.ceil(whole.length * share)))).toBe('ok');
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    '-',
    'null',
    'OK',
    'Hello there, this is the transcript.',
    'You exceeded your current quota, please check your plan and billing details.',
    'Rate limits are a way to slow down requests. When you hit the rate limit, you get 429 Too Many Requests.',
    'WEBVTT\n\n00:00.000 --> 00:02.000\nThe server is overloaded, they said.',
    '1\n00:00:00,000 --> 00:00:02,000\ninsufficient_quota\n',
    '"a transcript as JSON: rate limit exceeded"',
    '[]',
    '[0.1, 0.2]',
    '[Music] Hello there, welcome.',
    '[BLANK_AUDIO]',
    '[00:00.000 --> 00:02.000]  Hello there',
    '[1] According to the document, the rate limit is fine.',
    '{name}, hello',
  ])('%j', (body) => {
    expect(classOf(body)).toBe('ok');
  });

  test('a list of Gemini pieces, cut off', () => {
    expect(
      classOf('[{"candidates":[{"content":{"parts":[{"text":"rate limit"}]}}]},\n{"candidates":[{"cont'),
    ).toBe('ok');
  });

  test('an answer of 100,000 numbers', () => {
    const body = { object: 'list', data: [{ embedding: Array.from({ length: 100_000 }, (_, i) => i / 7) }] };
    expect(classOf(JSON.stringify(body))).toBe('ok');
  });
});

describe('an error under a status of success is an error', () => {
  const words = 'We spoke of rate limits.';
  const failed = event({ type: 'error', error: { code: 'insufficient_quota', message: 'x' } });
  const chunk = data({ choices: [{ delta: { content: words } }] });

  test.each([
    ['CRLF', (text: string) => text.replaceAll('\n', '\r\n')],
    ['CR', (text: string) => text.replaceAll('\n', '\r')],
    ['blank lines before it', (text: string) => `\n\n${text}`],
    ['a byte order mark before it', (text: string) => `\ufeff${text}`],
  ])('in a stream with %s', (_name, change) => {
    expect(classOf(change(failed))).toBe('quota_exceeded');
    expect(classOf(change(chunk + failed))).toBe('quota_exceeded');
    expect(classOf(change(data({ error: { message: 'Slow\u2028Down', code: 'slow_down' } })))).toBe(
      'slow_down',
    );
    expect(classOf(change(chunk + chunk))).toBe('ok');
  });

  test('in an event of several lines of data', () => {
    const lines = JSON.stringify({ error: { code: 'insufficient_quota', message: 'x' } }, null, 1).split(
      '\n',
    );
    expect(classOf(lines.map((line) => `data: ${line}\n`).join('') + '\n')).toBe('quota_exceeded');
  });

  test('in a list of the pieces of a stream', () => {
    expect(classOf([chunk, failed])).toBe('quota_exceeded');
    expect(classOf(JSON.stringify([chunk, failed]))).toBe('quota_exceeded');
    expect(classOf([chunk, 'data: [DONE]\n\n'])).toBe('ok');
  });

  test.each([
    [
      'an error event',
      'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n',
      'engine_overloaded',
    ],
    [
      'an event of the Responses API',
      event({ type: 'response.failed', response: { error: { code: 'server_error', message: 'x' } } }),
      'server_error',
    ],
    [
      'a piece without an event name',
      data({ error: { message: 'The engine is currently overloaded', code: 503 } }),
      'engine_overloaded',
    ],
    [
      'a choice that failed',
      data({ choices: [{ delta: {}, finish_reason: 'error', error: { code: 502, message: 'x' } }] }),
      'server_error',
    ],
    [
      'an exception of Bedrock',
      data({ throttlingException: { message: 'Too many requests, please wait' } }),
      'rate_limit',
    ],
    ['a raw error after the stream', '{"error":{"message":"Slow Down","code":"slow_down"}}', 'slow_down'],
    [
      'a realtime response',
      data({
        type: 'response.done',
        response: { status: 'failed', status_details: { error: { code: 'insufficient_quota' } } },
      }),
      'quota_exceeded',
    ],
  ])('%s after a part of the answer', (_name, piece, expected) => {
    expect(classOf(streams['chat completions']?.(words).slice(0, 1).join('') + piece)).toBe(expected);
  });

  test.each([
    [
      'a list',
      '[{"error":{"code":503,"message":"The model is overloaded","status":"UNAVAILABLE"}}]',
      'engine_overloaded',
    ],
    ['a cut-off body', '{"error":{"message":"You exceeded your current quota, please che', 'quota_exceeded'],
    [
      'a line of a batch',
      { response: { status_code: 429, body: { error: { code: 'rate_limit_exceeded' } } } },
      'rate_limit',
    ],
    ['a string error', { error: 'slow down' }, 'slow_down'],
    ['a vendor’s number', { error_code: 18, error_msg: 'Open api qps request limit reached' }, 'rate_limit'],
    ['a wrapper with success: false', { success: false, message: 'insufficient balance' }, 'quota_exceeded'],
    ['JSON in a string', JSON.stringify('{"error":{"message":"Slow Down"}}'), 'slow_down'],
    ['a thrown error', new Error('Slow Down'), 'slow_down'],
    [
      'a named exception',
      'openai.APIError: The server had an error while processing your request',
      'server_error',
    ],
    ['the client’s word for a broken stream', 'terminated', 'connection'],
    ['a label', 'Error: 503 The engine is currently overloaded', 'engine_overloaded'],
    ['a Python literal', "{'error': {'message': 'Slow Down'}}", 'slow_down'],
  ])('%s', (_name, body, expected) => {
    expect(classOf(body)).toBe(expected);
  });

  test('an exception counts, although the body is a success', () => {
    const given = {
      provider: '',
      status: 200,
      error: { choices: [] },
      exception: 'openai.APITimeoutError',
      headers: null,
    };
    expect(classify(given).class).toBe('timeout');
  });

  test.each([
    '{',
    '[{"',
    '"',
    '{"a":',
    'data: {',
    'data: {"error":null}\n',
    '\\',
    '> ',
    'error ',
    '{"error":',
  ])('a megabyte of %j is judged within seconds', (unit) => {
    const started = performance.now();
    classOf(unit.repeat(Math.ceil(1_000_000 / unit.length)));
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
