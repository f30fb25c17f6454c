import { expect, test } from 'vitest';
import { readSettings, readUrlParameters } from './url-settings.ts';

test('parameters of an address are placeholders, settings, or of the interface itself', () => {
  const search = new URLSearchParams(
    'query=SELECT+1&query_id=a&database=f&param_x=a%5Ctb&param_=&max_threads=2&wait_end_of_query=1&http_write_exception_in_output_format=0&session_id=s',
  );
  expect(readUrlParameters(search)).toEqual({
    params: { param_x: 'a\\tb', param_: '' },
    settings: { max_threads: '2' },
  });
});

test('of a read, settings that change nothing and those that could do harm are left out', () => {
  const given = {
    output_format_json_quote_64bit_integers: 'false',
    output_format_json_quote_denormals: '1',
    output_format_schema: '/tmp/x',
    readonly: '0',
    constructor: '1',
  };
  expect(readSettings(given)).toEqual({ output_format_json_quote_denormals: '1' });
});
