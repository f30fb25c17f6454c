import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStore } from '../store/connect.ts';
import type { Store } from '../store/store.ts';
import { type Gateway, serveClickHouse } from '../store/http-gateway.ts';
import { migrate } from '../store/migrate.ts';
import { readClassCounts } from '../store/queries/class-counts.ts';
import { readCounts } from '../tests/fixtures/read-counts.ts';
import { readDeadLetters } from '../store/queries/dead-letters.ts';
import { readIncidents } from '../store/queries/incidents.ts';
import { readCountedRange, readDimensionValues, readTrends } from '../store/queries/trends.ts';
import { planTrends } from '../store/queries/trends-plan.ts';
import { expand, forGrafana, type PanelQuestion } from './expand.ts';
import { filterVariables } from './panel.ts';
import { alertRules } from './panels/store-alerts.ts';
import { incidentMarks, marksOfOne } from './panels/incidents.ts';
import { dashboards } from './panels/list.ts';
import { incidentIds, valuesOf } from './panels/variables.ts';

// A reader without the token may use only the tables and functions that the gateway allows. All queries of faultline
// itself, also as Grafana sends them, must be allowed.
let directory: string;
let store: Store;
let reader: Store;
let gateway: Gateway;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'faultline-'));
  const options = { url: '', path: directory, database: 'faultline', user: '', password: '', cluster: '' };
  store = await openStore(options);
  await migrate(store);
  gateway = await serveClickHouse(store, { port: 0, token: 'the-token', database: 'faultline' });
  reader = await openStore({ ...options, url: gateway.url });
});

afterAll(async () => {
  await reader.close();
  await gateway.close();
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

const hour: PanelQuestion = { from: 1_700_000_000, to: 1_700_003_600, step: 60, filters: {} };
const filters = { provider: ['openai'], project: ['search', "o'neil", 'größe'] };
const questions = [
  ...dashboards.flatMap(({ rows }) =>
    rows.flatMap(({ panels }) => panels.map(({ slug, sql }) => [`panel ${slug}`, sql] as const)),
  ),
  ...filterVariables.map((name) => [`values of ${name}`, valuesOf(name)] as const),
  ...alertRules.flatMap(({ uid, sql, numbers }) => [
    [`alert ${uid}`, sql] as const,
    ...numbers.map((one) => [`alert ${uid} ${one.refId}`, one.sql] as const),
  ]),
  ['incident marks', incidentMarks] as const,
  ['ids of incidents', incidentIds] as const,
  ['marks of one incident', marksOfOne] as const,
];

test.each(questions)('the gateway allows the query of %s', async (_name, sql) => {
  for (const chosen of [{}, filters]) {
    const { sql: expanded, params } = expand(sql, { ...hour, filters: chosen });
    await reader.query(expanded, params);
  }
  // Sends the query as Grafana's plug-in does: as one text with the values written into it, and with Native as the
  // default format.
  const plain = forGrafana(sql)
    .replaceAll(/\$__conditionalAll\((.*?), \$\w+\)/g, '1=1')
    .replaceAll('${id:singlequote}', "'0123456789abcdef'");
  const body = expand(plain, hour).sql;
  for (const database of ['', 'faultline']) {
    const query = new URLSearchParams({ default_format: 'Native', max_execution_time: '60', database });
    const answer = await fetch(`${gateway.url}/?${query.toString()}`, { method: 'POST', body });
    expect(answer.status, await answer.text()).toBe(200);
  }
});

test('every column of every table can be read, whatever it is called', async () => {
  const columns = await reader.query<{ table: string; name: string }>(
    `SELECT table, name FROM system.columns WHERE database = 'faultline' AND table NOT LIKE '.%'`,
  );
  expect(columns.length).toBeGreaterThan(80);
  for (const { table, name } of columns)
    await reader.query(`SELECT any(t.${name}), any(${name}) FROM ${table} AS t`);
});

test('the queries of trends, incidents and counts are allowed', async () => {
  const now = 1_700_003_600;
  const plan = planTrends({
    by: ['class', 'model'],
    since: now - 3_600,
    until: now,
    now,
    step: null,
    where: [],
  });
  await readTrends(reader, plan, { errorsOnly: true, limit: 10 });
  await readDimensionValues(reader, plan, 'model', 10);
  await readCountedRange(reader);
  await readIncidents(reader, {
    states: ['firing'],
    kinds: ['slow_down_surge'],
    since: 1,
    until: now,
    id: 'x',
  });
  await readCounts(reader, { from: 1, to: now, orgs: [{ provider: 'openai', org: 'acme' }] });
  await readClassCounts(reader, { from: 1, to: now, classes: ['slow_down'] });
  await readDeadLetters(reader, { topic: '', reason: '', since: 0, limit: 10 });
});
