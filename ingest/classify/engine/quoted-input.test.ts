import { expect, it } from 'vitest';
import { classify } from '../classify.ts';
import { withoutQuotedInput } from './quoted-input.ts';

const words = [
  'rate_limit_exceeded',
  'insufficient_quota',
  'Slow Down',
  'You exceeded your current quota',
  'overloaded_error',
  'Incorrect API key provided',
];
const templates: [string, number, string, (word: string) => string][] = [
  [
    'not_found',
    404,
    'model_not_found',
    (word) => `The model \`${word}\` does not exist or you do not have access to it.`,
  ],
  [
    'bad_request',
    400,
    'invalid_value',
    (word) => `Invalid value: '${word}'. Supported values are: 'a' and 'b'.`,
  ],
  ['bad_request', 400, 'unknown_parameter', (word) => `Unknown parameter: '${word}'.`],
  ['bad_request', 400, '', (word) => `Invalid type for 'metadata.x': expected an object, but got "${word}".`],
  ['server_error', 500, 'server_error', (word) => `The server had an error processing tool '${word}'`],
];

it.each(templates)(
  '%s %d %s has the same class, whatever words of the caller it quotes',
  (expected, status, code, text) => {
    for (const word of words) {
      const error = { error: { message: text(word), type: 'invalid_request_error', code } };
      for (const body of [error, JSON.stringify(error), text(word)])
        expect(
          classify({ provider: 'openai', status, error: body, exception: '', headers: null }).class,
          word,
        ).toBe(expected);
    }
  },
);

it.each([
  ["{'error': {'code': 'insufficient_quota'}}"],
  ['{"model":"m","error":{"code":"insufficient_quota"}}'],
  ['upstream returned "Rate limit reached"'],
  ["model: '', code: 'x'"],
])('%s does not change', (text) => expect(withoutQuotedInput(text)).toBe(text));

it('replaces quoted words without changing the length of the text', () => {
  const text = 'The model `slow_down` does not exist, ask for tool \\"rate_limit\\" or file "name"';
  expect(withoutQuotedInput(text)).toBe(
    'The model `xxxxxxxxx` does not exist, ask for tool \\"xxxxxxxxxx\\" or file "xxxx"',
  );
});

it('a megabyte of opened quotations takes less than a second', () => {
  const started = performance.now();
  withoutQuotedInput('the model "abc '.repeat(70_000));
  withoutQuotedInput(`model ${'\\'.repeat(1_000_000)}`);
  expect(performance.now() - started).toBeLessThan(1_000);
});
