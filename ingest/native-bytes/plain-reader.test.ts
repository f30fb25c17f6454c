import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { orderedRules } from '../classify/rules/ordered-rules.ts';
import { dimensionSets } from '../rows/dimension-sets.ts';
import { type Failure, failureOf } from '../rows/judged-error.ts';
import { nativeRecord, type RequestLog } from '../../domain/request-log.ts';
import { Cleaner } from '../fields/clean.ts';
import { recordDecoder } from '../formats/formats.ts';
import { type PlainRecord, PlainReader, type Wanted } from './plain-reader.ts';

const now = Date.UTC(2026, 5, 1, 12);
const decode = recordDecoder({ format: 'auto', mapping: {} }, new Cleaner());

const plain = {
  ts: '2026-06-01T11:59:58.250Z',
  request_id: 'req_0123456789abcdef',
  provider: 'openai',
  org: 'org-acme',
  project: 'proj_1',
  api_key: 'sk-proj-abcdefghijklmnopqrstuvwxyz',
  client: 'checkout',
  region: 'eu-central-1',
  model: 'gpt-5.2',
  endpoint: '/v1/chat/completions',
  method: 'POST',
  status: 200,
  latency_ms: 534.25,
  ttft_ms: 12,
  input_tokens: 229,
  output_tokens: 92,
  cost_usd: 0.00009,
  retry_count: 1,
  stream: true,
};

const failed = {
  ...plain,
  status: 429,
  headers: { 'x-request-id': 'req_89', 'Retry-After': '7', 'x-ratelimit-remaining-requests': '0' },
  error: {
    error: {
      message: 'Rate limit reached for gpt-5.2 … Please try again in 2.4s.',
      type: 'requests',
      code: null,
    },
  },
  exception: 'openai.RateLimitError',
};

/** The counts that a record adds, its dimension set, and its event. */
function counted(
  record: Omit<PlainRecord, 'dimensionSet' | 'failure'>,
  dimensionSet: unknown,
  failure: Failure | null,
) {
  const { ts, status, latency_ms, input_tokens, output_tokens, cost_usd, retry_count, rate_limit } = record;
  return {
    numbers: [ts, status, latency_ms, input_tokens, output_tokens, cost_usd, retry_count],
    rate_limit,
    dimensionSet,
    failure: failure === null ? null : { ...failure, fields: Buffer.from(failure.fields).toString() },
  };
}

/** The result of the ordinary decoder; null when it is not one request. */
function ordinary(text: string): ReturnType<typeof counted> | null {
  const log = decoded(text);
  return log === null ? null : counted(log, dimensionSets.of(log), failureOf(log));
}

function decoded(text: string): RequestLog | null {
  try {
    const result = decode(JSON.parse(text), now, now);
    return result.kind === 'ok' && result.rejected === undefined ? (result.records[0] ?? null) : null;
  } catch {
    return null;
  }
}

const reader = new PlainReader(new Cleaner());

/** Reads a record inside other bytes: some before it, and some or none after it. */
function read(wanted: Wanted, text: string, before = 0, behind = 0): ReturnType<typeof counted> | null {
  const bytes = Buffer.from(text);
  const whole = Buffer.concat([Buffer.alloc(before, '{"'), bytes, Buffer.alloc(behind, '","x":1}')]);
  const record = reader.read(whole, before, before + bytes.length, now, wanted);
  return record === null ? null : counted(record, record.dimensionSet, record.failure);
}

const quick = (text: string, before = 0, behind = 0) => read('success', text, before, behind);
const quickFailure = (text: string, before = 0, behind = 0) => read('failure', text, before, behind);

