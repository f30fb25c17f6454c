import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ClassifierInput, generations, subclasses } from '../../domain/classification.ts';
import { errorClasses, isRequestClass } from '../../domain/error-class.ts';
import { classify, conclude, readError } from './classify.ts';

const input = (status: number, error: unknown, more: Partial<ClassifierInput> = {}): ClassifierInput => ({
  provider: 'openai',
  status,
  error,
  exception: '',
  headers: null,
  ...more,
});
const body = (fields: Record<string, unknown>) => JSON.stringify({ error: { param: null, ...fields } });
const tpm =
  'Rate limit reached for gpt-4 in organization org-x on tokens per min (TPM): Limit 10, Used 9, Requested 3.';

describe('success', () => {
  test.each([
    ['a 200 without an error', input(200, null)],
    ['a 204', input(204, null)],
    ['a redirect', input(302, null)],
    ['an empty error', input(200, '')],
    ['an error without a field', input(200, {})],
    [
      'a completion',
      input(200, '{"object":"chat.completion","choices":[{"finish_reason":"stop"}],"error":null}'),
    ],
    [
      'a completion that quotes an error',
      input(200, { choices: [{ message: { content: tpm } }], object: 'x' }),
    ],
    [
      'a completed response',
      input(200, '{"id":"resp_1","object":"response","status":"completed","error":null,"output":[]}'),
    ],
  ])('%s is ok', (_name, given) => {
    expect(classify(given)).toMatchObject({ class: 'ok', rule: 'ok', wait_seconds: null });
  });

  test.each([
    ['an error body', body({ message: 'Our servers are currently overloaded.' }), 'engine_overloaded'],
    [
      'an error event',
      'event: error\ndata: {"type":"error","message":"Slow down","code":"slow_down"}',
      'slow_down',
    ],
    [
      'a failed response',
      '{"type":"response.failed","response":{"error":{"code":"server_error","message":""}}}',
      'server_error',
    ],
    [
      'a failed choice',
      '{"object":"chat.completion","choices":[{"error":{"code":502,"message":"x"}}]}',
      'server_error',
    ],
    [
      'a failed run',
      '{"object":"thread.run","last_error":{"code":"rate_limit_exceeded","message":"x"}}',
      'rate_limit',
    ],
    [
      'moderation',
      '{"object":"chat.completion","choices":[{"finish_reason":"content_filter"}]}',
      'bad_request',
    ],
  ])('%s under 200 is an error', (_name, error, expected) => {
    expect(classify(input(200, error)).class).toBe(expected);
  });

  test('no status and no error mean that no answer came', () => {
    expect(classify(input(0, null))).toMatchObject({ class: 'connection', rule: 'status.no_answer' });
  });
});

