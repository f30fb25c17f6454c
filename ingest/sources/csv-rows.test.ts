import { expect, it } from 'vitest';
import { csvRows } from './csv-rows.ts';

const rowsOf = async (text: string, delimiter: ',' | '\t' = ','): Promise<unknown[]> => {
  const rows: unknown[] = [];
  const pieces = (async function* () {
    yield Buffer.from(text);
  })();
  for await (const row of csvRows(pieces, delimiter)) rows.push(JSON.parse(row.toString()));
  return rows;
};

it.each([
  ['blanks after separators', 'ts, status\n2026-06-01, 429\n', [{ ts: '2026-06-01', status: '429' }]],
  ['blanks before quotes', 'ts, error\n1, "a, ""b"""\n', [{ ts: '1', error: 'a, "b"' }]],
  ['blanks within quotes', 'ts,error\n1," a "\n', [{ ts: '1', error: ' a ' }]],
  ['an empty cell and one too many', 'a,b\n,2,3\n', [{ b: '2', column_3: '3' }]],
  [
    'types after names',
    'TimeGenerated [UTC],error [text],latency [s]\nt,e,1\n',
    [{ TimeGenerated: 't', error: 'e', 'latency [s]': '1' }],
  ],
  ['a short row', 'ts,status,error\nt,200\n', [{ ts: 't', status: '200' }]],
  ['a name twice and one without', 'a,a,\n1,2,3\n', [{ a: '1', a_2: '2', column_3: '3' }]],
])('%s', async (_name, text, expected) => {
  expect(await rowsOf(text)).toEqual(expected);
});

it('keeps the place of an empty cell between tabs', async () => {
  expect(await rowsOf('ts\tmodel\tstatus\nt\t\t200\n', '\t')).toEqual([{ ts: 't', status: '200' }]);
});
