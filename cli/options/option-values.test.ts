import { expect, it } from 'vitest';
import { UserError } from '../errors.ts';
import { wait } from './option-values.ts';

it.each([
  ['60s', 60_000],
  ['1m30s', 90_000],
  ['0.5s', 500],
  ['7d', 604_800_000],
  ['0', 0],
  [' 0s ', 0],
])('--wait %s is %d ms', (text, ms) => {
  expect(wait(text, '--wait')).toBe(ms);
});

it.each(['', '60', '-1s', 'soon', '00x', '1e3s'])('--wait %j is refused by name', (text) => {
  expect(() => wait(text, '--wait')).toThrow(
    new UserError(`--wait is ${JSON.stringify(text)}: must be a duration such as 30s, 5m, 24h or 7d`),
  );
});