const texts = fc.oneof(
  fc.constantFrom(
    '',
    'gpt-5',
    '/v1/files/123456789',
    'x'.repeat(300),
    'sk-abcdefghijklmnop1234',
    'a"b',
    'é',
    '\u007f',
    'a\tb',
    '-',
    'null',
    ' None ',
    'nullx',
  ),
  fc.string(),
);
const counts = fc.oneof(
  fc.nat(),
  fc.double({ min: 0, max: 1e6, noNaN: true }),
  fc.constantFrom(0, 1.5, 1e6, 1e6 + 1, 1e9, 1e9 + 1, 1e9 + 0.5, 1e15, 1e21, -1, 0.1 + 0.2),
);
const times = fc.oneof(
  fc
    .date({ min: new Date(now - 300_000), max: new Date(now + 300_000), noInvalidDate: true })
    .map((date) => date.toISOString()),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.constantFrom(
    '2026-06-01T11:59:60.000Z',
    '2026-06-01T11:59:5x.000Z',
    '2026-06-01T11:59:58.250+',
    '2026-06-01 11:59',
    1_780_000_000,
    null,
  ),
  // Numbers in every unit: correct times, and times too late and too early.
  fc
    .tuple(
      fc.oneof(fc.integer({ min: now - 300_000, max: now + 300_000 }), fc.integer({ min: 0, max: 4e12 })),
      fc.constantFrom(1e-3, 1, 1e3, 1e6),
    )
    .chain(([ms, unit]) => fc.constantFrom(Math.round(ms * unit), ms * unit)),
);
const odd = fc.constantFrom<unknown>(
  null,
  0,
  1.5,
  -1,
  true,
  false,
  '',
  'x',
  '-',
  'none',
  '429',
  '502, 200',
  '95ms',
  'true',
  {},
  [],
  ['retry-after: 3'],
  { a: 1 },
  404,
  65_536,
);

const errors = fc.oneof(
  fc.json(),
  fc.string(),
  fc.constantFrom<unknown>(
    { error: { message: 'Slow Down', code: 'slow_down' } },
    { error: { message: 'Incorrect API key provided: sk-proj-abcdefghijklmnop1234.' } },
    { error: { message: 'a "quoted" [text} with \\\\ and \u2019', param: null } },
    ['a', { b: [] }],
    'Error code: 503 - {"error": {"message": "overloaded"}}',
    JSON.parse(`${'['.repeat(50)}${']'.repeat(50)}`),
    'x'.repeat(1_100),
    '',
  ),
);

const idOf = (chars: string, length: number) =>
  fc.string({ unit: fc.constantFrom(...chars.split('')), minLength: length, maxLength: length });
