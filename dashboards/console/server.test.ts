import type { FastifyInstance } from 'fastify';
import { afterEach, expect, test } from 'vitest';
import { defaultRetention, toRetention } from '../../domain/retention.ts';
import { StoreError } from '../../store/error.ts';
import { memoryStore as storeInMemory, type MemoryStore } from '../../tests/fixtures/memory-store.ts';
import { requestClassNames } from '../../domain/error-class.ts';
import type { Dashboard } from '../panel.ts';
import { listenError } from './console-error.ts';
import { pageAfter } from './login.ts';
import { type ConsoleOptions, createConsole, startConsole } from './server.ts';

const PRESENT = Date.parse('2026-03-01T12:00:00Z');

const dashboards: readonly Dashboard[] = [
  {
    uid: 'one',
    title: 'One',
    question: 'Why?',
    rows: [
      {
        title: 'Row',
        panels: [
          {
            slug: 'errors-by-class',
            title: 'Errors',
            description: 'Reads so.',
            kind: 'bars',
            unit: 'count',
            sql: 'SELECT $__timeInterval(ts) AS time, class AS series, sum(requests) AS value FROM request_counts WHERE $__timeFilter(ts) AND $__filters',
            width: 12,
            height: 8,
          },
        ],
      },
    ],
  },
];

/** A store in memory that answers reads only. */
function memoryStore(answer: (sql: string) => unknown[]): MemoryStore {
  return { ...storeInMemory(answer), insert: () => Promise.reject(new Error('the console only reads')) };
}

/** The functions that the command passes in. */
const wired: Pick<ConsoleOptions, 'retention' | 'explain' | 'timeline'> = {
  retention: toRetention(defaultRetention),
  explain: () => ({ total: { requests: 0, failures: 0, expected: 0, excess: 0 }, scopes: [] }),
  timeline: () => [],
};

const opened: FastifyInstance[] = [];
afterEach(async () => {
  for (const app of opened.splice(0)) await app.close();
});

async function open(options: Partial<ConsoleOptions> = {}): Promise<FastifyInstance> {
  const app = await createConsole({
    store: memoryStore(() => []),
    host: '127.0.0.1',
    port: 7070,
    token: '',
    now: () => PRESENT,
    dashboards,
    ...wired,
    ...options,
  });
  opened.push(app);
  return app;
}

const local = { host: '127.0.0.1:7070' };

test('the page loads nothing from elsewhere and runs no script in its markup', async () => {
  const app = await open();
  const page = await app.inject({ url: '/', headers: local });
  expect(page.statusCode).toBe(200);
  expect(page.headers['content-security-policy']).toMatch(
    /default-src 'none'; script-src 'self'; style-src 'self';/,
  );
  expect(page.headers['content-security-policy']).not.toMatch(/unsafe|https?:/);
  expect(page.body).not.toMatch(/https?:\/\/|<script>|<style|\son\w+=|style=/);
  const sources = [...page.body.matchAll(/(?:src|href)="(\/[^"]*)"/g)].map(([, path]) => path ?? '');
  expect(sources).toContain('/app.js');
  for (const url of sources) expect((await app.inject({ url, headers: local })).statusCode, url).toBe(200);
});