describe('the answer', () => {
  test.each([
    ['tokens per minute', tpm, 'tokens_per_minute'],
    [
      'requests per day',
      'Rate limit reached for x on requests per day (RPD): Limit 200, Used 200.',
      'requests_per_day',
    ],
    [
      'requests per minute',
      'Rate limit reached for x in organization y on requests per min. Limit: 3 / min.',
      'requests_per_minute',
    ],
    ['tokens per day', 'Rate limit reached for model `x` on tokens per day (TPD): Limit 5', 'tokens_per_day'],
    [
      'images',
      'Rate limit exceeded for images per minute in organization x. Limit: 5/1min.',
      'images_per_minute',
    ],
    ['concurrency', 'Rate limit reached: too many concurrent requests', 'concurrent'],
    [
      'one request too large',
      'Request too large for x on tokens per min (TPM): Limit 10, Requested 20.',
      'request_too_large',
    ],
    ['no credit', body({ code: 'credit_balance_exhausted' }), 'credit_balance'],
    ['the organization', body({ code: 'organization_spend_limit_exceeded' }), 'organization_spend_limit'],
    ['the project', body({ code: 'project_spend_limit_exceeded' }), 'project_spend_limit'],
    ['an assigned limit', body({ code: 'organization_usage_limit_exceeded' }), 'organization_usage_limit'],
    ['an unnamed quota', 'You exceeded your current quota', ''],
    ['a server error', 'The server had an error while processing your request: 5 tokens per min', ''],
  ])('names the limit: %s', (_name, error, subclass) => {
    expect(classify(input(429, error)).subclass).toBe(subclass);
  });

  test.each([
    ['a rate limit can be retried later', input(429, tpm), 'after_wait'],
    [
      'a request that is too large never succeeds',
      input(429, 'Request too large for x on tokens per min'),
      'no',
    ],
    [
      'a limit of zero never succeeds',
      input(429, 'Rate limit exceeded for images per minute. Limit: 0/1min.'),
      'no',
    ],
    ['a quota is never retried', input(429, 'You exceeded your current quota'), 'no'],
    ['a provider may forbid the retry', input(500, 'x', { headers: { 'x-should-retry': 'false' } }), 'no'],
    [
      'a provider cannot make a quota retryable',
      input(402, 'x', { headers: { 'x-should-retry': 'true' } }),
      'no',
    ],
    ['a server error is retried', input(500, 'x'), 'yes'],
  ])('%s', (_name, given, retry) => {
    expect(classify(given).retry).toBe(retry);
  });

  test.each([
    ['the header', { 'retry-after': '7' }, `${tpm} Please try again in 9.8s.`, 7],
    ['milliseconds first', { 'retry-after-ms': '1500', 'retry-after': '7' }, tpm, 1.5],
    ['the text', null, `${tpm} Please try again in 9.816s. Visit x`, 9.816],
    ['nothing', null, tpm, null],
  ])('gives the waiting time: %s', (_name, headers, error, seconds) => {
    expect(classify(input(429, error, { headers })).wait_seconds).toBe(seconds);
  });

  test.each([
    ['minutes are a wait', 'Try again in 12 minutes.', 'rate_limit', 'after_wait', 720],
    ['59 minutes are a wait', 'Try again in 59 minutes.', 'rate_limit', 'after_wait', 3540],
    ['an hour is a quota', 'Try again in 1 hour.', 'quota_exceeded', 'no', 3600],
    ['days are a quota', 'Try again in 3 days.', 'quota_exceeded', 'no', 259_200],
    ['without a wait it is a quota', 'Your limit resets at 3pm.', 'quota_exceeded', 'no', null],
  ])('a usage limit: %s', (_name, time, name, retry, wait_seconds) => {
    const given = input(429, body({ message: `You've hit your usage limit. ${time}` }));
    expect(classify(given)).toMatchObject({ class: name, retry, wait_seconds });
  });

  test('a text that names a rate limit is a rate limit, however long the wait', () => {
    expect(classify(input(429, `${tpm} Please try again in 114h18m0s.`))).toMatchObject({
      class: 'rate_limit',
      wait_seconds: 411_480,
    });
  });

  test('the gateway is at fault when it refused the request itself, whatever the class', () => {
    expect(classify(input(429, 'answered by the gateway itself'))).toMatchObject({
      class: 'rate_limit',
      fault: 'gateway',
    });
    expect(classify(input(401, { reason: 'SubscriptionKeyNotFound', section: 'inbound' })).fault).toBe(
      'gateway',
    );
    expect(classify(input(403, 'rbac_access_denied_matched_policy[none]')).fault).toBe('gateway');
    expect(classify(input(429, { message: 'API rate limit exceeded' })).fault).toBe('gateway');
    expect(classify(input(429, body({ message: 'x', source: 'kong' })))).toMatchObject({
      class: 'rate_limit',
      fault: 'gateway',
    });
    expect(classify(input(429, tpm)).fault).toBe('traffic');
    expect(classify(input(200, { source: 'kong', choices: [] })).fault).toBe('unknown');
  });

  test('gives no waiting time for errors that waiting does not cure', () => {
    expect(
      classify(input(429, 'You exceeded your current quota', { headers: { 'retry-after': '7' } }))
        .wait_seconds,
    ).toBeNull();
  });

  test.each([
    [
      '2023 by its limit',
      'Rate limit reached for x on requests per min. Limit: 3 / min. Please try again in 20s.',
      429,
      '2023',
    ],
    ['2024 by its limit', tpm, 429, '2024'],
    ['2025 Slow Down', body({ message: 'Slow Down', code: 'slow_down' }), 503, '2025'],
    [
      '2026 Slow Down',
      body({ message: 'Slow down', type: 'rate_limit_error', code: 'slow_down' }),
      429,
      '2026',
    ],
    ['2026 overload', body({ code: 'server_is_overloaded' }), 503, '2026'],
    ['2023 overload', 'The server is currently overloaded with other requests.', 429, '2023'],
    ['2022 wrong key', 'Incorrect API key provided', 404, '2022'],
    [
      'a neighbour',
      '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
      529,
      'neighbour',
    ],
  ])('knows the generation: %s', (_name, error, status, generation) => {
    expect(classify(input(status, error)).generation).toBe(generation);
  });

  test('an exception class alone is enough', () => {
    expect(classify(input(0, null, { exception: 'openai.APITimeoutError' })).class).toBe('timeout');
    expect(classify(input(0, '', { exception: 'openai.RateLimitError' })).class).toBe('rate_limit');
    expect(classify(input(0, 'Connection error.', { exception: 'openai.APIConnectionError' })).class).toBe(
      'connection',
    );
  });

  test('the provider of the record counts when the text names none', () => {
    const quota = 'You exceeded your current quota, please check your plan and billing details.';
    expect(classify(input(429, quota, { provider: 'gemini' })).class).toBe('rate_limit');
    expect(classify(input(429, quota)).class).toBe('quota_exceeded');
  });
});

