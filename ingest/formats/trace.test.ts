import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createDecoder } from './decode.ts';
import { presets } from './presets/presets.ts';
import { createTracer } from './trace.ts';

const now = Date.parse('2026-06-02T00:00:00Z');
const time = '2026-06-01T12:00:00Z';
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
const from = (fields: readonly { field: string; from: readonly string[] }[], name: string) =>
  fields.find(({ field }) => field === name)?.from;

describe('a trace', () => {
  it('lists the path of each field of a mapped record, and the paths that were not read', () => {
    const mapping = {
      ts: '$.t',
      status: ['$.missing', '$.r.status'],
      model: '$.m.model',
      region: '$$.zone',
      provider: '=azure',
      latency_ms: { between: ['$.a', '$.t'] },
      stream: '$.f',
      records: '$.items[*]',
      skip: { cache_hit: { '$.hit': true } },
    };
    const record = {
      t: time,
      r: { status: '429', text: 'no' },
      m: '{"model":"x","more":1}',
      a: time,
      f: 'maybe',
    };
    const trace = createTracer({ format: 'mapped', mapping })(
      bytes({ zone: 'eu', items: [record, { t: time, hit: true }, { t: 'soon', r: { status: 200 } }] }),
      now,
    );
    const [first, second, third] = trace.records;
    expect(first).toMatchObject({ format: 'mapped', outcome: { kind: 'counted' }, dropped: ['stream'] });
    const fields = first?.fields ?? [];
    expect(from(fields, 'status')).toEqual(['$.r.status']);
    expect(from(fields, 'model')).toEqual(['$.m.model']);
    expect(from(fields, 'region')).toEqual(['$$.zone']);
    expect(from(fields, 'latency_ms')).toEqual(['$.a', '$.t']);
    expect(from(fields, 'provider')).toEqual([]);
    // The last field of the mapping has only its own path, too.
    expect(from(fields, 'stream')).toEqual(['$.f']);
    expect(fields.find(({ field }) => field === 'provider')?.value).toBe('azure');
    expect(first?.ignored).toEqual(['$.r.text', '$.m.more']);
    expect(second?.outcome).toEqual({ kind: 'skipped', reason: 'cache_hit' });
    expect(third?.outcome).toMatchObject({ kind: 'dead', reason: 'bad_timestamp' });
  });

  it('names the format that was recognised, also inside an envelope', () => {
    const trace = createTracer({ format: 'auto', mapping: {} });
    const native = { ts: time, status: 429, model: 'x', note: 1 };
    expect(trace(bytes({ message: JSON.stringify(native) }), now).records).toMatchObject([
      { format: 'native', ignored: ['$.note'] },
    ]);
    const row = { call_type: 'x', startTime: time, spend: 0.1, status: 'success' };
    expect(trace(bytes([native, row]), now).records.map(({ format }) => format)).toEqual([
      'native',
      'litellm-spendlogs',
    ]);
    expect(trace(bytes({ hello: 1 }), now)).toMatchObject({
      decoded: { reason: 'unknown_format' },
      records: [],
    });
    expect(trace(Buffer.from('{'), now)).toMatchObject({ decoded: { reason: 'not_json' }, records: [] });
  });

  it('finds the origin of a field that a program read by its value', () => {
    const payload = {
      call_type: 'acompletion',
      startTime: 1_780_315_200,
      endTime: 1_780_315_201,
      model: 'gpt-x',
      status: 'success',
      response_cost: 0.25,
    };
    const [record] = createTracer({ format: 'litellm', mapping: {} })(bytes(payload), now).records;
    expect(from(record?.fields ?? [], 'model')).toEqual(['$.model']);
    expect(from(record?.fields ?? [], 'cost_usd')).toEqual(['$.response_cost']);
  });

  it('holds no secret', () => {
    const mapping = { ts: '$.t', status: '$.s', client: '$.k', error: '$.k' };
    const record = { t: time, s: 401, k: 'sk-abcdefghijklmnopqrst' };
    const { records } = createTracer({ format: 'mapped', mapping })(bytes(record), now);
    expect(JSON.stringify(records)).not.toContain('abcdefghijkl');
  });

  it('agrees with the decoder, for every sample of a preset and any JSON', () => {
    const options = { format: 'auto', mapping: {} };
    const [trace, decode] = [createTracer(options), createDecoder(options)];
    for (const name of presets().keys()) {
      const sample = new URL(`../../tests/formats/samples/${name}.ndjson`, import.meta.url);
      for (const line of readFileSync(sample, 'utf8').split('\n').filter(Boolean))
        expect(trace(Buffer.from(line), now).decoded).toEqual(decode(Buffer.from(line), now));
    }
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(trace(Buffer.from(json), now).decoded).toEqual(decode(Buffer.from(json), now));
      }),
    );
  });
});

describe('a format that is a program', () => {
  const trace = createTracer({ format: 'auto', mapping: {} });
  const originsOf = (message: object): [ReadonlyMap<string, string>, readonly string[]] => {
    const [record] = trace(Buffer.from(JSON.stringify(message)), now).records;
    const fields = (record?.fields ?? []).map(({ field, from }) => [field, from.join()] as const);
    return [new Map(fields), record?.ignored ?? []];
  };
  const attribute = (key: string, stringValue: string): object => ({ key, value: { stringValue } });

  it('takes no status of another span for that of a chat', () => {
    const times = { startTimeUnixNano: '1780315200000000000', endTimeUnixNano: '1780315201500000000' };
    const health = {
      name: 'GET /healthz',
      ...times,
      attributes: [{ key: 'http.response.status_code', value: { intValue: '200' } }],
    };
    const chat = {
      name: 'chat gpt-5',
      ...times,
      attributes: [
        attribute('gen_ai.operation.name', 'chat'),
        attribute('gen_ai.provider.name', 'openai'),
        attribute('gen_ai.request.model', 'gpt-5'),
      ],
    };
    const scopeSpans = [{ spans: [health] }, { spans: [chat] }];
    const [origins] = originsOf({ resourceSpans: [{ scopeSpans }] });
    expect(origins.get('status')).toBe('');
    expect(origins.get('ts')).toBe('$.resourceSpans[0].scopeSpans[1].spans[0].endTimeUnixNano');
    expect(origins.get('model')).toMatch(/scopeSpans\[1\]\.spans\[0\]/);
  });

  it('ignores only what it never looks at', () => {
    const [origins, ignored] = originsOf({
      id: 'x',
      call_type: 'acompletion',
      startTime: 1780315200.5,
      endTime: 1780315202,
      status: 'success',
      model: 'gpt-5',
      metadata: { usage_object: { prompt_tokens: 44 }, user_api_key_hash: 'a'.repeat(64) },
      prompt_tokens: 44,
      trace_id: 't',
    });
    expect(origins.get('ts')).toBe('$.endTime');
    expect(origins.get('input_tokens')).toBe('$.prompt_tokens');
    expect(ignored).toEqual(['$.metadata.usage_object.prompt_tokens', '$.trace_id']);
  });
});
