import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { explain } from '../analyzers/explain.ts';
import { timelineOf } from '../analyzers/timeline.ts';
import { openMigrated } from '../cli/needs/open-migrated.ts';
import { createConsole } from '../dashboards/console/server.ts';
import { eventShapes } from '../dashboards/console/v1/event-hub.ts';
import { routesOf } from '../dashboards/console/v1/api-v1.ts';
import { dashboards } from '../dashboards/panels/list.ts';
import { toRetention } from '../domain/retention.ts';
import { settingsSchema } from '../domain/settings.ts';
import type { Store } from '../store/store.ts';
import { replayedStore } from './fixtures/replayed-store.ts';
import { until } from './fixtures/until.ts';

let directory: string;
let store: Store;
let app: FastifyInstance;
let present: number;
const settings = settingsSchema.parse({});
const retention = toRetention(settings.clickhouse.retention);

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'faultline-test-'));
  const replayed = await replayedStore(directory, 'demo-day');
  present = replayed.to;
  store = await openMigrated({ ...settings.clickhouse, path: replayed.data });
  app = await createConsole({
    store,
    host: '127.0.0.1',
    port: 7070,
    token: '',
    now: () => Date.now(),
    dashboards,
    retention,
    explain,
    timeline: timelineOf,
    live: () => ({
      source: 'test',
      state: 'finished',
      detail: '',
      records: 1,
      failures: 0,
      records_per_second: 0,
      progress: 1,
      watermark: present,
      present,
    }),
  });
}, 300_000);
afterAll(async () => {
  await app?.close();
  await store?.close();
  await rm(directory, { recursive: true, force: true });
});

const headers = { host: '127.0.0.1:7070' };
/** The schema of the answer of each route, as in the OpenAPI document. */
const answerOf = (method: string, route: string) => {
  const options = {
    store,
    now: () => Date.now(),
    present: () => present,
    retention,
    explain,
    timeline: timelineOf,
    dashboards,
  };
  const found = routesOf(options).find((one) => one.method === method && one.path === route);
  if (found === undefined) throw new Error(`no route ${method} ${route}`);
  return found.answer;
};

/** Asks a route, and checks that the answer fits the route's schema. */
async function get(route: string, url: string = route) {
  const answer = await app.inject({ url: `/api/v1${url}`, headers });
  expect(answer.statusCode, `${url}: ${answer.body.slice(0, 500)}`).toBe(200);
  const read = answerOf('GET', route).safeParse(answer.json());
  expect(read.error?.issues ?? [], url).toEqual([]);
  return answer.json();
}
async function post(url: string, payload: object) {
  return app.inject({ method: 'POST', url: `/api/v1${url}`, headers, payload });
}

