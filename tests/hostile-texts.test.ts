import { describe, expect, it } from 'vitest';
import { defaultPrivacy } from '../domain/settings.ts';
import { readError } from '../ingest/classify/classify.ts';
import { Redactor } from '../ingest/redact/redact.ts';

const SIZE = 64 * 1024;
const ordinary =
  'Rate limit reached for gpt-5.2 in organization org-AbCdEf0123456789 on tokens per min (TPM): Limit 30000, Used 29500. Please try again in 1.4s. Visit https://platform.openai.com/account/rate-limits. ';
/** Pieces that the code that judges or redacts could look for. The test repeats each of them. */
const pieces = [
  '\\',
  '\\"',
  '\\u',
  '\\\\n',
  '\\u0041',
  '"',
  "'",
  '`',
  '{',
  '[',
  '[{"',
  '{"a":',
  "{'message':'",
  '}',
  '(',
  '%',
  '%25',
  '%41',
  '&amp;',
  '&',
  '\0',
  '\n',
  '\r\n',
  ' ',
  '\t',
  '.',
  ',',
  '=',
  ':',
  '::',
  '/',
  '-',
  '_',
  '…',
  'é',
  '错误',
  'a',
  'A',
  '1',
  'a1',
  'A1b2',
  'ff',
  '1.',
  '1-',
  '1 ',
  '+1 ',
  '429 ',
  'error: ',
  '1h',
  'Limit: ',
  '<password>',
  '<password>                ',
  '<token><a>',
  '<token><![CDATA[',
  'password: |\n  a',
  'password:\n\n',
  'retry after ',
  'sk-',
  'eyJ',
  'eyJ.',
  'ghp_',
  'AIza',
  'AAAAAC',
  'SG.',
  'SK0',
  'hvs.',
  '-us1',
  '_mmk',
  '0Q~',
  '12345678:A',
  'secret_',
  '@',
  'a@',
  'a.',
  '://',
  'x://a@',
  '?key=',
  '&a=',
  'api_key=',
  'api_key="',
  "pwd='",
  'pwd=\\"',
  'token: ',
  'sid=',
  'Bearer ',
  'basic ',
  'authorization: ',
  'cookie: ',
  'curl -u ',
  '/hooks/',
  '/webhooks/',
  'signature=',
  '***',
  'sk-*',
  '-----BEGIN A-----',
  'Incorrect API key provided: ',
  "(b'api-key', b'",
  '["token","',
  '"name":"token","value":"',
  '"role":"user","content":"',
  "'role': 'user', 'content': '",
  'phone: 1',
  'aaaaaaaaaaaaaaaaaaaaaaaaaaaa\n',
  'c2stcHJvai1h',
];
const filled = (piece: string): string => piece.repeat(Math.ceil(SIZE / piece.length)).slice(0, SIZE);

function fastest(work: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 3; run++) {
    const started = performance.now();
    work();
    best = Math.min(best, performance.now() - started);
  }
  return best;
}

const redactor = new Redactor({ ...defaultPrivacy, hide_ip: true });
const judge = (error: string) => readError({ provider: '', status: 500, error, exception: '' });

// Times mean little on a busy machine, but quadratic steps take hundreds of times as long as an ordinary text.
describe.each([
  ['judging', (text: string) => judge(text)],
  ['judging as the message of an error', (text: string) => judge(`{"error":{"message":"${text}"}}`)],
  ['judging as a Python error', (text: string) => judge(`{'message': '${text}'}`)],
  ['redacting', (text: string) => redactor.text(text)],
] as const)('%s 64 KiB', (_name, work) => {
  it('takes at most 25 times as long as for an ordinary text, whatever piece is repeated', () => {
    const usual = fastest(() => work(filled(ordinary)));
    const slow = pieces
      .map((piece) => ({ piece, times: Math.round(fastest(() => work(filled(piece))) / usual) }))
      .filter(({ times }) => times > 25);
    expect(slow).toEqual([]);
  });
});
