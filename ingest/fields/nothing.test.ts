import { expect, it } from 'vitest';
import { isNoError, isNoText, isNothing } from './nothing.ts';

const nothing = [
  undefined,
  null,
  '',
  ' ',
  '-',
  ' - ',
  'null',
  'None',
  'NONE',
  'nil',
  '<nil>',
  '(null)',
  'NaN',
];
const empty = ['undefined', 'N/A', ' n/a ', {}, [], '{}', '[]', '""', '{}\n'];

it.each([...nothing, ...empty])('%j is nothing', (value) => {
  expect(isNothing(value)).toBe(true);
  expect(isNoError(value)).toBe(true);
  if (typeof value === 'string') expect(isNoText(value)).toBe(true);
});

it.each([
  0,
  1,
  true,
  false,
  'false',
  '0',
  'na',
  'nothing',
  '--',
  [null],
  { a: null },
  [[]],
  '{"a":1}',
  '[0]',
])('%j is something', (value) => {
  expect(isNothing(value)).toBe(false);
});

it.each([false, 'false', 'False', 0, '0', ' 0 '])('%j says that there was no error', (value) => {
  expect(isNoError(value)).toBe(true);
});

it.each([true, 'true', 1, '1', 'no', '00', { code: 0 }, ['x']])('%j tells of an error', (value) => {
  expect(isNoError(value)).toBe(false);
});