test('every module that a module of the page imports is served', async () => {
  const app = await open();
  const seen = new Set(['/app.js', '/theme.js']);
  for (const url of seen) {
    const { statusCode, body, headers } = await app.inject({ url, headers: local });
    expect(statusCode, url).toBe(200);
    expect(headers['content-type']).toBe('text/javascript; charset=utf-8');
    for (const [, name] of body.matchAll(/(?:from |import |import\()'\.(\/[\w-]+\.js)'/g))
      seen.add(name ?? '');
  }
  expect(seen).toContain('/uplot.js');
});

test('a file that the browser already has is not sent again', async () => {
  const app = await open();
  const first = await app.inject({ url: '/base.css', headers: local });
  const again = await app.inject({
    url: '/base.css',
    headers: { ...local, 'if-none-match': String(first.headers.etag) },
  });
  expect([again.statusCode, again.body]).toEqual([304, '']);
});

test.each(['evil.example', 'evil.example:7070', '127.0.0.1.evil.example'])(
  'a Host of %j is refused on loopback',
  async (host) => {
    const app = await open();
    const { statusCode, json } = await app.inject({ url: '/api/v1/incidents', headers: { host } });
    expect(statusCode).toBe(421);
    expect(json()).toMatchObject({
      status: 421,
      code: 'foreign_host',
      detail: 'Host: is not this machine; open the page as http://127.0.0.1 or http://localhost',
    });
  },
);

test('the filter values of a panel reach the store as parameters', async () => {
  const store = memoryStore((sql) =>
    sql.includes('AS series')
      ? [{ time: '2026-03-01 11:59:00', series: 'slow_down', value: 3 }]
      : [{ ts: PRESENT / 1_000 }],
  );
  const app = await open({ store });
  const answer = await app.inject({
    url: `/api/v1/panels/errors-by-class?from=now-2m&step=60&provider=${encodeURIComponent("o'x; DROP")}`,
    headers: local,
  });
  expect(answer.json()).toMatchObject({
    slug: 'errors-by-class',
    step: 60,
    shape: 'series',
    series: [{ name: 'slow_down', values: [0, 3] }],
  });
  const asked = store.asked.find(({ sql }) => sql.includes('AS series'));
  expect(asked?.params).toEqual({ filter_provider: ["o'x; DROP"] });
  expect(asked?.sql).not.toContain('DROP');
});

test('the second at the end of a range is left out, because it belongs to the next step', async () => {
  const store = memoryStore(() => []);
  const app = await open({ store });
  await app.inject({ url: '/api/v1/panels/errors-by-class?from=now-2m&step=60', headers: local });
  expect(store.asked.map(({ sql }) => sql).join('\n')).toContain(
    `ts <= toDateTime(${PRESENT / 1_000 - 1}, 'UTC')`,
  );
});

test.each([
  ['a minute that is still being counted is left out', 'running' as const, 60, 2],
  ['while a source is behind, the chart ends where the counts end', 'running' as const, 120, 1],
  ['a source that has ended is shown to its end', 'finished' as const, 60, 3],
  ['after a quarter of an hour without records no interval is left out', 'running' as const, 1_200, 3],
])('%s', async (_name, state, newestAgo, minutes) => {
  const store = memoryStore((sql) =>
    sql.includes('AS series') ? [] : [{ ts: PRESENT / 1_000 - newestAgo }],
  );
  const live = () => ({
    source: 'Kafka',
    state,
    detail: '',
    records: 1,
    failures: 0,
    records_per_second: 1,
    progress: null,
    watermark: null,
    present: null,
  });
  const app = await open({ store, live });
  const since = newestAgo > 900 ? 'now-18m&to=now-15m' : 'now-3m';
  const url = `/api/v1/panels/errors-by-class?from=${since}&step=60`;
  const answer = await app.inject({ url, headers: local });
  expect(answer.json().times).toHaveLength(minutes);
});

test('the dashboard about one incident is not listed among the dashboards', async () => {
  const app = await open({
    dashboards: [...dashboards, { ...dashboards[0], uid: 'x', about: 'incident' } as Dashboard],
  });
  const answer = await app.inject({ url: '/api/v1/dashboards', headers: local });
  expect(answer.json().dashboards).toHaveLength(1);
});

test('the simulated present of a demo counts as now', async () => {
  const present = PRESENT - 86_400_000;
  const live = () =>
    ({
      source: 'demo',
      state: 'running',
      detail: '',
      records: 1,
      failures: 0,
      records_per_second: 1,
      progress: 0.5,
      watermark: present,
      present,
    }) as const;
  const store = memoryStore((sql) => (sql.includes('oldest') ? [{ oldest: 0, newest: 0 }] : []));
  const app = await open({ store, live });
  const panel = await app.inject({
    url: '/api/v1/panels/errors-by-class?from=now-2m&step=60',
    headers: local,
  });
  expect(panel.json()).toMatchObject({ to: present / 1_000 });
  const status = await app.inject({ url: '/api/v1/status', headers: local });
  expect(status.json()).toMatchObject({
    present: new Date(present).toISOString(),
    clock: new Date(PRESENT).toISOString(),
    newest: null,
    live: { source: 'demo' },
  });
});

test('a wrong parameter is answered in one line that names it', async () => {
  const app = await open();
  const answer = await app.inject({ url: '/api/v1/panels/errors-by-class?step=fast', headers: local });
  expect(answer.statusCode).toBe(400);
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(answer.json()).toEqual({
    type: 'about:blank',
    title: 'Bad request',
    status: 400,
    code: 'bad_parameter',
    detail: 'step: is not a whole number of seconds',
  });
});

test.each([
  ['/api/v1/panels/none', 'there is no panel none; /api/v1/panels lists them'],
  ['/api/v1/nothing?x=1', '/api/v1/nothing: there is nothing here'],
  ['/..%2Fpackage.json', '/..%2Fpackage.json: there is nothing here'],
])('%s is not found', async (url, message) => {
  const app = await open();
  const answer = await app.inject({ url, headers: local });
  expect([answer.statusCode, answer.json().detail]).toEqual([404, message]);
});

test.each([
  ['busy', 503],
  ['unreachable', 503],
  ['slow', 504],
  ['refused', 500],
] as const)('a store error %s is answered with %d and its own line, and logged', async (code, status) => {
  const lines: string[] = [];
  const store = memoryStore(() => {
    throw new StoreError(code, `ClickHouse at h is ${code}\nsecond line`);
  });
  const app = await open({ store, logger: { warn: () => undefined, error: (line) => lines.push(line) } });
  const answer = await app.inject({ url: '/api/v1/panels/errors-by-class?from=now-1h', headers: local });
  expect(answer.statusCode).toBe(status);
  expect(answer.json()).toMatchObject({ status, code, detail: `ClickHouse at h is ${code}` });
  expect(lines).toEqual([`console: GET /api/v1/panels/errors-by-class: ClickHouse at h is ${code}`]);
});

test('liveness does not ask the store; readiness does, without revealing its address', async () => {
  const store = memoryStore(() => {
    throw new StoreError('unreachable', 'ClickHouse at secret-host does not answer');
  });
  const app = await open({ store });
  expect((await app.inject({ url: '/healthz', headers: local })).json()).toEqual({ status: 'ok' });
  const ready = await app.inject({ url: '/readyz', headers: local });
  expect([ready.statusCode, ready.body]).toEqual([503, '{"status":"store_unavailable"}']);
});

test('dashboards are listed without their SQL', async () => {
  const app = await open();
  const answer = await app.inject({ url: '/api/v1/dashboards', headers: local });
  expect(answer.json().dashboards[0]).toMatchObject({
    uid: 'one',
    question: 'Why?',
    rows: [{ panels: [{ slug: 'errors-by-class' }] }],
  });
  expect(answer.body).not.toContain('SELECT');
});

test('every class is listed with title, colour and remedy', async () => {
  const app = await open();
  const { classes }: { classes: { name: string; color: string; remedy: string[] }[] } = (
    await app.inject({ url: '/api/v1/classes', headers: local })
  ).json();
  expect(classes.map(({ name }) => name)).toEqual(requestClassNames);
  expect(classes.find(({ name }) => name === 'slow_down')?.remedy[0]).toMatch(/original request rate/);
});

test('incidents have the form of the contract; a row with an unknown form is left out and reported', async () => {
  const row = {
    id: 'a',
    kind: 'slow_down_surge',
    state: 'firing',
    severity: 'critical',
    scope: '{"provider":"openai"}',
    started_ms: Date.parse('2026-03-01T11:00:00Z'),
    detected_ms: Date.parse('2026-03-01T11:01:00Z'),
    resolved_ms: null,
    version: 1,
    memory: '{}',
    summary: 's',
    verdict_party: 'traffic',
    verdict_why: 'w',
    evidence: '{"n":1}',
    remedy: '{"steps":["x"],"retry":"no","owner":"o","docs":"d"}',
    sample_request_ids: ['r'],
    related: [],
  };
  const lines: string[] = [];
  const rows = [row, { ...row, id: 'broken', scope: '{' }];
  const store = memoryStore((sql) => (sql.includes('FROM incidents') ? rows : []));
  const app = await open({ store, logger: { warn: (line) => lines.push(line), error: () => undefined } });
  const answer = await app.inject({ url: '/api/v1/incidents?state=open', headers: local });
  expect(answer.json()).toEqual({
    incidents: [
      expect.objectContaining({
        id: 'a',
        scope: { provider: 'openai' },
        started_at: '2026-03-01T11:00:00.000Z',
        resolved_at: null,
        verdict: { party: 'traffic', why: 'w' },
        remedy: { steps: ['x'], retry: 'no', owner: 'o', docs: 'd' },
        attention: null,
      }),
    ],
    next: null,
  });
  expect(store.asked[0]?.params).toMatchObject({ states: ['pending', 'firing'], limit: 101 });
  expect(lines).toEqual(['table incidents: cannot read broken; left out']);
});

const guarded = { host: '0.0.0.0', token: 'right-token' };

test.each(['/api/v1/incidents', '/api/v1/panels/errors-by-class', '/api/v1/classes', '/app.js', '/nothing'])(
  '%s asks for the token',
  async (url) => {
    const app = await open(guarded);
    const answer = await app.inject({ url });
    expect([answer.statusCode, answer.headers['www-authenticate']]).toEqual([
      401,
      'Bearer realm="faultline"',
    ]);
    expect((await app.inject({ url, headers: { authorization: 'Bearer wrong-token' } })).statusCode).toBe(
      401,
    );
    expect((await app.inject({ url, headers: { authorization: 'Bearer right-token' } })).statusCode).not.toBe(
      401,
    );
  },
);

test('the page redirects to the login form, whose cookie gives access', async () => {
  const app = await open(guarded);
  expect((await app.inject({ url: '/' })).headers.location).toBe('/login');
  const shared = { url: '/explore?by=model', headers: { accept: 'text/html,*/*' } };
  expect((await app.inject(shared)).headers.location).toBe('/login?to=%2Fexplore%3Fby%3Dmodel');
  expect((await app.inject({ ...shared, url: '/api/v1/status' })).statusCode).toBe(401);
  expect((await app.inject({ url: '/login' })).body).toContain('name="token"');
  const login = await app.inject({
    method: 'POST',
    url: '/login',
    headers: form,
    payload: 'token=right-token',
  });
  expect([login.statusCode, login.headers.location]).toEqual([303, '/']);
  const cookie = String(login.headers['set-cookie']);
  expect(cookie).toMatch(/^faultline_7070=\S+; HttpOnly; SameSite=Strict; Path=\/; Max-Age=43200$/);
  expect(cookie).not.toContain('right-token');
  expect((await app.inject({ url: '/', headers: { cookie: cookie.split(';')[0] } })).statusCode).toBe(200);
});

const form = { 'content-type': 'application/x-www-form-urlencoded' };

test('wrong tokens are refused; after twenty in a minute, tokens are not checked at all', async () => {
  let now = PRESENT;
  const app = await open({ ...guarded, now: () => now });
  const attempt = async (token: string): Promise<number> =>
    (await app.inject({ method: 'POST', url: '/login', headers: form, payload: `token=${token}` }))
      .statusCode;
  for (let i = 0; i < 20; i++) expect(await attempt('wrong')).toBe(401);
  expect(await attempt('right-token')).toBe(429);
  now += 60_000;
  expect(await attempt('right-token')).toBe(303);
});

test('wrong tokens of one address do not lock out others, and bearer tokens count too', async () => {
  const app = await open(guarded);
  const post = async (token: string, remoteAddress: string): Promise<number> =>
    (
      await app.inject({
        method: 'POST',
        url: '/login',
        headers: form,
        payload: `token=${token}`,
        remoteAddress,
      })
    ).statusCode;
  const bearer = async (token: string, remoteAddress: string): Promise<number> => {
    const headers = { authorization: `Bearer ${token}` };
    return (await app.inject({ url: '/assets/none', headers, remoteAddress })).statusCode;
  };
  for (let i = 0; i < 10; i++) expect(await post('wrong', '127.0.0.2')).toBe(401);
  for (let i = 0; i < 9; i++) expect(await bearer('wrong', '127.0.0.2')).toBe(401);
  expect(await bearer('right-token', '127.0.0.2')).toBe(404);
  await bearer('wrong', '127.0.0.2');
  expect(await bearer('right-token', '127.0.0.2')).toBe(429);
  expect(await post('right-token', '127.0.0.2')).toBe(429);
  expect(await bearer('right-token', '127.0.0.3')).toBe(404);
  expect(await post('right-token', '127.0.0.3')).toBe(303);
});

test('an address beyond loopback without a token is refused before anything listens', async () => {
  const options = {
    store: memoryStore(() => []),
    host: '0.0.0.0',
    port: 0,
    token: '',
    now: () => PRESENT,
    dashboards,
    ...wired,
  };
  await expect(startConsole(options)).rejects.toMatchObject({
    code: 'token_required',
    message:
      'console.host 0.0.0.0 can be reached from other machines: set console.token, or console.host to 127.0.0.1',
  });
});

test.each([
  ['EADDRINUSE', 'port_in_use', /^port 7070 on 127\.0\.0\.1 is in use: .*console\.port/],
  ['EACCES', 'cannot_listen', /console\.port/],
  ['EADDRNOTAVAIL', 'cannot_listen', /console\.host/],
])('%s becomes one line that names the setting', (code, expected, message) => {
  const error = listenError(Object.assign(new Error(code), { code }), '127.0.0.1', 7070);
  expect(error).toMatchObject({ code: expected, message: expect.stringMatching(message) });
});

test.each([
  [{ to: '/explore?where=class%3Dok' }, '/explore?where=class%3Dok'],
  [{ to: '//evil.example' }, '/'],
  [{ to: '/\\evil.example' }, '/'],
  [{ to: '/\t/evil.example' }, '/'],
  [{ to: 'https://evil.example' }, '/'],
  [{ to: ['/a', '/b'] }, '/'],
  [{}, '/'],
])('after the login, %j leads to %s', (query, page) => {
  expect(pageAfter(query)).toBe(page);
});