const hex = '0123456789abcdef';
const ids = fc.oneof(
  fc.uuid(),
  idOf(hex, 32),
  fc.integer({ min: 14, max: 18 }).chain((length) => idOf(hex, length)),
  idOf(hex, 16).map((start) => `${start}e10`),
  idOf(`${hex}ghijkABCDEFGHIJK`, 24),
  fc.constantFrom('eyJ0123456789abcdefgh012', 'AIza0123456789abcdefghij', hex, 'e'.repeat(16)),
);
const numbers = fc.oneof(
  fc.nat(9),
  fc.nat(99),
  fc.constantFrom(429, 500, 503, 404, 1015, 10_150, 1305, 1113, 11_130, 2812, 4291, 5031),
  fc.integer({ min: 1000, max: 99_999 }),
  fc.integer({ min: 1000, max: 99_999 }),
  fc.integer({ min: 1_000_000, max: Number.MAX_SAFE_INTEGER }),
);
const durations = fc.oneof(
  fc.nat(999).map((n) => `${n}ms`),
  fc.nat(99).map((n) => `${n}s`),
  fc.double({ min: 0, max: 99, noNaN: true }).map((n) => `${n.toFixed(3)}s`),
  fc.tuple(fc.nat(59), fc.nat(59)).map(([m, s]) => `${m}m${s}s`),
  fc.nat(9_999_999).map((n) => `${n}m`),
  fc.tuple(fc.nat(30), fc.nat(59)).map(([h, m]) => `${h}h${m}m`),
  fc.constantFrom('1.2.3s', '...s', '4 seconds', '4200 seconds', '31s.5', '1h-2', '12', '9999h'),
);
/** Some are card and phone numbers, others differ from them in one digit. */
const personal = fc.constantFrom(
  '4111 1111 1111 1111',
  '4111 1111 1111 1112',
  '4242 4242 4242 4242',
  '378282246310005',
  '378282246310006',
  '+1 4155 5501 32',
  '415-555-0132',
  '4111-1111-1111-1111',
  '4111111111111111',
  '555 0132 4155',
);
const particulars = fc.record({ n: numbers, m: numbers, duration: durations, personal });
/** Errors most of which differ only in their numbers. */
const errorsWithNumbers = fc
  .tuple(
    fc.constantFrom<(told: { n: number; m: number; duration: string; personal: string }) => unknown>(
      ({ n, m, duration }) => ({
        error: {
          message: `Rate limit reached for gpt-5 on tokens per min (TPM): Limit 30000, Used ${n}, Requested ${m}. Please try again in ${duration}. Visit`,
          code: 'rate_limit_exceeded',
        },
      }),
      ({ n, duration }) =>
        `Error code: 429 - {'error': {'message': 'Limit: ${n} / min. Please try again in ${duration}.'}}`,
      ({ n, m }) =>
        `This model's maximum context length is ${n} tokens. However, your messages resulted in ${m} tokens.`,
      ({ n, m }) => ({ message: `request ${n} and ${m}`, code: n, status: `${m}` }),
      ({ n, m }) => ({ message: `error ${n}, curl error ${m}`, details: [1, m, n] }),
      ({ n }) => `{"error":{"code": ${n},"message":"x"}} `,
      ({ n }) => ({ error: { message: `status ${n}`, code: `code: ${n}` } }),
      ({ n }) => `http ${n} answered, http/1.1 ${n} , status code ${n} .`,
      ({ n }) => `Too many requests: retry after ${n} seconds, please wait ${n}.`,
      ({ n, m }) => `password: ${n} key ${m}, token ${n}; ${n}@example.com`,
      ({ n, m }) => `gpt-4-${n} got ${m}, limit of ${n} tokens`,
      ({ duration, n }) => `retry in ${duration} or in ${duration}, attempt ${n} .`,
      ({ n, duration }) => ({
        error: {
          message: `Quota exceeded, limit: ${n}. Please retry in ${duration}.`,
          details: [{ retryDelay: duration }],
        },
      }),
      ({ duration }) => `{'code': 429, 'details': [{'retryDelay': '${duration}'}]}`,
      ({ n, personal: told }) => `card ${told} of user ${n}, ${told}`,
      ({ n, personal: told }) => ({ message: `phone ${told}, attempt ${n}.`, id: told }),
      // Minutes make this a rate limit, hours make it a quota.
      ({ duration }) => ({
        error: { message: `Usage limit reached. Try again in ${duration}.`, type: 'usage_limit_reached' },
      }),
      ({ n }) => `limit: 0 of ${n} requests per day, limit ${n}`,
      ({ n }) => `错误 ${n} 您的账户已欠费 ${n}`,
    ),
    particulars,
  )
  .map(([make, told]) => make(told));

/** Errors most of which differ only in the ids of their requests. */
const errorsWithIds = fc
  .tuple(
    fc.constantFrom<(a: string, b: string) => unknown>(
      (a) => ({
        type: 'error',
        error: { type: 'overloaded_error', message: 'Overloaded' },
        request_id: `req_${a}`,
      }),
      (a) => `Error code: 500 - {'error': {'message': 'Sorry. (request ID req_${a} in your message.)'}}`,
      (a) => `<html>502 Bad Gateway<!-- Ray ID: ${a} --></html>`,
      (a, b) => ({ message: `Limit 500. trace ${a} of ${b}`, code: 'rate_limit_exceeded', id: a }),
      (a, b) => ({ error: { message: `api_key: ${a}, token ${b}`, code: `x-${b}` } }),
      (a) => `Incorrect API key provided: sk-${a}. You can find your API key`,
      (a, b) =>
        `Incorrect API key provided: sk-****${a.slice(-4)}. You can find it. sk-**${b.slice(-4)}. You can`,
      (a) => ({ error: { message: `Key api_key=**${a.slice(0, 4)}. You can`, code: `**${a.slice(0, 4)}` } }),
      (a) => `status ${a} 429 http ${a}`,
      (a) => `"\b${a}\\${a}" user ${a}@example.com`,
    ),
    ids,
    ids,
  )
  .map(([make, a, b]) => make(a, b));

/** A value that the schema allows for a member that the records above lack: a new member. */
function valueOf(schema: z.core.$ZodType): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return valueOf(schema.unwrap());
  if (schema instanceof z.ZodNumber) return 1;
  return schema instanceof z.ZodBoolean ? true : 'x';
}

/** Members that only failures have; `headers` has its own generator. */
const OF_FAILURES = ['headers', 'error', 'exception'];

