import { describe, expect, it } from 'vitest';
import { presetFunctions } from './functions.ts';

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
    ['batch_req_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b', Date.parse('2025-03-08T23:29:02Z')],
    ['batch_req_wnaDys', undefined],
    ['batch_req_67ccd2bed1ec7190b14f964abc0542670bb6a6b452d3795b', undefined],
    [5, undefined],
  ])('time_in_id: %j is %s', (value, time) => {
    expect(call('time_in_id', value)).toBe(time);
  });
});
