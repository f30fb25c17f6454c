import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import { explain } from '../../../analyzers/explain.ts';
import { timelineOf } from '../../../analyzers/timeline.ts';
import { settingsSchema } from '../../../domain/settings.ts';
import { toRetention } from '../../../domain/retention.ts';
import { StoreError } from '../../../store/error.ts';
import { memoryStore } from '../../../tests/fixtures/memory-store.ts';
import { until } from '../../../tests/fixtures/until.ts';
import { type ConsoleOptions, createConsole } from '../server.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');

const apps: FastifyInstance[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

async function open(options: Partial<ConsoleOptions> = {}): Promise<FastifyInstance> {
  const app = await createConsole({
    store: memoryStore(),
    host: '127.0.0.1',
    port: 7070,
    token: '',
    now: () => NOW,
    dashboards: [],
    retention: toRetention(settingsSchema.parse({}).clickhouse.retention),
    explain,
    timeline: timelineOf,
    ...options,
  });
  apps.push(app);
  return app;
}
const local = { host: '127.0.0.1:7070' };

test.each([
  ['/incidents?state=closed', 'state: must be one of open, pending, firing, resolved'],
  ['/incidents?kind=surge', /^kind: must be one of slow_down_surge, quota_exhausted, /],
  ['/incidents?limit=0', 'limit: is not a number from 1 to 1000'],
  ['/incidents?limit=1&limit=2', 'limit: is not a number from 1 to 1000'],
  ['/incidents?cursor=x', 'cursor: is not the next of an answer'],
  ['/incidents?where=org', 'where: "org" is not a condition such as model=gpt-4.1 or class!=ok'],
  ['/incidents?where=status%3D429', /^where: status is not part of a scope; use one of provider, org/],
  ['/incidents?where=1;DROP%3D1', /^where: "1;DROP" is not a dimension; use one of provider/],
  ['/incidents?from=soon', /^from: is not a time such as now-6h/],
  ['/trends?from=1970-01-01', /^from: is not a time .* from 2000 to 2099$/],
  ['/explain?from=1970-01-01&to=now', /^from: is not a time .* from 2000 to 2099$/],
  ['/trends?by=klass', /^by: "klass" is not a dimension; use one of provider/],
  ['/trends?where=klass%3D1', /^where: "klass" is not a dimension/],
  ['/trends?step=5', 'step: is below 10 seconds, the counting interval'],
  ['/trends?from=now&to=now-1h', 'to: is not after from'],
  ['/trends?step=10&limit=10000', /^limit: 10000 groups of \d+ points are over 200000 points/],
  ['/trends?x=1', 'x: is not a known parameter'],
  ['/explain?class=ok', /^class: ok is not a failure; use some of invalid_authentication, /],
  ['/explain?against_from=now-2h', 'against_from: give against_from and against_to, or neither'],
  [
    '/explain?where=class%3Dok',
    /^where: a filter by class would .*: choose the failures with class instead$/,
  ],
  ['/explain?by=class', /^by: "class" does not say where a request went; use some of provider/],
  ['/explain?from=2001-01-01&to=2001-01-02', /^from: counts .*are kept for \d+ days/],
  ['/trends?from=2001-01-01&to=2001-01-02', /^from: counts .*are kept for \d+ days/],
  ['/trends?step=15', /^step: a step of 15s is not possible/],
  ['/errors?cursor=e30', 'cursor: is not the next of an answer'],
  ['/errors?q=a&q=b', 'q: is given more than once'],
])('%s is refused in one line that names the parameter', async (url, detail) => {
  const store = memoryStore();
  const answer = await (await open({ store })).inject({ url: `/api/v1${url}`, headers: local });
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([
    400,
    'application/problem+json; charset=utf-8',
  ]);
  expect(answer.json()).toEqual({
    type: 'about:blank',
    title: 'Bad request',
    status: 400,
    code: 'bad_parameter',
    detail: typeof detail === 'string' ? detail : expect.stringMatching(detail),
  });
  expect(store.asked.filter(({ sql }) => !sql.includes('AS n FROM'))).toEqual([]);
});

test('equal requests at the same time share one query; after an event or a change the store is queried again', async () => {
  let newest = NOW / 1_000 - 60;
  const store = memoryStore((sql) => (sql.includes('AS oldest') ? [{ oldest: 1, newest }] : []));
  const app = await open({ store });
  const status = async (): Promise<string> =>
    (await app.inject({ url: '/api/v1/status', headers: local })).json().newest;
  const questions = () => store.asked.filter(({ sql }) => sql.includes('AS oldest')).length;
  const old = new Date(newest * 1_000).toISOString();
  expect(await Promise.all([status(), status(), status()])).toEqual([old, old, old]);
  expect(questions()).toBe(1);

  let heard = '';
  const listening = await app.inject({ url: '/api/v1/events', headers: local, payloadAsStream: true });
  listening.stream().on('data', (piece: Buffer) => {
    heard += piece.toString();
  });
  await until('the status is told', () => heard.includes('event: status'));
  expect(await status()).toBe(old);
  newest += 10;
  const now = new Date(newest * 1_000).toISOString();
  await until('the new status is told', () => heard.includes(`"newest":"${now}"`));
  expect(await status()).toBe(now);
  listening.stream().destroy();

  newest += 10;
  expect(await status()).toBe(now);
  const payload = { kinds: ['retry_storm'], for: '1h' };
  await app.inject({ method: 'POST', url: '/api/v1/silences', payload, headers: local });
  expect(await status()).toBe(new Date(newest * 1_000).toISOString());
});

test.each(['/incidents/none', '/classes/none', '/kinds/none', '/panels/none', '/nothing'])(
  '%s is not found',
  async (url) => {
    const answer = await (await open()).inject({ url: `/api/v1${url}`, headers: local });
    expect([answer.statusCode, answer.json().status]).toEqual([404, 404]);
    expect(answer.json().detail).toMatch(/there is no/);
  },
);

test('values from a client reach the store only as parameters', async () => {
  const hostile = "x'; DROP TABLE incidents --";
  const word = encodeURIComponent(hostile);
  const store = memoryStore();
  const app = await open({ store });
  for (const url of [
    `/incidents?where=org%3D${word}`,
    `/incidents/${word}`,
    `/trends?where=org%3D${word}&from=now-1h`,
    `/explain?where=org%3D${word}&from=now-1h`,
    `/errors?where=org%3D${word}&q=${word}`,
  ])
    await app.inject({ url: `/api/v1${url}`, headers: local });
  expect(store.asked.length).toBeGreaterThan(5);
  expect(store.asked.filter(({ sql }) => sql.includes('DROP'))).toEqual([]);
  expect(JSON.stringify(store.asked.map(({ params }) => params))).toContain(hostile);
});

test('an error of the store is answered with the message and code of that error', async () => {
  const store = memoryStore(() => {
    throw new StoreError('unreachable', 'ClickHouse at h does not answer');
  });
  const answer = await (await open({ store })).inject({ url: '/api/v1/incidents', headers: local });
  expect([answer.statusCode, answer.json()]).toMatchObject([
    503,
    { status: 503, code: 'unreachable', detail: 'ClickHouse at h does not answer' },
  ]);
});

describe('the roles of tokens, and the requests that act', () => {
  const payload = { kinds: ['retry_storm'], for: '1h', by: 'me' };
  const silence = { method: 'POST', url: '/api/v1/silences', payload } as const;
  const roles = { host: '0.0.0.0', token: 'acts-token', readToken: 'reads-token' };
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  test.each([
    ['acts-token', 200, 200],
    ['reads-token', 200, 403],
    ['wrong-token', 401, 401],
  ])('with %s, reading is answered with %d and acting with %d', async (token, looking, acting) => {
    const store = memoryStore();
    const app = await open({ ...roles, store });
    const headers = bearer(token);
    expect((await app.inject({ url: '/api/v1/silences', headers })).statusCode).toBe(looking);
    expect((await app.inject({ ...silence, headers })).statusCode).toBe(acting);
    expect(store.inserted).toHaveLength(acting === 200 ? 1 : 0);
  });

  test('a session has the role of the token that it was opened with', async () => {
    const app = await open(roles);
    for (const [token, status] of [
      ['acts-token', 200],
      ['reads-token', 403],
    ] as const) {
      const login = await app.inject({
        method: 'POST',
        url: '/login',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        payload: `token=${token}`,
      });
      const cookie = String(login.headers['set-cookie']).split(';')[0] ?? '';
      expect((await app.inject({ url: '/api/v1/silences', headers: { cookie } })).statusCode).toBe(200);
      expect((await app.inject({ ...silence, headers: { cookie } })).statusCode).toBe(status);
    }
  });

  test('each client learns its own role, even when two ask at the same time', async () => {
    const app = await open(roles);
    const ask = async (token: string) =>
      (await app.inject({ url: '/api/v1/access', headers: bearer(token) })).json();
    expect(await Promise.all([ask('acts-token'), ask('reads-token')])).toEqual([
      { role: 'act' },
      { role: 'read' },
    ]);
  });

  test('where no token is needed, every client may act', async () => {
    const answer = await (await open()).inject({ url: '/api/v1/access', headers: local });
    expect(answer.json()).toEqual({ role: 'act' });
  });

  test('if only a token for reading is set, nobody can act, not even on loopback', async () => {
    const app = await open({ readToken: 'reads-token' });
    expect((await app.inject({ ...silence, headers: local })).statusCode).toBe(401);
    const headers = { ...local, ...bearer('reads-token') };
    expect((await app.inject({ ...silence, headers })).statusCode).toBe(403);
    // The empty text is not a token.
    expect((await app.inject({ ...silence, headers: { ...local, ...bearer('') } })).statusCode).toBe(401);
  });

  test.each([
    ['a page of another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a page of a neighbour', { 'sec-fetch-site': 'same-site' }, 403],
    ['the page of this server', { 'sec-fetch-site': 'same-origin', origin: 'http://127.0.0.1:7070' }, 200],
    ['an older browser on another site', { origin: 'http://evil.example' }, 403],
    ['an older browser in a sandbox', { origin: 'null' }, 403],
    ['an older browser on the page of this server', { origin: 'http://127.0.0.1:7070' }, 200],
    ['a program', {}, 200],
  ])('%s that acts, with the headers %j, gets the status %d', async (_who, headers, status) => {
    const store = memoryStore();
    const answer = await (await open({ store })).inject({ ...silence, headers: { ...local, ...headers } });
    expect([answer.statusCode, store.inserted.length]).toEqual([status, status === 200 ? 1 : 0]);
  });

  test.each([
    [
      'an image on a page of another site',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'image' },
      403,
    ],
    ['a frame of a neighbour', { 'sec-fetch-site': 'same-site', 'sec-fetch-dest': 'iframe' }, 403],
    ['a link on another site', { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' }, 200],
    ['the page of this server', { 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'empty' }, 200],
    ['a program', {}, 200],
  ])('%s that reads, with the headers %j, gets the status %d', async (_who, headers, status) => {
    const app = await open();
    for (const url of ['/api/v1/classes', '/healthz', '/'])
      expect((await app.inject({ url, headers: { ...local, ...headers } })).statusCode, url).toBe(status);
  });

  test('HEAD of the events opens no stream', async () => {
    const app = await open();
    for (let i = 0; i < 70; i++)
      expect((await app.inject({ method: 'HEAD', url: '/api/v1/events', headers: local })).statusCode).toBe(
        404,
      );
    const listening = await app.inject({ url: '/api/v1/events', headers: local, payloadAsStream: true });
    expect(listening.statusCode).toBe(200);
    listening.stream().destroy();
  });

  test.each([
    ['application/json', '', 400, 'body: is empty; send JSON, at least {}'],
    ['application/json', '{bad', 400, 'body: is not JSON'],
    ['application/json', '[]', 400, 'body: is not an object'],
    ['application/json', `"${'x'.repeat(20_000)}"`, 413, 'body: is larger than this route takes'],
    ['text/csv', 'a,b', 415, 'Content-Type: must be application/json, or text/plain for /api/v1/try'],
  ])('a body of %s that cannot be read is refused with a reason', async (type, payload, status, detail) => {
    const headers = { ...local, 'content-type': type };
    const answer = await (await open()).inject({ ...silence, payload, headers });
    expect([answer.statusCode, answer.json()]).toEqual([status, expect.objectContaining({ status, detail })]);
  });

  const storm = { kinds: ['retry_storm'], for: '1h' };
  test.each([
    [{ for: '1h' }, 'kinds: this would silence everything; name kinds or a scope'],
    [{ kinds: ['x'], for: '1h' }, /^kinds: must be one of slow_down_surge, /],
    [{ kinds: ['retry_storm'], for: 'long' }, 'for: is not a length such as 30m, 2h or 1d'],
    [{ kinds: ['retry_storm'] }, 'for: is missing'],
    [{ ...storm, every_seconds: 'x' }, 'every_seconds: is not a number'],
    [{ ...storm, from: 'tomorrow' }, 'from: is not a time such as 2026-03-01T12:00:00Z'],
    [{ ...storm, scope: { organisation: 'x' } }, 'scope.organisation: is not a known parameter'],
    [{ kinds: ['retry_storm'], for: '1h', until: 'x' }, 'until: is not a known parameter'],
    [{ ...storm, from: '0001-01-01T00:00:00Z' }, /^from: is not a time .* from 2000 to 2099$/],
    [{ ...storm, from: '9999-01-01T00:00:00Z' }, /^from: is not a time .* from 2000 to 2099$/],
    [{ ...storm, every_seconds: 4_294_970_000 }, 'every_seconds: is longer than 366 days'],
  ])('a silence of %j is refused', async (wrong, detail) => {
    const answer = await (await open()).inject({ ...silence, payload: wrong, headers: local });
    expect([answer.statusCode, answer.json().detail]).toEqual([
      400,
      typeof detail === 'string' ? detail : expect.stringMatching(detail),
    ]);
  });

  const row = {
    id: 'a1',
    version: 1,
    kind: 'slow_down_surge',
    state: 'firing',
    severity: 'critical',
    scope: '{"provider":"openai"}',
    started_ms: NOW - 60_000,
    detected_ms: NOW,
    resolved_ms: null,
    summary: 's',
    verdict_party: 'traffic',
    verdict_why: 'w',
    evidence: '{"reopened":2}',
    remedy: '{"steps":[],"retry":"no","owner":"o","docs":"d"}',
    sample_request_ids: [],
    related: [],
    memory: '{}',
  };

  test.each([
    [{ by: 'ann', note: 'on it' }, true, 'a1\t2\tann\ton it\tfalse\n'],
    [{ by: 'ann', withdraw: true }, false, 'a1\t2\tann\t\ttrue\n'],
  ])('an acknowledgement %j is stored with the number of reopenings', async (said, acknowledged, stored) => {
    const store = memoryStore((sql) => (sql.includes('FROM incidents') ? [row] : []));
    const url = '/api/v1/incidents/a1/acknowledge';
    const answer = await (await open({ store })).inject({
      method: 'POST',
      url,
      payload: said,
      headers: local,
    });
    expect([answer.statusCode, answer.json()]).toEqual([200, { acknowledged }]);
    expect(store.inserted.map(({ table, body }) => [table, body.toString()])).toEqual([
      ['acknowledgements', stored],
    ]);
  });

  test('a row of incidents with an unknown form is left out and reported, and paging goes on', async () => {
    const lines: string[] = [];
    const logger = { warn: (line: string) => lines.push(line), error: () => undefined };
    const rows = [{ ...row, id: 'broken', scope: '{' }, row, { ...row, id: 'a2' }];
    const store = memoryStore((sql) => (sql.includes('FROM incidents') ? rows : []));
    const app = await open({ store, logger });
    const answer = (await app.inject({ url: '/api/v1/incidents?limit=2', headers: local })).json();
    expect(answer.incidents.map(({ id }: { id: string }) => id)).toEqual(['a1', 'a2']);
    expect(answer.next).not.toBeNull();
    expect(lines).toEqual(['table incidents: cannot read broken; left out']);
  });

  test('the headers of every answer forbid framing, guessing of types, and loading from other servers', async () => {
    const answer = await (await open()).inject({ url: '/api/v1/classes', headers: local });
    expect(answer.headers).toMatchObject({
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cache-control': 'no-cache',
    });
  });
});
