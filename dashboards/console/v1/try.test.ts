import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, expect, test } from 'vitest';
import type { TryAnswer } from '../try.ts';
import { createQueryCache } from '../query-cache.ts';
import { addRoutes } from './route.ts';
import { tryRoute } from './try.ts';

const answer: TryAnswer = { unit: 'line', records: [], is_cut: false };
const texts: string[] = [];
let app: FastifyInstance;
afterEach(() => app.close());

function open(): FastifyInstance {
  texts.length = 0;
  app = fastify();
  const route = tryRoute(async (text) => {
    texts.push(text);
    return answer;
  });
  addRoutes(
    app,
    [route],
    createQueryCache(0, () => 0),
  );
  return app;
}
const post = (payload: string, headers: Record<string, string> = {}) =>
  open().inject({
    method: 'POST',
    url: '/api/v1/try',
    headers: { 'content-type': 'text/plain', ...headers },
    payload,
  });

test('a text is read and answered', async () => {
  const reply = await post('{"status":429}');
  expect([reply.statusCode, reply.json()]).toEqual([200, answer]);
  expect(texts).toEqual(['{"status":429}']);
});

test.each([
  ['nothing', '  ', {}, 400],
  ['JSON that is no text', '{}', { 'content-type': 'application/json' }, 400],
  ['more than a record may have', 'x'.repeat(1024 * 1024 + 1), {}, 413],
])('%s is refused', async (_name, text, headers, status) => {
  const reply = await post(text, headers);
  expect(reply.statusCode).toBe(status);
  expect(texts).toEqual([]);
});
