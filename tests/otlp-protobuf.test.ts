import { readFileSync } from 'node:fs';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDecoder, LARGEST_BYTES, LARGEST_OTLP_BYTES } from '../ingest/formats/decode.ts';
import {
  type LogRecord,
  logsInJson,
  logsInProtobuf,
  type Resource,
  type Span,
  spansInJson,
  spansInProtobuf,
  type Value,
} from './fixtures/otlp-writer.ts';

const now = Date.parse('2026-06-01T12:10:00Z');
const decode = createDecoder({ format: 'auto', mapping: {} });
const json = (value: unknown) => decode(Buffer.from(JSON.stringify(value)), now);
const binary = (bytes: Uint8Array) => decode(Buffer.from(bytes), now);
const time = BigInt(now) * 1_000_000n;

/** Attributes with names that the vocabularies read, so that generated items are often requests. */
const names = [
  'gen_ai.request.model',
  'gen_ai.operation.name',
  'gen_ai.usage.input_tokens',
  'gen_ai.response.finish_reasons',
  'http.response.status_code',
  'error.type',
  'openinference.span.kind',
  'llm.model_name',
  'ai.operationId',
  'event.name',
  'event.kind',
  'error.message',
  'attempt',
  'conversation.id',
  'status_code',
  'duration_ms',
  'exception.message',
  'exception.escaped',
];
const text = fc.oneof(
  fc.constantFrom(
    'LLM',
    'TOOL',
    'chat',
    'codex.api_request',
    'codex.sse_event',
    'api_error',
    'gemini_cli.api_error',
    '429',
    'Prüfung 🚀',
    '',
  ),
  fc.string({ maxLength: 300 }),
);
const value = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    text,
    fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
    fc.constantFrom(200n, 429n, 3n),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
    fc.boolean(),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(
      fc.string({ maxLength: 5 }).filter((key) => key !== '' && key !== '__proto__'),
      tie('value'),
      { maxKeys: 3 },
    ),
  ),
})).value;
const attributes = fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 8 });
const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((id) => Buffer.from(id).toString('hex'));
const nanos = fc.oneof(fc.constantFrom(0n, time), fc.bigInt(0n, 2n ** 64n - 1n));
const span: fc.Arbitrary<Span> = fc.record({
  traceId: fc.constantFrom('0'.repeat(31) + '1', 'f'.repeat(32)),
  spanId: hex(8),
  parentSpanId: fc.oneof(fc.constant(''), hex(8)),
  name: text,
  start: nanos,
  end: nanos,
  attributes,
  status: fc.record({ code: fc.constantFrom(0, 1, 2), message: text }),
  events: fc.array(fc.record({ name: fc.constantFrom('exception', 'x'), attributes }), { maxLength: 2 }),
});
const log: fc.Arbitrary<LogRecord> = fc.record({
  time: nanos,
  observed: nanos.filter((at) => at !== 0n),
  severity: fc.constantFrom(0, 9, 17),
  eventName: fc.constantFrom('', 'gen_ai.client.operation.exception', 'codex.api_request'),
  body: value,
  attributes,
});
const resources = <Item>(item: fc.Arbitrary<Item>): fc.Arbitrary<Resource<Item>[]> =>
  fc.array(
    fc.record({
      attributes,
      scopes: fc.array(fc.record({ name: text, items: fc.array(item, { minLength: 1, maxLength: 3 }) }), {
        minLength: 1,
        maxLength: 2,
      }),
    }),
    { minLength: 1, maxLength: 2 },
  );

/**
 * The requests, and the reasons of other items. The texts of dead letters may differ, because only JSON contains values
 * that are 0 or empty, or that nobody reads. So they are compared by what they decode to.
 */
function told(decoded: ReturnType<typeof decode>): unknown {
  if (decoded.kind !== 'ok') return decoded;
  const rejected = decoded.rejected?.map(({ body, ...rest }) => ({ ...rest, again: again(body) }));
  return { records: decoded.records, rejected, skipped: decoded.skipped, dropped: decoded.dropped };
}

