import { expect, test } from 'vitest';
import type { ApiRequest } from '../ask/ask-api.ts';
import { call } from './serve-mcp.ts';

/** The text of a tool's answer, and whether it is an error. */
async function answered(name: string, given: unknown, ask = async (): Promise<unknown> => ({})) {
  const { isError, content } = await call(name, given, ask);
  const [first] = content;
  return { isError: isError === true, text: first?.type === 'text' ? first.text : '' };
}

test.each([
  ['incident', undefined, 'id: is missing'],
  ['incident', { id: 5 }, 'id: is not a text'],
  ['incident', { id: '' }, 'id: is empty'],
  ['incident', { id: 'a', verbose: true }, 'verbose: is not a known parameter'],
  ['incident', 'a', 'body: is not an object'],
  ['incidents', { limit: '5' }, 'limit: is not a whole number'],
  ['incidents', { where: 'org=acme' }, 'where: is not a list'],
  ['incidents', { kind: 'x' }, /^kind: must be one of slow_down_surge, /],
  ['trends', { where: [1] }, 'where: is not a text'],
  ['trends', { from: 1_772_323_200 }, 'from: is not a text'],
  ['trends', { errors_only: 'yes' }, 'errors_only: is not true or false'],
  ['trends', { points: 1 }, 'points: is not true or false'],
  ['classify', { headers: { 'retry-after': 1 } }, 'headers.retry-after: is not a text'],
  ['runbook', {}, 'name: is missing'],
])('%s of %j is refused in one line that names the argument', async (name, given, text) => {
  expect(await answered(name, given)).toEqual({
    isError: true,
    text: typeof text === 'string' ? text : expect.stringMatching(text),
  });
});

test('trends asks the route for groups with failures only when errors_only is true', async () => {
  const questions: ApiRequest[] = [];
  const ask = async (question?: ApiRequest): Promise<unknown> => {
    if (question !== undefined) questions.push(question);
    return { series: [{ group: {}, points: [] }] };
  };
  expect(await answered('trends', { errors_only: true }, ask)).toEqual({
    isError: false,
    text: '{"series":[{"group":{}}]}',
  });
  await answered('trends', {}, ask);
  expect(questions.map(({ query }) => query?.['errors_only'])).toEqual(['true', 'false']);
});
