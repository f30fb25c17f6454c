import { expect, it } from 'vitest';
import { csvRows } from './csv-rows.ts';

async function* once(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

it.each([
  [
    'types after names are no part of them, units are',
    'TimeGenerated [UTC],error [text],latency [s]\nt,e,1\n',
    ',',
    [{ TimeGenerated: 't', error: 'e', 'latency [s]': '1' }],
  ],
  [
    'a blank before a quote is none of the value',
    'status, ts, error\n429, t, "a, b"\n',
    ',',
    [{ status: '429', ts: 't', error: 'a, b' }],
  ],
  [
    'an empty cell between tabs keeps its place',
    'ts\tmodel\tstatus\nt\t\t200\n',
    '\t',
    [{ ts: 't', status: '200' }],
  ],
  ['a short row lacks the last', 'ts,status,error\nt,200\n', ',', [{ ts: 't', status: '200' }]],
] as const)('%s', async (_fact, text, delimiter, rows) => {
  const found: unknown[] = [];
  for await (const row of csvRows(once(text), delimiter)) found.push(JSON.parse(row.toString()));
  expect(found).toEqual(rows);
});