function again(body: string): unknown {
  const decoded = decode(Buffer.from(body), now);
  return decoded.kind === 'ok'
    ? decoded.rejected?.map(({ reason, detail }) => ({ reason, detail }))
    : decoded;
}

describe('OTLP in protobuf', () => {
  it('gives the same requests as the same spans in JSON', () => {
    let requests = 0;
    fc.assert(
      fc.property(resources(span), (data) => {
        const decoded = binary(spansInProtobuf(data));
        requests += decoded.kind === 'ok' ? decoded.records.length : 0;
        expect(told(decoded)).toEqual(told(json(spansInJson(data))));
      }),
      { numRuns: 500 },
    );
    expect(requests).toBeGreaterThan(50);
  });

  it('gives the same requests as the same log records in JSON', () => {
    let requests = 0;
    fc.assert(
      fc.property(resources(log), (data) => {
        const decoded = binary(logsInProtobuf(data));
        requests += decoded.kind === 'ok' ? decoded.records.length : 0;
        expect(told(decoded)).toEqual(told(json(logsInJson(data))));
      }),
      { numRuns: 500 },
    );
    expect(requests).toBeGreaterThan(50);
  });

  // Google's encoder and the messages of the Python package opentelemetry-proto 1.45 wrote this protobuf.
  const samples = JSON.parse(
    readFileSync(new URL('samples/otel-genai.protobuf.json', import.meta.url), 'utf8'),
  ) as Record<string, string>;
  it.each(Object.entries(samples))('of another encoder is read as well: %s', (name, base64) => {
    const { message } = JSON.parse(
      readFileSync(new URL(`samples/otel-genai.${name}.input.json`, import.meta.url), 'utf8'),
    ) as { message: unknown };
    const decoded = binary(Buffer.from(base64, 'base64'));
    expect(decoded).toMatchObject({ kind: 'ok' });
    expect(told(decoded)).toEqual(told(json(message)));
  });
});

