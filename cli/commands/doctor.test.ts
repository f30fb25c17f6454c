import { afterEach, expect, test, vi } from 'vitest';
import { settingsSchema } from '../../domain/settings.ts';
import { checkGrafana } from './doctor.ts';

afterEach(() => void vi.unstubAllGlobals());

const settings = settingsSchema.parse({ grafana: { url: 'http://grafana:3000', token: 'a-token' } });

test('Grafana is there when it lists its folders', async () => {
  vi.stubGlobal('fetch', async () => Response.json([]));
  expect(await checkGrafana({}, { settings })).toEqual({
    result: 'ok',
    text: 'http://grafana:3000 answers and accepts the token',
  });
});

test('another server that answers with JSON is not taken for Grafana', async () => {
  vi.stubGlobal('fetch', async () => Response.json({ status: 'ok' }));
  expect(await checkGrafana({}, { settings })).toMatchObject({ result: 'fail' });
});

test.each([
  ['a login page', () => new Response('<html>Log in</html>'), /something else than JSON/],
  ['a redirect', () => new Response('', { status: 302 }), /a redirect; check grafana\.url/],
  ['a refused token', () => Response.json({}, { status: 401 }), /does not accept the token/],
])('%s is not taken for Grafana', async (_what, answer, message) => {
  vi.stubGlobal('fetch', async () => answer());
  await expect(checkGrafana({}, { settings })).rejects.toThrow(message);
});
