import { afterEach, expect, test, vi } from 'vitest';
import { askConsole } from './ask-api.ts';

afterEach(() => void vi.unstubAllGlobals());

const BASE = 'http://127.0.0.1:7070';
const other = `${BASE} answers 200, but is no console of faultline: correct console.host and console.port`;
const html = { headers: { 'content-type': 'text/html' } };

test.each([
  ['a login page that answers 200', () => new Response('<html>Log in</html>', html), other],
  ['an answer without content', () => new Response(''), other],
  ['JSON that is no object', () => Response.json(null), other],
  [
    'a redirect to a login page',
    () => new Response('', { status: 302, headers: { location: 'http://elsewhere/login' } }),
    other.replace('200', '302'),
  ],
  ['a problem', () => Response.json({ detail: 'id: is empty' }, { status: 400 }), 'id: is empty'],
  ['a proxy without a console', () => new Response('Bad gateway', { status: 502 }), `${BASE} answers 502`],
  [
    'an answer that breaks off',
    () => new Response(new ReadableStream({ start: (end) => end.error(new Error('reset')) })),
    `${BASE} broke off its answer: try again`,
  ],
])('%s is not an answer of a console', async (_what, answer, message) => {
  vi.stubGlobal('fetch', async () => answer());
  await expect(askConsole(BASE, 'a-token')({ route: '/incidents' })).rejects.toThrow(message);
});

test('the token follows no redirect', async () => {
  const fetched = vi.fn(async () => Response.json({ incidents: [] }));
  vi.stubGlobal('fetch', fetched);
  expect(await askConsole(BASE, 'a-token')({ route: '/incidents' })).toEqual({ incidents: [] });
  expect(fetched).toHaveBeenCalledWith(
    new URL(`${BASE}/api/v1/incidents`),
    expect.objectContaining({ redirect: 'manual', headers: { authorization: 'Bearer a-token' } }),
  );
});