describe('the API on the counts of a replayed day', () => {
  test('its document is valid OpenAPI 3.1 and names every route', async () => {
    const document = (await app.inject({ url: '/api/v1/openapi.json', headers })).json();
    const validated = await new Validator().validate(document);
    expect(validated.errors ?? []).toEqual([]);
    expect(validated.valid).toBe(true);
    for (const route of routesOf({
      store,
      now: () => 0,
      present: () => 0,
      retention,
      explain,
      timeline: timelineOf,
      dashboards,
    }))
      expect(document.paths[`/api/v1${route.path}`], route.path).toHaveProperty(route.method.toLowerCase());
    const ids = Object.values(document.paths as Record<string, Record<string, { operationId: string }>>)
      .flatMap((one) => Object.values(one))
      .map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('incidents come in pages, each once and in a fixed order', async () => {
    const all = await get('/incidents');
    expect(all.incidents.length).toBeGreaterThan(2);
    const ids: string[] = [];
    for (let cursor = ''; ; ) {
      const page = await get('/incidents', `/incidents?limit=1${cursor}`);
      ids.push(...page.incidents.map(({ id }: { id: string }) => id));
      if (page.next === null) break;
      cursor = `&cursor=${page.next}`;
    }
    expect(ids).toEqual(all.incidents.map(({ id }: { id: string }) => id));
  });

  test('each filter returns the matching incidents, and all values together return every incident', async () => {
    const { incidents: all } = await get('/incidents');
    for (const [name, values] of [
      ['kind', [...new Set(all.map(({ kind }: { kind: string }) => kind))]],
      ['severity', ['info', 'warning', 'critical']],
      ['state', ['open', 'resolved']],
    ] as const) {
      let sum = 0;
      for (const value of values) {
        const { incidents } = await get('/incidents', `/incidents?${name}=${String(value)}`);
        if (name !== 'state') for (const one of incidents) expect(one[name]).toBe(value);
        sum += incidents.length;
      }
      expect(sum, name).toBe(all.length);
    }
    const [quota] = (await get('/incidents', '/incidents?kind=quota_exhausted')).incidents;
    const inside = await get('/incidents', `/incidents?where=project%3D${quota.scope.project}`);
    const outside = await get('/incidents', `/incidents?where=project!%3D${quota.scope.project}`);
    expect(inside.incidents.map(({ id }: { id: string }) => id)).toContain(quota.id);
    expect(inside.incidents.length + outside.incidents.length).toBe(all.length);
    expect((await get('/incidents', `/incidents?party=${quota.verdict.party}`)).incidents).toContainEqual(
      quota,
    );
    const later = await get('/incidents', `/incidents?from=${quota.resolved_at.replace('.000', '.001')}`);
    expect(later.incidents.map(({ id }: { id: string }) => id)).not.toContain(quota.id);
    const injected = await get(
      '/incidents',
      `/incidents?where=org%3D${encodeURIComponent("x') OR ('1'='1")}`,
    );
    expect(injected.incidents).toEqual([]);
  });

  test('one incident has its samples, its plan and its history', async () => {
    const [surge] = (await get('/incidents', '/incidents?kind=slow_down_surge')).incidents;
    const one = await get('/incidents/{id}', `/incidents/${surge.id}`);
    expect(one.incident.remedy.plan.length).toBeGreaterThan(1);
    const sampled = new Set(one.samples.map(({ request_id: id }: { request_id: string }) => id));
    expect(sampled).toEqual(new Set(one.incident.sample_request_ids));
    expect(sampled.size).toBeGreaterThan(0);
    expect(one.timeline.map(({ event }: { event: string }) => event)).toEqual(
      expect.arrayContaining(['began', 'resolved']),
    );
  });

  test('trends are the counts, compared with the period before', async () => {
    const [quota] = (await get('/incidents', '/incidents?kind=quota_exhausted')).incidents;
    const span = `from=${quota.started_at}&to=${quota.resolved_at}`;
    const { series } = await get(
      '/trends',
      `/trends?${span}&where=class%3Dquota_exceeded&by=project&step=60`,
    );
    const [row] = await store.query<{ n: number }>(
      `SELECT sum(requests) AS n FROM request_counts
       WHERE class = 'quota_exceeded' AND ts >= {from:DateTime} AND ts < {to:DateTime}`,
      { from: Date.parse(quota.started_at) / 1_000, to: Date.parse(quota.resolved_at) / 1_000 },
    );
    const errors = series.reduce((sum: number, one: { errors: number }) => sum + one.errors, 0);
    expect([errors, errors > 0]).toEqual([row?.n, true]);
    expect(series[0]).toMatchObject({ group: { project: quota.scope.project }, previous_errors: 0 });
    const csv = await app.inject({ url: `/api/v1/trends?${span}&format=csv`, headers });
    expect([csv.headers['content-type'], csv.body.split('\r\n')[0]]).toEqual([
      'text/csv; charset=utf-8',
      'ts,class,requests,errors',
    ]);
  });

  test('explain names the scope of the incident', async () => {
    const [quota] = (await get('/incidents', '/incidents?kind=quota_exhausted')).incidents;
    const to = new Date(Date.parse(quota.started_at) + 900_000).toISOString();
    const { scopes } = await get('/explain', `/explain?from=${quota.started_at}&to=${to}`);
    expect(scopes[0].scope).toMatchObject({ project: quota.scope.project });
  });

  test('errors come in pages, newest first, and can be searched', async () => {
    const span = `class=slow_down&from=now-1d`;
    const first = await get('/errors', `/errors?${span}&limit=50`);
    const second = await get('/errors', `/errors?${span}&limit=50&cursor=${first.next}`);
    const both = await get('/errors', `/errors?${span}&limit=100`);
    expect([...first.errors, ...second.errors]).toEqual(both.errors);
    const times = both.errors.map(({ ts }: { ts: string }) => ts);
    expect(times).toEqual(times.toSorted((a: string, b: string) => b.localeCompare(a)));
    const [one] = both.errors;
    const found = await get('/errors', `/errors?q=${encodeURIComponent(one.request_id)}`);
    expect(found.errors).toContainEqual(one);
    const hostile = await get('/errors', `/errors?q=${encodeURIComponent("' OR 1=1 --")}`);
    expect(hostile.errors).toEqual([]);
  });

  test('every panel answers as the document describes', async () => {
    const { panels } = await get('/panels');
    expect(panels.length).toBeGreaterThan(20);
    for (const { slug } of panels) await get('/panels/{slug}', `/panels/${slug}?from=now-6h`);
  });

  test('the pipeline reports what happened to the records', async () => {
    const { topics, broken } = await get('/pipeline');
    const [row] = await store.query<{ n: number }>('SELECT sum(requests) AS n FROM request_counts');
    expect(topics).toMatchObject([{ counted: row?.n, dead: 0 }]);
    expect(broken).toEqual([]);
  });

  test('classes and kinds come with their runbooks', async () => {
    const { classes } = await get('/classes');
    for (const { name } of classes) await get('/classes/{name}', `/classes/${name}`);
    const { kinds } = await get('/kinds');
    for (const { name } of kinds) expect((await get('/kinds/{name}', `/kinds/${name}`)).page).not.toBeNull();
  });

  test('an answer that the client already has is not sent again', async () => {
    const csv = '/api/v1/trends?from=now-1d&to=now-1h&format=csv';
    for (const url of ['/api/v1/incidents', '/api/v1/classes', csv, '/api/v1/openapi.json']) {
      const first = await app.inject({ url, headers });
      const tag = String(first.headers.etag);
      for (const known of [tag, `W/${tag}`, `"other", ${tag}`]) {
        const again = await app.inject({ url, headers: { ...headers, 'if-none-match': known } });
        expect([again.statusCode, again.body], url).toEqual([304, '']);
      }
      const other = await app.inject({ url, headers: { ...headers, 'if-none-match': '"other"' } });
      expect(other.statusCode).toBe(200);
    }
  });

  test('a silence is stored, listed and ended, and events report it', async () => {
    const listening = await app.inject({ url: '/api/v1/events', headers, payloadAsStream: true });
    expect(listening.headers['content-type']).toBe('text/event-stream');
    let heard = '';
    const stream = listening.stream();
    stream.on('data', (piece: Buffer) => {
      heard += piece.toString();
    });
    await until('the newest data are told', () => heard.includes('event: data'));
    const made = await post('/silences', { kinds: ['retry_storm'], for: '1h', by: 'me' });
    expect([made.statusCode, answerOf('POST', '/silences').safeParse(made.json()).success]).toEqual([
      200,
      true,
    ]);
    const { id } = made.json();
    expect((await get('/silences')).silences).toMatchObject([{ id, by: 'me', planned: false }]);
    const ended = await post(`/silences/${id}/end`, {});
    expect(ended.statusCode).toBe(200);
    expect((await get('/silences')).silences).toEqual([]);
    await until('what people said is told', () => heard.includes('event: attention'));
    const told = [...heard.matchAll(/event: (\w+)\ndata: (.*)\n/g)];
    for (const [, name, data] of told) {
      const shape = eventShapes[name as keyof typeof eventShapes];
      expect(shape.safeParse(JSON.parse(data ?? '')).success, `${name} ${data}`).toBe(true);
    }
    stream.destroy();
  });

  test('a resolved incident cannot be acknowledged', async () => {
    const [surge] = (await get('/incidents', '/incidents?kind=slow_down_surge')).incidents;
    const answer = await post(`/incidents/${surge.id}/acknowledge`, { by: 'me' });
    expect(answer.statusCode).toBe(400);
    expect(answer.json().detail).toMatch(/is resolved: there is nothing to acknowledge$/);
    const back = await post(`/incidents/${surge.id}/acknowledge`, { by: 'me', withdraw: true });
    expect(back.json()).toEqual({ acknowledged: false });
  });
});
