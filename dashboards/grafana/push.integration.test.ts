import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { alertRules } from '../panels/alerts.ts';
import { buildFiles } from './build.ts';
import { push } from './push.ts';

interface Seen {
  method: string;
  path: string;
  authorization: string | undefined;
  body: Record<string, unknown>;
}

let server: Server | undefined;

afterEach(async () => {
  await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  server = undefined;
});

const dashboards = buildFiles().filter(({ path }) => path.startsWith('dashboards/'));
const secret = 'glsa_very-secret-token';
const send = (url: string) => push({ url, token: secret }, dashboards, alertRules, '/public/faultline');

describe('push', () => {
  test('sends folder, dashboards and the rule group, in this order and with the token', async () => {
    const { url, seen } = await fakeGrafana(() => ({ status: 200 }));
    expect(await send(`${url}/`)).toEqual([
      'dashboard faultline-overview',
      'dashboard faultline-limits',
      ...alertRules.map(({ uid }) => `alert rule ${uid}`),
    ]);
    expect(seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /api/datasources/uid/clickhouse',
      'POST /api/folders',
      'POST /api/dashboards/db',
      'POST /api/dashboards/db',
      'PUT /api/v1/provisioning/folder/faultline/rule-groups/faultline-incidents',
    ]);
    expect(new Set(seen.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${secret}`]));
    expect(seen[2]?.body).toMatchObject({
      dashboard: { uid: 'faultline-overview', id: null },
      folderUid: 'faultline',
      overwrite: true,
    });
    expect(seen[4]?.body).toMatchObject({
      title: 'faultline-incidents',
      interval: 10,
      folderUid: 'faultline',
    });
  });

  test('a Grafana below a path is asked below it', async () => {
    const { url, seen } = await fakeGrafana(() => ({ status: 200 }));
    await send(`${url}/monitoring`);
    expect(seen.every(({ path }) => path.startsWith('/monitoring/api/'))).toBe(true);
  });

  test.each([409, 412])('a folder that is there already (%i) is no error', async (status) => {
    const { url } = await fakeGrafana(({ path }) => ({ status: path === '/api/folders' ? status : 200 }));
    expect(await send(url)).toHaveLength(2 + alertRules.length);
  });

  test('without the data source nothing is sent, and the message says which to add', async () => {
    const { url, seen } = await fakeGrafana(() => ({ status: 404 }));
    await expect(send(url)).rejects.toMatchObject({
      code: 'no_data_source',
      message: expect.stringMatching(
        /^Grafana at http:\/\/127\.0\.0\.1:\d+ has no data source with uid clickhouse/,
      ),
    });
    expect(seen).toHaveLength(1);
  });

  test.each([
    [401, 'unauthorized', /does not accept the token \(401\); set grafana\.token/],
    [403, 'unauthorized', /does not let the token do GET \/api\/datasources\/uid\/clickhouse \(403\)/],
    [302, 'refused', /answered 302 .*a redirect; check grafana\.url/],
    [500, 'refused', /answered 500 .*: database is locked/],
  ])('%i is one line that says what to do, without the token', async (status, code, message) => {
    const { url } = await fakeGrafana(() => ({ status, body: { message: 'database is\nlocked' } }));
    const error = await send(url).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(String(error)).not.toContain('\n');
    expect(String(error)).not.toContain(secret);
  });

  test('a refused rule group is told with the reason that Grafana gives', async () => {
    const { url } = await fakeGrafana(({ method }) =>
      method === 'PUT' ? { status: 400, body: { message: 'invalid rule: for' } } : { status: 200 },
    );
    await expect(send(url)).rejects.toThrow(/answered 400 to PUT .*: invalid rule: for$/);
  });

  test('an answer that is not from Grafana is told as such', async () => {
    const { url } = await fakeGrafana(() => ({ status: 418, body: undefined }));
    await expect(send(url)).rejects.toThrow(/418 .*check that this is a Grafana/);
  });

  test('nothing listens: one line with the address, without credentials in it', async () => {
    const { url } = await fakeGrafana(() => ({ status: 200 }));
    await new Promise((resolve) => server?.close(resolve));
    server = undefined;
    const error = await send(url).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'unreachable' });
    expect(String(error)).toMatch(
      /http:\/\/127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\); check grafana\.url/,
    );
    const withPassword = await send(url.replace('//', '//admin:hunter2@')).catch((thrown: unknown) => thrown);
    expect(String(withPassword)).not.toContain('hunter2');
  });
});

async function fakeGrafana(
  answer: (seen: Seen) => { status: number; body?: unknown },
): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const listening = createServer((request, response) => {
    void readBody(request).then((text) => {
      const one: Seen = {
        method: request.method ?? '',
        path: request.url ?? '',
        authorization: request.headers.authorization,
        body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
      };
      seen.push(one);
      const { status, body = {} } = answer(one);
      response.writeHead(status, { 'content-type': 'application/json', location: '/login' });
      response.end(status === 418 ? '<html>' : JSON.stringify(body));
    });
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`, seen };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
