import { expect, it } from 'vitest';
import { csvRows } from './csv-rows.ts';

const rowsOf = async (text: string): Promise<unknown[]> => {
  const rows: unknown[] = [];
  const pieces = (async function* () {
    yield Buffer.from(text);
  })();
  for await (const row of csvRows(pieces, ',')) rows.push(JSON.parse(row.toString()));
  return rows;
};

it.each([
  ['blanks after separators', 'ts, status\n2026-06-01, 429\n', [{ ts: '2026-06-01', status: '429' }]],
  ['blanks before quotes', 'ts, error\n1, "a, ""b"""\n', [{ ts: '1', error: 'a, "b"' }]],
  ['blanks within quotes', 'ts,error\n1," a "\n', [{ ts: '1', error: ' a ' }]],
  ['an empty cell and one too many', 'a,b\n,2,3\n', [{ b: '2', column_3: '3' }]],
  ['a name twice and one without', 'a,a,\n1,2,3\n', [{ a: '1', a_2: '2', column_3: '3' }]],
])('%s', async (_name, text, expected) => {
  expect(await rowsOf(text)).toEqual(expected);
});