describe('what decides', () => {
  test.each([
    [
      'in an invocation log',
      input(0, 'ServiceQuotaExceededException', { exception: 'ServiceQuotaExceededException' }),
    ],
    [
      'with its status and text',
      input(400, 'Your request exceeds the service quota for your account.', {
        exception: 'ServiceQuotaExceededException',
      }),
    ],
    ['in a body', input(400, { __type: 'com.amazon.coral#ServiceQuotaExceededException', message: 'x' })],
  ])('a service quota of AWS %s is a quota, which waiting does not help', (_where, given) => {
    expect(classify({ ...given, provider: 'bedrock' })).toMatchObject({
      class: 'quota_exceeded',
      retry: 'no',
    });
  });

  test.each([
    [
      'the innermost code',
      { error: { code: 'RATE_LIMITED', message: '{"error":{"code":"insufficient_quota"}}' } },
      'quota_exceeded',
    ],
    ['the inner status', '400 An error occurred: Server responded with status 429. x', 'rate_limit'],
    [
      'the last attempt',
      'Rate limit reached for x. Retrying in 2 s. The engine is currently overloaded.',
      'engine_overloaded',
    ],
    [
      'the end of a list of attempts',
      'Failed after 3 attempts. Last error: Rate limit reached for x',
      'rate_limit',
    ],
    [
      'not the providers tried before',
      {
        error: {
          code: 429,
          message: 'Rate limit exceeded',
          metadata: { previous_errors: [{ message: 'You exceeded your current quota' }] },
        },
      },
      'rate_limit',
    ],
    [
      'not the headers of a dump',
      "{ status: 500, headers: { note: 'Rate limit reached for' }, message: 'Bad gateway' }",
      'server_error',
    ],
    [
      'not the words of the caller',
      { error: { message: 'Bad gateway', code: 502 }, messages: [{ content: 'Slow Down' }] },
      'server_error',
    ],
    [
      'the words of the caller when there is nothing else',
      { content: 'API Error: You exceeded your current quota' },
      'quota_exceeded',
    ],
    ['not the number of a port', 'connect ECONNREFUSED 127.0.0.1:500', 'connection'],
    ['not the line of a file', 'Error: x\n    at f (/a/b.js:404:13)', 'other'],
    ['not a number of tokens', 'something odd about 429 tokens in 500 ms', 'other'],
    ['an IP address only when it is refused', 'The IP address is allowed. Bad gateway', 'server_error'],
    ['a leak only when it is of a key', 'Special token leaked into the output. Bad gateway', 'server_error'],
    ['not the guess of a wrapper', 'Oops. You may have hit the rate limit, or the server is down.', 'other'],
  ])('%s', (_name, error, expected) => {
    expect(classify(input(0, error)).class).toBe(expected);
  });
});

