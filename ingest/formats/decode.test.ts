import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDecoder } from './decode.ts';
import { formatNames } from './formats.ts';
import { presets } from './presets/presets.ts';

const now = Date.parse('2026-06-01T12:00:00Z');
const mapping = { ts: '$.time', status: '$.response.code', error: '$.response.body', client: '$.service' };
const decoders = formatNames().map((format) => ({ format, decode: createDecoder({ format, mapping }) }));
const auto = createDecoder({ format: 'auto', mapping: {} });
const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const good = { ts: '2026-06-01T11:59:00Z', status: 200 };
const nested = (depth: number) =>
  `{"ts":"2026-06-01T11:59:00Z","status":500,"error":${'['.repeat(depth)}${']'.repeat(depth)}}`;

describe('createDecoder', () => {
  it.each([
    ['a tombstone', null],
    ['an empty value', Buffer.alloc(0)],
  ])('skips %s', (_name, value) => {
    expect(auto(value, now)).toEqual({ kind: 'skip', reason: 'tombstone' });
  });

  it.each([
    ['2 MiB', Buffer.alloc(2 * 1024 * 1024, 97), 'too_large'],
    ['a byte over 1 MiB', Buffer.alloc(1024 * 1024 + 1, 32), 'too_large'],
    ['a cut UTF-8 sequence', Buffer.from([0x22, 0xc3]), 'not_utf8'],
    ['an overlong sequence', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), 'not_utf8'],
    ['broken JSON', bytes('{"ts":'), 'not_json'],
    ['a blank', bytes(' '), 'not_json'],
    ['an object and a list', bytes('{}[]'), 'not_json'],
    ['a raw control character', bytes('{"ts":"\u0001"}'), 'not_json'],
    ['nesting of 65', bytes(nested(64)), 'too_deep'],
    ['nesting of half a million', bytes('['.repeat(500_000) + ']'.repeat(500_000)), 'too_deep'],
    ['unclosed nesting', bytes('[{"a":'.repeat(100_000)), 'too_deep'],
    ['a number', bytes('1'), 'unknown_format'],
    ['null', bytes('null'), 'unknown_format'],
    ['a text', bytes('"x"'), 'unknown_format'],
    ['an object of another kind', bytes({ hello: 'world' }), 'unknown_format'],
    ['a record without its time', bytes({ status: 500, model: 'x' }), 'schema'],
    ['1970', bytes({ ...good, ts: 1 }), 'bad_timestamp'],
    ['2100', bytes({ ...good, ts: '2100-01-01T00:00:00Z' }), 'future_timestamp'],
    ['truncated gzip', gzipSync(bytes(good)).subarray(0, 30), 'not_json'],
    ['gzip of 9 MiB', gzipSync(Buffer.alloc(9 * 1024 * 1024, 32)), 'too_large'],
    ['gzip of a text', gzipSync(bytes('a\nb\nc')), 'not_json'],
    ['gzip of gzip', gzipSync(gzipSync(bytes(good))), 'not_utf8'],
    ['a huge number', bytes('{"ts":"2026-06-01T11:59:00Z","status":1e999}'), 'schema'],
  ])('rejects %s', (_name, value, reason) => {
    expect(auto(value, now)).toMatchObject({ kind: 'reject', reason });
  });

  it.each([
    ['nesting of 64', nested(63)],
    [
      'many brackets that do not nest',
      JSON.stringify({ ...good, list: Array.from({ length: 500 }, () => [{}]) }),
    ],
    ['many brackets in a text', JSON.stringify({ ...good, error: '[{"\\'.repeat(200) })],
    ['a byte order mark', `\ufeff${JSON.stringify(good)}`],
    ['letters of all kinds', JSON.stringify({ ...good, client: 'Prüfung 検査 🚀 \u0000' })],
    ['a lone surrogate', '{"ts":"2026-06-01T11:59:00Z","status":200,"client":"\\ud800"}'],
  ])('accepts %s', (_name, text) => {
    expect(auto(bytes(text), now)).toMatchObject({ kind: 'ok', records: [{ ts: Date.parse(good.ts) }] });
  });

  it.each([
    ['a record', bytes(good), { records: [{ status: 200 }] }],
    ['a list', bytes([good, good]), { records: [{}, {}] }],
    ['3 MiB', bytes(Array.from({ length: 50_000 }, () => good)), { kind: 'ok' }],
    [
      'lines, one of which is plain text',
      bytes(`${JSON.stringify(good)}\r\nstarted\n\n${JSON.stringify(good)}\n`),
      { records: [{}, {}], rejected: [{ part: 1, reason: 'unknown_format', body: '"started"' }] },
    ],
  ])('reads a message that is gzip of %s', (_name, value, expected) => {
    for (const format of ['auto', 'native'])
      expect(createDecoder({ format, mapping: {} })(gzipSync(value), now)).toMatchObject(
        format === 'native' && 'rejected' in expected ? { records: expected.records } : expected,
      );
  });

  it('repeats no part of a broken message in its detail', () => {
    fc.assert(
      fc.property(fc.nat(40), (at) => {
        const text = '{"api_key":"sk-abcdefghijklmnopqrst","ts":"2026-06-01T11:59:00Z"}';
        const decoded = auto(bytes(`${text.slice(0, at)}}${text.slice(at)}`), now);
        expect(JSON.stringify(decoded)).not.toMatch(/sk-abc|klmnop/);
      }),
    );
  });

  it('reads a list as a message of many records and rejects only the bad ones', () => {
    const decoded = auto(
      bytes([good, { ...good, status: 'x', api_key: 'sk-abcdefghijklmnopqrst' }, 7, good]),
      now,
    );
    expect(decoded).toMatchObject({
      kind: 'ok',
      records: [{ status: 200 }, { status: 200 }],
      rejected: [
        { part: 1, reason: 'schema', body: expect.stringMatching(/"api_key":"sk-…qrst#/) as unknown },
        { part: 2, reason: 'unknown_format', body: '7' },
      ],
    });
    expect(auto(bytes('[]'), now)).toEqual({ kind: 'skip', reason: 'no_request' });
  });

  it.each([
    ['with nothing between them', (one: string) => `${one}${one}`, ['ok', 2]],
    ['with blanks between them', (one: string) => ` ${one} \t${one}\r`, ['ok', 2]],
    ['after the mark of a text sequence', (one: string) => `\x1e${one}`, ['ok', 1]],
    [
      'in one line of a container',
      (one: string) => JSON.stringify({ log: `${one}\n${one}\n`, stream: 'stdout' }),
      ['ok', 2],
    ],
    ['the last of them cut off', (one: string) => `${one}${one.slice(0, -2)}`, ['not_json', 0]],
    ['with a word between them', (one: string) => `${one} and ${one}`, ['not_json', 0]],
    ['with a comma between them', (one: string) => `${one},${one}`, ['not_json', 0]],
  ] as const)('reads objects in one message %s', (_fact, write, expected) => {
    const record = JSON.stringify({
      ts: '2026-06-01T12:00:00Z',
      status: 429,
      error: 'a } { \\" b',
      model: 'm{',
    });
    const decoded = createDecoder({ format: 'auto', mapping: {} })(Buffer.from(write(record)), now);
    const what = decoded.kind === 'ok' ? ['ok', decoded.records.length] : [decoded.reason, 0];
    expect(what).toEqual(expected);
  });

  it('names what looks like the time of a record that has no ts', () => {
    expect(auto(bytes('{"timestamp":"2026-06-01T11:59:00Z","status":500,"error":"x"}'), now)).toMatchObject({
      reason: 'schema',
      detail: 'ts: missing; timestamp looks like the time: faultline init proposes a mapping that reads it',
    });
    expect(auto(bytes('{"status":500,"error":"x"}'), now)).toMatchObject({ detail: 'ts: missing' });
  });

  it('fails at once on a wrong mapping', () => {
    expect(() => createDecoder({ format: 'mapped', mapping: { ts: '$.t', stat: '$.s' } })).toThrow(
      /^mapping\.stat: not a field/,
    );
    expect(() => createDecoder({ format: 'auto', mapping: { ts: '$..t' } })).toThrow(/^mapping\.ts: /);
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (value) => {
        for (const { decode } of decoders)
          expect(['ok', 'skip', 'reject']).toContain(decode(Buffer.from(value), now).kind);
      }),
    );
  });

  it('never throws, whatever the JSON, and every record is complete', () => {
    const names = [
      'ts',
      'status',
      'error',
      'headers',
      'resourceSpans',
      'resourceLogs',
      'scopeSpans',
      'scopeLogs',
      'spans',
      'logRecords',
      'attributes',
      'key',
      'value',
      'stringValue',
      'startTime',
      'endTime',
      'call_type',
      'metadata',
      'error_information',
      'standard_logging_object',
      'hidden_params',
      'additional_headers',
      'resource',
      'events',
      'time',
      'response',
      'code',
      'body',
      'api_key',
      '__proto__',
      'constructor',
    ];
    const tree = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 6 },
        fc.constantFrom<unknown>(
          '2026-06-01T11:59:00Z',
          1_780_000_000,
          'gen_ai.request.model',
          429,
          '429',
          null,
          true,
          'failure',
        ),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 6 }),
        fc.jsonValue({ maxDepth: 1 }),
      ),
    })).value;
    fc.assert(
      fc.property(tree, (value) => {
        for (const { decode } of decoders) {
          const decoded = decode(bytes(JSON.stringify(value)), now);
          if (decoded.kind === 'reject') expect(decoded.detail).toMatch(/^[^\n]{1,300}$/);
          if (decoded.kind !== 'ok') continue;
          for (const record of decoded.records) {
            expect(Number.isSafeInteger(record.ts) && Number.isSafeInteger(record.input_tokens)).toBe(true);
            expect(
              [record.provider, record.client, record.model, record.endpoint].every(
                (text) => typeof text === 'string',
              ),
            ).toBe(true);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the sample messages', () => {
  const folder = new URL('../../tests/samples/', import.meta.url);
  const samples = readdirSync(folder).filter((name) => name.endsWith('.input.json'));

  it('cover every format', () => {
    // The samples of presets are in tests/formats/samples.
    for (const format of formatNames().filter((name) => !presets().has(name)))
      expect(
        samples.some((name) => name.startsWith(`${format}.`)),
        format,
      ).toBe(true);
  });

  it.each(samples)('%s decodes to the expected result', async (name) => {
    const { settings, message } = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as {
      settings: Parameters<typeof createDecoder>[0];
      message: unknown;
    };
    const decoded = createDecoder(settings)(bytes(message), now);
    await expect(`${JSON.stringify(decoded, null, 2)}\n`).toMatchFileSnapshot(
      new URL(name.replace('.input.', '.expected.'), folder).pathname,
    );
  });
});
