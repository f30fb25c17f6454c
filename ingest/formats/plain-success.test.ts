import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RequestLog } from '../../domain/request-log.ts';
import { recordDecoder } from './formats.ts';
import { readPlainSuccess } from './plain-success.ts';

const now = Date.UTC(2026, 5, 1, 12);
const decode = recordDecoder({ format: 'auto', mapping: {} });

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

/** What the ordinary way makes of it; null when it is not one record. */
function ordinary(text: string): RequestLog | null {
  try {
    const decoded = decode(JSON.parse(text), now);
    return decoded.kind === 'ok' && decoded.rejected === undefined ? (decoded.records[0] ?? null) : null;
  } catch {
    return null;
  }
}

const quick = (text: string): RequestLog | null => readPlainSuccess(Buffer.from(text), now);
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
  ),
  fc.string(),
);
const counts = fc.oneof(
  fc.nat(),
  fc.double({ min: 0, max: 1e6, noNaN: true }),
  fc.constantFrom(0, 1.5, 1e15, 1e21, -1, 0.1 + 0.2),
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
);
const odd = fc.constantFrom<unknown>(null, 0, 1.5, true, '', 'x', {}, [], { a: 1 }, 404, 65_536);

/** Members of a plain success, each right, absent or wrong. */
const records = fc.record(
  Object.fromEntries(
    Object.entries(plain).map(([name, value]) => {
      const right =
        name === 'ts'
          ? times
          : typeof value === 'number'
            ? counts
            : typeof value === 'string'
              ? texts
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
  { requiredKeys: ['ts', 'status'] },
);
const extras = fc.dictionary(
  fc.constantFrom('error', 'exception', 'headers', 'x', '__proto__', 'tss', 'Status'),
  odd,
  { maxKeys: 1 },
);

describe('readPlainSuccess', () => {
  it('reads what a plain logger writes, with and without spaces', () => {
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
    ['headers', { ...plain, headers: { 'retry-after': '1' } }],
    ['an escape', { ...plain, model: 'a"b' }],
    ['other than ASCII', { ...plain, model: 'é' }],
    ['a time of tomorrow and later', { ...plain, ts: '2026-06-03T00:00:00.000Z' }],
  ])('leaves %s to the ordinary way', (_name, record) => {
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
  ])('leaves %s to the ordinary way', (text) => {
    expect(quick(text)).toBeNull();
  });

  it('never says anything else than the ordinary way', () => {
    let read = 0;
    fc.assert(
      fc.property(records, extras, fc.boolean(), (record, extra, spaces) => {
        const json = JSON.stringify({ ...record, ...extra });
        const text = spaces ? json.replaceAll('":', '": ') : json;
        const log = quick(text);
        if (log === null) return;
        read++;
        expect(log).toEqual(ordinary(text));
      }),
      { numRuns: 3_000 },
    );
    expect(read).toBeGreaterThan(300);
  });

  it('never reads what is not JSON, or reads it otherwise', () => {
    const line = JSON.stringify(plain);
    fc.assert(
      fc.property(
        fc.nat(line.length),
        fc.nat(2),
        fc.constantFrom(
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
        ),
        (at, cut, put) => {
          const text = line.slice(0, at) + put + line.slice(at + cut);
          const log = quick(text);
          if (log !== null) expect(log).toEqual(ordinary(text));
        },
      ),
      { numRuns: 5_000 },
    );
  });
});
