import { describe, expect, it } from 'vitest';
import type { Decoded } from '../../../domain/request-log.ts';
import { createDecoder } from '../decode.ts';
import { presetFunctions } from './functions.ts';

const now = Date.parse('2026-06-02T00:00:00Z');
const decode = (record: object): Decoded =>
  createDecoder({ format: 'auto', mapping: {} })(Buffer.from(JSON.stringify(record)), now);
const call = (name: string, value: unknown): unknown => presetFunctions[name]?.(value);

describe('functions of presets', () => {
  it.each([
    ['api.openai.com', 'openai'],
    ['api.openai.com:443', 'openai'],
    ['https://acme.openai.azure.com/openai/deployments/x', 'azure'],
    ['api.openai.com:443, 10.0.0.1:443', 'openai'],
    ['gateway.acme.test', undefined],
    ['10.0.0.1:443', undefined],
    ['', undefined],
    [7, undefined],
  ])('provider_of_host: %j is %s', (value, provider) => {
    expect(call('provider_of_host', value)).toBe(provider);
  });

  it('exception_texts joins the types and texts of an exception and its causes, without variables', () => {
    const frames = [{ locals: { prompt: 'secret' } }];
    const list = [
      { exc_type: 'RateLimitError', exc_value: '429', frames },
      { exc_type: 'HTTPStatusError', exc_value: '', frames },
      null,
      'x',
      {},
    ];
    expect(call('exception_texts', list)).toBe('RateLimitError: 429\nHTTPStatusError');
    expect(call('exception_texts', 'Traceback')).toBe('Traceback');
    expect(call('exception_texts', Array(1000).fill(list[0]))).toHaveLength(10 * 20 - 1);
  });

  it.each([
    [0.217, 217],
    [0, 0],
    ['1.5', 1500],
    [59.5, 59_500],
    [217.33, 217.33],
    [1920, 1920],
    [130_000_000, 130],
    ['1.2s', '1.2s'],
    [95, '95 of an unknown unit'],
    [130.5, '130.5 of an unknown unit'],
    [-1, -1],
    [null, null],
  ])('ms_of_duration: %j is %j', (value, ms) => {
    expect(call('ms_of_duration', value)).toEqual(ms);
  });

  it.each([
    [130_000_000, 130],
    [500_000, 0.5],
    [0.217, 217],
    [217, 217],
  ])('ms_of_go_duration: %j is %j', (value, ms) => {
    expect(call('ms_of_go_duration', value)).toBe(ms);
  });

  const line = { model: 'gpt-4o', msg: 'llm call ok', time: '2026-06-01T12:00:00Z' };
  it.each([
    ['pino', { ...line, level: 30, time: 1780315200000, duration: 95 }, 95],
    ['pino, a long one', { ...line, level: 30, time: 1780315200000, duration: 1920 }, 1920],
    ['slog', { ...line, level: 'INFO', duration: 130_000_000 }, 130],
    [
      'structlog',
      { model: 'm', level: 'info', event: 'llm call', timestamp: line.time, duration: 1.921 },
      1921,
    ],
    ['any, with a unit', { ...line, level: 'info', duration: '95ms' }, 95],
    ['any, with a unit in its name', { ...line, level: 'info', duration_s: 95 }, 95_000],
  ])('a duration of %s', (_logger, record, ms) => {
    const decoded = decode(record);
    expect(decoded).toMatchObject({ kind: 'ok', records: [{ latency_ms: ms }] });
    expect(decoded).not.toHaveProperty('dropped');
  });

  it('a duration that could be of two units is left out, and counted as such', () => {
    const record = { model: 'm', level: 'info', event: 'llm call', timestamp: line.time, duration: 95 };
    expect(decode(record)).toMatchObject({ records: [{ latency_ms: 0 }], dropped: ['latency_ms'] });
  });

  it.each([
    ['batch_req_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b', Date.parse('2025-03-08T23:29:02Z')],
    ['batch_req_wnaDys', undefined],
    ['batch_req_67ccd2bed1ec7190b14f964abc0542670bb6a6b452d3795b', undefined],
    [5, undefined],
  ])('time_in_id: %j is %s', (value, time) => {
    expect(call('time_in_id', value)).toBe(time);
  });
});
