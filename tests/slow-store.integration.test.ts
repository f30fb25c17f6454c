import { createServer, type Server } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { explain } from '../analyzers/explain.ts';
import { timelineOf } from '../analyzers/timeline.ts';
import { createConsole } from '../dashboards/console/server.ts';
import { dashboards } from '../dashboards/panels/list.ts';
import { defaultRetention, toRetention } from '../domain/retention.ts';
import { openStore } from '../store/connect.ts';
import type { Store } from '../store/store.ts';
import { until } from './fixtures/until.ts';

const headers = { host: '127.0.0.1:7070' };
let server: Server;
let url: string;
let store: Store;
let app: FastifyInstance;
/** True: the server accepts queries but answers none. */
let hangs = false;
/** URLs of the queries that wait for an answer. */
const waiting = new Set<string>();

beforeAll(async () => {
  server = createServer((request, answer) => {
    request.resume();
    if (!hangs) {
      answer.end();
      return;
    }
    const asked = request.url ?? '';
    waiting.add(asked);
    answer.on('close', () => waiting.delete(asked));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  store = await openStore({ url, path: '', database: 'faultline', user: '', password: '', cluster: '' });
  app = await createConsole({
    store,
    host: '127.0.0.1',
    port: 7070,
    token: '',
    querySeconds: 1,
    now: () => Date.now(),
    dashboards,
    retention: toRetention(defaultRetention),
    explain,
    timeline: timelineOf,
  });
  hangs = true;
});
afterAll(async () => {
  await app.close();
  await store.close();
  server.closeAllConnections();
  server.close();
});

test.each([
  '/panels/errors-by-class',
  '/incidents',
  '/trends',
  '/explain',
  '/errors',
  '/pipeline',
  '/status',
])(
  '%s is given up in time when the store accepts queries but does not answer, and says what to do',
  async (path) => {
    const started = performance.now();
    const [answer, same] = await Promise.all([
      app.inject({ url: `/api/v1${path}`, headers }),
      app.inject({ url: `/api/v1${path}`, headers }),
    ]);
    expect(performance.now() - started).toBeLessThan(15_000);
    expect(answer.json()).toEqual({
      type: 'about:blank',
      title: 'No answer in time',
      status: 504,
      code: 'slow',
      detail: `ClickHouse at ${url} did not answer within 1 s: ask for a shorter range, see with faultline doctor what keeps it, or raise console.query_seconds`,
    });
    expect([answer.headers['content-type'], same.statusCode]).toEqual([
      'application/problem+json; charset=utf-8',
      504,
    ]);
    await until('nobody waits for the store any more', () => waiting.size === 0, 10_000);
  },
);

test('each query has a time limit, and stops on the server when the connection closes', async () => {
  const answer = app.inject({ url: '/api/v1/incidents?limit=7', headers });
  const asked = await until('it is asked', () => [...waiting][0] ?? null, 10_000);
  const settings = new URL(asked, url).searchParams;
  expect([
    settings.get('max_execution_time'),
    settings.get('cancel_http_readonly_queries_on_client_close'),
  ]).toEqual(['1', '1']);
  await answer;
});

test('listeners of the events are told that the store does not answer', async () => {
  const listening = await app.inject({ url: '/api/v1/events', headers, payloadAsStream: true });
  let heard = '';
  const stream = listening.stream();
  stream.on('data', (piece: Buffer) => {
    heard += piece.toString();
  });
  await until('trouble is told', () => heard.includes('event: trouble'), 15_000);
  expect(heard).toContain('did not answer within 1 s');
  stream.destroy();
});