/** The members of the schema, as in a record like this one. */
const membersLike = (like: Readonly<Record<string, unknown>>) =>
  Object.entries(nativeRecord.shape)
    .filter(([name]) => Object.hasOwn(like, name) || !OF_FAILURES.includes(name))
    .map(([name, schema]): [string, unknown] => [name, like[name] ?? valueOf(schema)]);

/** Members of a plain record, each correct, absent or wrong. */
const recordsLike = (like: Readonly<Record<string, unknown>>, requiredKeys: string[]) =>
  fc.record(
    Object.fromEntries(
      membersLike(like).map(([name, value]) => {
        const right =
          name === 'ts'
            ? times
            : typeof value === 'number'
              ? counts
              : typeof value === 'string'
                ? texts
                : typeof value === 'object'
                  ? fc.oneof(errors, errorsWithIds, errorsWithNumbers)
                  : fc.boolean();
        return [
          name,
          fc.oneof(
            { weight: 60, arbitrary: fc.constant<unknown>(value) },
            { weight: 8, arbitrary: right },
            { weight: 1, arbitrary: odd },
          ),
        ];
      }),
    ),
    { requiredKeys },
  );
const records = recordsLike(plain, ['ts', 'status']);
const extras = fc.dictionary(
  fc.constantFrom('error', 'exception', 'headers', 'x', '__proto__', 'tss', 'Status'),
  odd,
  { maxKeys: 1 },
);

const headers = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  fc.record({
    headers: fc.dictionary(
      fc.constantFrom(
        'x-ratelimit-limit-requests',
        'X-RateLimit-Limit-Requests',
        'x-ratelimit-remaining-requests',
        'x-ratelimit-limit-tokens',
        'anthropic-ratelimit-input-tokens-remaining',
        'x-ratelimit-reset-tokens',
        'x-stainless-retry-count',
        'openai-organization',
        'openai-project',
        'x-request-id',
        '__proto__',
        'other',
      ),
      fc.oneof(
        fc.nat().map(String),
        fc.constantFrom(
          '',
          '0',
          '007',
          '70000',
          '12.5',
          '-1',
          ' 3 ',
          '1e3',
          '9'.repeat(13),
          'org-x',
          '-',
          'null',
          'é',
          'a\\b',
        ),
        odd,
      ),
      { maxKeys: 5 },
    ),
  }),
);

/** Text that is inserted into a line to damage it. */
const glitches = fc.constantFrom(
  '',
  '"',
  '\\',
  ',',
  ':',
  '{',
  '}',
  '[',
  ']',
  '0',
  '.',
  'e',
  '-',
  ' ',
  '\n',
  'é',
  'x',
  '"x":1,',
  '"x":"y",',
);