describe('a message that may be OTLP in protobuf', () => {
  const chat: Span = {
    traceId: '5b8efff798038103d269b633813fc60c',
    spanId: 'eee19b7ec3c1b174',
    parentSpanId: '',
    name: 'chat',
    start: time,
    end: time,
    attributes: { 'gen_ai.request.model': 'gpt-5' },
    status: { code: 0, message: '' },
    events: [],
  };
  const good = spansInProtobuf([{ attributes: {}, scopes: [{ name: '', items: [chat] }] }]);
  const field = (number: number, inner: Uint8Array) =>
    new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(inner).finish();
  const item = (inner: Uint8Array) => Buffer.from(field(1, field(2, field(2, inner))));
  const times = new BinaryWriter()
    .tag(7, WireType.Bit64)
    .fixed64(time)
    .tag(8, WireType.Bit64)
    .fixed64(time)
    .finish();
  const nestedValue = (depth: number) => {
    let inner: Uint8Array = new BinaryWriter().tag(1, WireType.LengthDelimited).string('x').finish();
    for (let at = 0; at < depth; at++) inner = field(5, field(1, inner));
    return item(
      Buffer.concat([times, field(9, Buffer.concat([field(1, Buffer.from('k')), field(2, inner)]))]),
    );
  };

  it('is a dead letter with a reason if it is neither text nor whole OTLP', () => {
    const gzip = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff]);
    expect(binary(gzip)).toEqual({
      kind: 'reject',
      reason: 'not_json',
      detail: 'gzip that is cut off or damaged',
    });
    const cut = good.subarray(0, good.length - 1);
    for (const bytes of [
      cut,
      Buffer.concat([good, Buffer.from([0x12, 1, 0xff])]),
      Buffer.from([0x0a, 2, 0xff, 0xff]),
    ])
      expect(binary(bytes)).toMatchObject({
        kind: 'reject',
        reason: 'not_utf8',
        detail: expect.stringMatching(/^neither text nor OTLP in protobuf: it .+/) as unknown,
      });
  });

  it('is never read as protobuf by a format without protobuf', () => {
    const native = createDecoder({ format: 'native', mapping: {} });
    expect(native(good, now)).toMatchObject({ kind: 'reject', reason: 'not_utf8' });
  });

  it('never throws, however the bytes are cut or changed', () => {
    for (let at = 0; at < good.length; at++) expect(binary(good.subarray(0, at)).kind).not.toBe('ok');
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(good);
        changed[at] = byte;
        expect(['ok', 'skip', 'reject']).toContain(binary(changed).kind);
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(binary(Buffer.concat([Buffer.from([0x0a]), bytes])).kind).not.toBe('ok');
      }),
      { numRuns: 5000 },
    );
  });

  it('stays JSON if it is JSON, even if it begins like protobuf', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('\n', '\n\n', '\n \n\t', '\n\r\n'), (parsed, blank) => {
        const plain = decode(Buffer.from(JSON.stringify(parsed)), now);
        expect(decode(Buffer.from(`${blank}${JSON.stringify(parsed, null, 1)}\n`), now)).toEqual(plain);
      }),
    );
  });

  it('may be nested as deep as JSON, and no deeper', () => {
    expect(binary(nestedValue(5)).kind).toBe('skip');
    expect(binary(nestedValue(100))).toMatchObject({ kind: 'reject', reason: 'too_deep' });
    expect(binary(nestedValue(2000))).toMatchObject({ kind: 'reject', reason: 'too_deep' });
  });

  it('is rejected if it claims more than it holds: lengths of 4 GiB, groups in groups', () => {
    const huge = Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, 0xff]);
    const groups = item(Buffer.concat([times, Buffer.alloc(100_000, 0xa3)]));
    const manyEmpty = Buffer.concat([good, ...Array.from({ length: 400_000 }, () => Buffer.from([0x0a, 0]))]);
    expect(binary(huge)).toMatchObject({ kind: 'reject' });
    expect(binary(groups)).toMatchObject({ kind: 'reject' });
    expect(binary(manyEmpty)).toMatchObject({ kind: 'ok', records: [{ model: 'gpt-5' }] });
  });

  it('without spans and log records is skipped if it has metrics, and rejected if nothing in it can be read', () => {
    const metric = item(
      Buffer.concat([field(1, Buffer.from('gen_ai.client.token.usage')), field(7, Buffer.from([0x0a, 0]))]),
    );
    expect(binary(metric)).toEqual({ kind: 'skip', reason: 'no_request' });
    expect(binary(Buffer.from([0x0a, 0x02, 0x0a, 0x00, 0x0a, 0xff]))).toMatchObject({ kind: 'reject' });
  });

  it('may be larger than another record: a message is a batch', () => {
    const items = (count: number) =>
      Array.from({ length: count }, (_, at) => ({ ...chat, spanId: at.toString(16).padStart(16, '0') }));
    const batch = (count: number) => [{ attributes: {}, scopes: [{ name: '', items: items(count) }] }];
    const ten = spansInProtobuf(batch(10_000));
    expect(ten.length).toBeGreaterThan(LARGEST_BYTES);
    const counted = (decoded: ReturnType<typeof decode>) =>
      decoded.kind === 'ok' ? decoded.records.length : decoded;
    expect(counted(binary(ten))).toBe(10_000);
    expect(counted(json(spansInJson(batch(10_000))))).toBe(10_000);
    expect(binary(Buffer.concat([ten, ten, ten, ten]))).toMatchObject({
      kind: 'reject',
      reason: 'too_large',
    });
    expect(json({ ts: now, status: 500, error: 'x'.repeat(LARGEST_BYTES) })).toMatchObject({
      kind: 'reject',
      reason: 'too_large',
    });
    expect(LARGEST_OTLP_BYTES).toBeGreaterThan(LARGEST_BYTES);
  });
});
