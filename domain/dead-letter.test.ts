import { expect, test } from 'vitest';
import { isWholeLetter } from './dead-letter.ts';

const whole = (body: string): { body: string; size: number } => ({ body, size: Buffer.byteLength(body) });
const lines = (n: number): string => '{"ts":1,"status":200}\n'.repeat(n);

test.each([
  ['a short text', whole('{"when": 1'), true],
  ['a text that is shorter since its secrets are gone', { body: '{"key":"[redacted]"}', size: 40 }, true],
  ['a text of which half is gone', { body: '{"a":1}', size: 15 }, false],
  ['no text', { body: '', size: 0 }, false],
  ['a record above a mebibyte', { body: 'x', size: 1024 * 1024 + 1 }, false],
  ['a long JSON document of short texts', whole(JSON.stringify(Array(9_000).fill('abcdef'))), true],
  [
    'a long JSON document that is cut',
    whole(JSON.stringify(Array(9_000).fill('abcdef')).slice(0, -9)),
    false,
  ],
  // Of long texts the middle may be left out, at the end of a line: the lines that are left can be read.
  ['many lines', whole(lines(3_000)), false],
  ['a JSON document with a long text in it', whole(JSON.stringify({ log: lines(3_000) })), false],
])('whether %s is the whole record: %#', (_, letter, expected) => {
  expect(isWholeLetter(letter)).toBe(expected);
});