describe('a plain success', () => {
  it('is read in the form of an ordinary logger, with and without spaces', () => {
    const spaced = JSON.stringify(plain).replaceAll('":', '": ').replaceAll(',"', ', "');
    expect(ordinary(JSON.stringify(plain))).not.toBeNull();
    expect(quick(JSON.stringify(plain))).toEqual(ordinary(JSON.stringify(plain)));
    expect(quick(spaced)).toEqual(ordinary(spaced));
    expect(quick(JSON.stringify({ ts: plain.ts, status: 204 }))).toEqual(
      ordinary(JSON.stringify({ ts: plain.ts, status: 204 })),
    );
  });

  it.each([
    ['a failure', { ...plain, status: 429 }],
    ['no status', { ts: plain.ts, model: 'x' }],
    ['an error in a success', { ...plain, error: { message: 'x' } }],
    ['a header that is not a text', { ...plain, headers: { 'x-ratelimit-limit-requests': 10 } }],
    [
      'a repeated header',
      { ...plain, headers: { 'X-RateLimit-Limit-Requests': '1', 'x-ratelimit-limit-requests': '2' } },
    ],
    ['an escape', { ...plain, model: 'a"b' }],
    ['a character outside ASCII', { ...plain, model: 'é' }],
    ['a time after tomorrow', { ...plain, ts: '2026-06-03T00:00:00.000Z' }],
  ])('leaves %s to the ordinary decoder', (_name, record) => {
    expect(quick(JSON.stringify(record))).toBeNull();
  });

  it.each([
    '{"ts":"2026-06-01T11:59:58.250Z","status":200,"status":500}',
    '{"ts":"2026-06-01T11:59:58.250Z","status":200}}',
    '{"ts":"2026-06-01T11:59:58.250Z","status":0200}',
    '{',
    '{}',
    '',
    '{"',
  ])('leaves %s to the ordinary decoder', (text) => {
    expect(quick(text)).toBeNull();
  });

  it.each([
    ['seconds', now / 1000],
    ['seconds with milliseconds', now / 1000 - 1.75],
    ['milliseconds', now - 1_750],
    ['milliseconds with microseconds', now - 0.25],
    ['seconds as Python writes them', now / 1000 - 1.123_456_7],
    ['microseconds', (now - 1_750) * 1000],
    ['nanoseconds', (now - 1_750) * 1e6],
  ])('may have its time in %s since 1970', (_unit, ts) => {
    for (const [text, wanted] of [
      [JSON.stringify({ ...plain, ts }), 'success'],
      [JSON.stringify({ ...plain, ts, status: 429, error: 'Slow Down' }), 'failure'],
    ] as const) {
      expect(read(wanted, text)).not.toBeNull();
      expect(read(wanted, text)).toEqual(ordinary(text));
    }
  });

  it.each([
    ['after tomorrow', now / 1000 + 200_000],
    ['before 2015', 1_000_000_000],
    ['of 0', 0],
    ['with an exponent', 1e21],
  ])('leaves a number as time %s to the ordinary decoder', (_fact, ts) => {
    expect(quick(JSON.stringify({ ...plain, ts }))).toBeNull();
  });

  it.each(['', '-', 'None', ' n/a ', 'false', '0', '{}'])(
    'may have %j as its error, which says nothing',
    (error) => {
      const text = JSON.stringify({ ...plain, error });
      expect(quick(text)).not.toBeNull();
      expect(quick(text)).toEqual(ordinary(text));
      const untold = JSON.stringify({ ts: plain.ts, model: 'x', error });
      expect(ordinary(untold)).toBeNull();
      for (const wanted of [quick, quickFailure]) expect(wanted(untold)).toBeNull();
    },
  );

  it.each(['level', 'levelname', 'severity'])(
    'leaves a line with %s and no call to the ordinary way',
    (name) => {
      const { model: _model, api_key: _key, ...other } = plain;
      for (const record of [other, { ...other, status: 429, error: 'connection refused' }]) {
        const text = JSON.stringify({ ...record, [name]: 'error', msg: 'query failed' });
        expect(quick(text)).toBeNull();
        expect(quickFailure(text)).toBeNull();
      }
      const text = JSON.stringify({ ...plain, [name]: 50 });
      expect(quick(text)).not.toBeNull();
      expect(quick(text)).toEqual(ordinary(text));
    },
  );

  it('may have its members in any order, and other members', () => {
    const turned = Object.fromEntries(Object.entries(plain).toReversed());
    const text = JSON.stringify({ ...turned, tenant: 'x', attempt: 3, cached: false, trace: null });
    expect(quick(text)).not.toBeNull();
    expect(quick(text)).toEqual(ordinary(text));
  });

  it.each([
    [{}],
    [{ 'x-ratelimit-limit-requests': '10000', 'x-ratelimit-remaining-requests': '7551' }],
    [{ 'x-ratelimit-remaining-tokens': '1e3', 'X-Ratelimit-Limit-Tokens': ' 5 ' }],
    [{ 'anthropic-ratelimit-input-tokens-remaining': '5', 'anthropic-ratelimit-tokens-limit': '12.5' }],
    [{ 'openai-organization': 'org-other', 'openai-project': 'proj_other' }],
    [{ 'x-stainless-retry-count': '2', server: 'cloudflare', 'x-unknown': 'a b' }],
  ])('is read with the headers %o', (headers) => {
    for (const record of [plain, { ts: plain.ts, status: 200 }]) {
      const text = JSON.stringify({ ...record, headers });
      expect(quick(text)).not.toBeNull();
      expect(quick(text)).toEqual(ordinary(text));
    }
  });

  it('always agrees with the ordinary decoder', () => {
    let read = 0;
    const place = fc.integer({ min: 0, max: 6 });
    fc.assert(
      fc.property(
        records,
        extras,
        headers,
        fc.boolean(),
        place,
        place,
        (record, extra, told, spaces, at, to) => {
          const json = JSON.stringify({ ...record, ...told, ...extra });
          const text = spaces ? json.replaceAll('":', '": ') : json;
          const log = quick(text, at, to);
          if (log === null) return;
          read++;
          expect(log).toEqual(ordinary(text));
        },
      ),
      { numRuns: 3_000 },
    );
    expect(read).toBeGreaterThan(300);
  });

  it('never reads bytes that are not JSON, and never reads JSON differently', () => {
    const line = JSON.stringify(plain);
    fc.assert(
      fc.property(fc.nat(line.length), fc.nat(2), glitches, (at, cut, put) => {
        const text = line.slice(0, at) + put + line.slice(at + cut);
        const log = quick(text, 0, at % 5);
        if (log !== null) expect(log).toEqual(ordinary(text));
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('a plain failure', () => {
  const line = JSON.stringify(failed);

  it('is read in the form of an ordinary logger, with and without spaces, also the second time', () => {
    for (const text of [line, line.replaceAll('":', '": '), line]) {
      expect(quickFailure(text)?.failure?.classification.class).toBe('rate_limit');
      expect(quickFailure(text)).toEqual(ordinary(text));
    }
  });

  it.each([
    ['only a status', { ts: plain.ts, status: 503 }],
    ['only an error', { ts: plain.ts, error: 'socket hang up' }],
    ['only an exception', { ts: plain.ts, exception: 'APIConnectionError' }],
    ['no answer, with a null status', { ...failed, status: null }],
    ['a list as its error', { ...failed, error: [{ error: { message: 'x' } }] }],
    ['an error in a success', { ...failed, status: 200 }],
    ['a text outside ASCII in its error', { ...failed, error: 'organization’s rate limit' }],
    ['brackets and quotes inside texts', { ...failed, error: { message: '}"{\\' } }],
    ['a request id only in its headers', { ...failed, request_id: '' }],
    ['an empty error', { ...failed, error: '-' }],
    ['an error of one letter', { ...failed, error: 'x' }],
  ])('may have %s', (_name, record) => {
    const text = JSON.stringify(record);
    expect(quickFailure(text)).not.toBeNull();
    expect(quickFailure(text)).toEqual(ordinary(text));
  });

  it.each([
    ['a success', JSON.stringify(plain)],
    ['an error that is not JSON', line.replace('"code":null', '"code":nul')],
    [
      'a short error with an escape sequence',
      line.replace(/"error":\{.*?\},"exception"/, '"error":"\\u002d","exception"'),
    ],
    ['an error that is a number', JSON.stringify({ ...failed, error: 5 })],
    ['a repeated error', line.replace('"exception"', '"error":"x","exception"')],
    ['bytes that are not UTF-8', line],
    ['an escape sequence outside of its error', JSON.stringify({ ...failed, exception: 'a"b' })],
  ])('leaves %s to the ordinary decoder', (name, text) => {
    const bytes = Buffer.from(text);
    if (name === 'bytes that are not UTF-8') bytes[text.indexOf('Rate limit')] = 0xff;
    expect(reader.read(bytes, 0, bytes.length, now, 'failure')).toBeNull();
  });

  it('distinguishes the same error by provider and by status', () => {
    const error = { error: { message: 'The engine is currently overloaded, please try again later' } };
    const told = [429, 503].flatMap((status) =>
      ['openai', 'gemini'].map((provider) => JSON.stringify({ ...failed, error, status, provider })),
    );
    for (const text of [...told, ...told]) expect(quickFailure(text)).toEqual(ordinary(text));
  });

  it('keeps its own request id when only that differs', () => {
    for (const id of ['req_1a', 'req_2b', 'req_3c', 'req_4d'].map(
      (start) => start + '0123456789abcdef'.repeat(2),
    )) {
      const error = { error: { message: `The server had an error. (request ID ${id})`, code: null } };
      const text = JSON.stringify({ ...failed, status: 500, error });
      expect(quickFailure(text)?.failure?.fields.match(/req_\w+/g)).toEqual([id, id]);
      expect(quickFailure(text)).toEqual(ordinary(text));
    }
  });

  const maskedKey = (end: string): string => {
    const message = `Incorrect API key provided: sk-proj-********${end}. You can find your API key at https://platform.openai.com/account/api-keys.`;
    const error = { error: { message, type: 'invalid_request_error', param: null, code: 'invalid_api_key' } };
    return JSON.stringify({ ...failed, status: 401, exception: '', error });
  };

  it('keeps the end of its own masked key, and is judged only the first times', () => {
    const cleaner = new Cleaner();
    const fresh = new PlainReader(cleaner);
    const judge = vi.spyOn(cleaner, 'value');
    for (const end of ['HbXK', 'gQn7', '1234', 'wmQc', 'VOoA']) {
      const text = maskedKey(end);
      const bytes = Buffer.from(text);
      const log = fresh.read(bytes, 0, bytes.length, now, 'failure');
      expect(Buffer.from(log?.failure?.fields ?? []).toString()).toContain(`sk-proj-…${end}. You can find`);
    }
    // The first two, and the second once more with another key, to learn that the judgement is the same.
    expect(judge).toHaveBeenCalledTimes(3);
  });

  it('is judged the same, even if the end of its masked key is a word of the rules', () => {
    const words = JSON.stringify(orderedRules).match(/(?<![A-Za-z0-9])[A-Za-z0-9]{4}(?![A-Za-z0-9])/g);
    const ends = [...new Set([...(words ?? []), 'AKIA', 'null', 'none', 'true', 'e404', '4290', '429x'])];
    expect(ends.length).toBeGreaterThan(50);
    for (const end of ends) {
      const text = maskedKey(end);
      expect(quickFailure(text)).toEqual(ordinary(text));
      expect(quickFailure(text)?.failure?.classification.rule).toBe(
        quickFailure(maskedKey('HbXK'))?.failure?.classification.rule,
      );
    }
  });

  it('distinguishes a limit that lifts within minutes from one that takes hours', () => {
    for (const duration of ['12m30s', '13m40s', '14m50s', '12h30m', '13h40m', '15m10s']) {
      const error = { error: { message: `Usage limit reached. Try again in ${duration}.` } };
      const text = JSON.stringify({ ...failed, status: 429, exception: '', error });
      expect(quickFailure(text)?.failure?.classification.class).toBe(
        duration.includes('h') ? 'quota_exceeded' : 'rate_limit',
      );
      expect(quickFailure(text)).toEqual(ordinary(text));
    }
  });

  it('has the values of its own headers', () => {
    for (const wait of ['1', '2', '3']) {
      const text = JSON.stringify({ ...failed, headers: { 'retry-after': wait } });
      expect(quickFailure(text)?.failure?.classification.wait_seconds).toBe(Number(wait));
    }
  });

  it('always agrees with the ordinary decoder', () => {
    let read = 0;
    const place = fc.integer({ min: 0, max: 6 });
    fc.assert(
      fc.property(
        recordsLike(failed, ['ts']),
        headers,
        fc.boolean(),
        place,
        place,
        (record, told, spaces, at, to) => {
          const json = JSON.stringify({ ...record, ...told });
          const text = spaces ? json.replaceAll('":', '": ') : json;
          const log = quickFailure(text, at, to);
          if (log === null) return;
          read++;
          expect(log).toEqual(ordinary(text));
        },
      ),
      { numRuns: 3_000 },
    );
    expect(read).toBeGreaterThan(300);
  });

  it('gives the result of the ordinary decoder, whatever errors came before', () => {
    let read = 0;
    fc.assert(
      fc.property(
        fc.oneof(errorsWithIds, errorsWithNumbers),
        fc.constantFrom(undefined, 400, 500),
        (error, status) => {
          const text = JSON.stringify({ ts: plain.ts, status, error });
          const log = quickFailure(text);
          if (log !== null) read++;
          if (log !== null) expect(log).toEqual(ordinary(text));
        },
      ),
      { numRuns: 5_000 },
    );
    expect(read).toBeGreaterThan(4_000);
  });

  it('never reads bytes that are not JSON, and never reads JSON differently', () => {
    fc.assert(
      fc.property(fc.nat(line.length), fc.nat(2), glitches, (at, cut, put) => {
        const text = line.slice(0, at) + put + line.slice(at + cut);
        const log = quickFailure(text, 0, at % 5);
        if (log !== null) expect(log).toEqual(ordinary(text));
      }),
      { numRuns: 5_000 },
    );
  });
});
