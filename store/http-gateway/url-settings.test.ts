import { expect, test } from 'vitest';
import { readSettings, readUrlParameters } from './url-settings.ts';

test('parameters of an address are placeholders, settings, or belong to the interface itself', () => {
  const search = new URLSearchParams(
    'query=SELECT+1&query_id=a&database=f&param_x=a%5Ctb&param_=&max_threads=2&wait_end_of_query=1&http_write_exception_in_output_format=0&session_id=s',
  );
  expect(readUrlParameters(search)).toEqual({
    params: { param_x: 'a\\tb', param_: '' },
    settings: { max_threads: '2' },
  });
});

test('a read leaves out settings that change nothing and settings that could do harm', () => {
  const given = {
    output_format_json_quote_64bit_integers: 'false',
    output_format_json_quote_denormals: '1',
    output_format_schema: '/tmp/x',
    readonly: '0',
    constructor: '1',
  };
  expect(readSettings(given, false)).toEqual({ output_format_json_quote_denormals: '1' });
});

test('a read can lower its limits but not raise them', () => {
  const given = { max_threads: '2', max_execution_time: '0.5', max_memory_usage: '1000000' };
  expect(readSettings(given, false)).toEqual(given);
  const more = { max_threads: '100000', max_execution_time: '1e9', max_memory_usage: '9e18' };
  expect(readSettings(more, true)).toEqual(more);
  expect(readSettings(more, false)).toEqual({
    max_threads: '64',
    max_execution_time: '300',
    max_memory_usage: '4294967296',
  });
  for (const value of ['0', '-1', 'auto', '', 'NaN'])
    expect(
      readSettings({ max_execution_time: value, max_threads: value, max_memory_usage: value }, false),
    ).toEqual({});
});