describe('readError', () => {
  test.each([
    [
      'the standard body',
      body({ message: 'm x', type: 't', code: 'c' }),
      { type: 't', code: 'c', message: 'm x' },
    ],
    [
      'a Python literal',
      `{'error': {'message': "it's m", 'type': 't', 'param': None, 'code': None}}`,
      { type: 't', code: '', message: "it's m" },
    ],
    ['a bare object', { message: 'm', code: 'c' }, { type: '', code: 'c', message: 'm' }],
    [
      'JSON in a message',
      { error: { message: '{"error":{"message":"inner","code":"c2"}}', code: 'c1' } },
      { type: '', code: 'c2', message: 'inner' },
    ],
    [
      'Gemini',
      '{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}',
      { type: '', code: '503', message: 'm' },
    ],
    ['a string error', '{"error":"slow down"}', { type: '', code: '', message: 'slow down' }],
    ['prose', 'Connection error.', { type: '', code: '', message: 'Connection error.' }],
    ['nothing', null, { type: '', code: '', message: '' }],
    [
      'a truncated body',
      '{"error":{"message":"You exceeded',
      { type: '', code: '', message: 'You exceeded' },
    ],
  ])('reads the fields of %s', (_name, error, fields) => {
    expect(readError(input(500, error)).fields).toEqual(fields);
  });

  test('gives the class that classify gives', () => {
    const given = input(429, tpm);
    expect(conclude(readError(given), given.headers)).toEqual(classify(given));
  });

  test('keeps a message below 4 KiB', () => {
    expect(
      readError(input(500, `{"error":{"message":"${'m'.repeat(100_000)}"}}`)).fields.message.length,
    ).toBeLessThanOrEqual(4096);
  });
});

describe('totality', () => {
  const anything = fc.oneof(
    fc.string({ maxLength: 400 }),
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true, withMap: true, withSet: true }),
    fc.json(),
    fc
      .array(
        fc.constantFrom(
          '{',
          '}',
          '[',
          ']',
          '"',
          "'",
          '\\',
          'error',
          ':',
          '429 ',
          'message',
          '\\u',
          ' ',
          '\n',
          'content',
          'rate limit',
          'Retrying ',
        ),
      )
      .map((parts) => parts.join('')),
  );

  test('every input has one known class, and the same each time', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 999 }),
        anything,
        fc.string({ maxLength: 40 }),
        (status, error, exception) => {
          const given = input(status, error, { exception });
          const classification = classify(given);
          expect(classify(given)).toEqual(classification);
          expect(conclude(readError(given), given.headers)).toEqual(classification);
          expect(isRequestClass(classification.class)).toBe(true);
          expect(classification.rule).not.toBe('');
          expect(subclasses).toContain(classification.subclass);
          expect(generations).toContain(classification.generation);
          expect([errorClasses[classification.class].fault, 'gateway']).toContain(classification.fault);
          expect(classification.class === 'ok').toBe(classification.rule === 'ok');
        },
      ),
      { numRuns: 500 },
    );
  });

  test('a failed status is never ok', () => {
    for (let status = 400; status < 600; status++) expect(classify(input(status, null)).class).not.toBe('ok');
  });

  const circular: Record<string, unknown> = { message: 'You exceeded your current quota' };
  circular['self'] = circular;
  const first = new Error('a');
  first.cause = new Error('Connection error.', { cause: first });
  let deep: unknown = 'Slow Down';
  for (let i = 0; i < 20_000; i++) deep = { error: deep };
  test.each([
    ['a circle', circular, 'quota_exceeded'],
    ['a circle of causes', first, 'connection'],
    [
      'an object that throws',
      {
        get message() {
          throw new Error('no');
        },
      },
      'other',
    ],
    ['20,000 levels', deep, 'slow_down'],
    ['a function', () => 1, 'other'],
    ['a symbol', Symbol('x'), 'other'],
  ])('%s causes no exception', (_name, error, expected) => {
    expect(classify(input(0, error)).class).toBe(expected);
  });
});

describe('long texts', () => {
  test('an error at the end of a megabyte is found', () => {
    expect(classify(input(0, `${'log line without meaning\n'.repeat(40_000)}429 ${tpm}`)).class).toBe(
      'rate_limit',
    );
  });

  const megabyte = (unit: string) => unit.repeat(Math.ceil(1_000_000 / unit.length));
  test.each(
    [
      '{',
      '[{"',
      '\\',
      '"',
      "'",
      "{'error':",
      '{"content":"',
      '{"content":',
      '429 ',
      'error: 429 ',
      'rate limit ',
      'if rate limit ',
      'Retrying ',
      'overloaded ',
      'slow down ',
      ' does not exist',
      "'loc':",
      'the request rate ',
      '\\u',
      '\\u00',
      '\u001b[',
      'a',
      '1113',
      "code: '",
      'try again in 9',
      'ip address ',
      'key leaked ',
      'growing too fast ',
      '余额不足',
      '\\u4f59',
    ].map((unit) => [unit]),
  )('a megabyte of %j is judged within seconds', (unit) => {
    const started = performance.now();
    for (let i = 0; i < 5; i++) readError(input(500, megabyte(unit)));
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
