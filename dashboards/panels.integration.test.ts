import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { IncidentState } from '../domain/incident.ts';
import { incidentKindNames } from '../domain/incident-kind.ts';
import { openEmbedded } from '../tests/fixtures/embedded-store.ts';
import type { Store } from '../store/store.ts';
import { migrate } from '../store/migrate.ts';
import { expand, forGrafana, type PanelQuestion } from './expand.ts';
import { type FilterVariable, filterVariables, type Panel } from './panel.ts';
import { incidentRules } from './panels/alerts.ts';
import { storeRules } from './panels/store-alerts.ts';
import { incidentMarks } from './panels/incidents.ts';
import { evidenceSql } from './panels/evidence-sql.ts';
import { dashboards } from './panels/list.ts';
import { valuesOf } from './panels/variables.ts';

// In the future, so that no TTL deletes the test data.
const NOW = Date.parse('2040-03-01T03:00:00Z') / 1_000;
const hour: PanelQuestion = { from: NOW - 3_600, to: NOW, step: 60, filters: {}, incident: 'a1' };
/** The hour that is checked in detail, and three hours before it. */
const hours: PanelQuestion = { ...hour, from: NOW - 4 * 3_600 };

let directory: string;
let store: Store;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'faultline-'));
  store = await openEmbedded(directory);
  await migrate(store);
  await seedCounts();
  await seedEvents();
  await seedBatches();
  await seedPipeline();
});

afterAll(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

const panels = dashboards.flatMap(({ rows }) => rows.flatMap(({ panels }) => panels));
const bySlug = (slug: string): Panel => {
  const found = panels.find((panel) => panel.slug === slug);
  if (found === undefined) throw new Error(`no panel ${slug}`);
  return found;
};

describe('every panel answers on the real engine', () => {
  beforeAll(async () => {
    await store.command('TRUNCATE TABLE incidents');
    await writeIncident('a1', 'slow_down_surge', 'firing', 1, NOW - 1_500);
    for (const kind of incidentKindNames) await writeIncident(`of ${kind}`, kind, 'resolved');
  });

  test.each(panels.map((panel) => [panel.slug, panel] as const))('%s', async (_slug, panel) => {
    const columns = await describeColumns(panel.sql, hours);
    const rows = await ask(panel.sql, hours);
    // No kind of incident belongs to these classes.
    if (panel.sql.includes("kind IN ('')")) return expect(rows).toEqual([]);
    expect(rows.length, 'the seed has something for every panel').toBeGreaterThan(0);
    if (panel.kind === 'stat') {
      expect(columns.map(({ type }) => isNumber(type))).toEqual([true]);
      expect(rows).toHaveLength(1);
      expect(Object.values(rows[0] ?? {})[0]).toEqual(expect.any(Number));
      return;
    }
    if (panel.kind === 'table' || panel.kind === 'incidents') {
      expect(columns.map(({ name }) => name)).toEqual(panel.columns?.map(({ name }) => name));
      for (const column of panel.columns ?? []) {
        const type = columns.find(({ name }) => name === column.name)?.type ?? '';
        const expected =
          column.unit === 'text' ? isText(type) : isTime(column.unit) ? isDate(type) : isNumber(type);
        expect(expected, `${column.name} is ${type}, shown as ${column.unit}`).toBe(true);
      }
      return;
    }
    expect(columns[0]?.name).toBe('time');
    expect(isDate(columns[0]?.type ?? '')).toBe(true);
    const rest = columns.slice(1);
    if (panel.columns === undefined) {
      expect(rest.map(({ name }) => name)).toEqual(['series', 'value']);
      expect(isText(rest[0]?.type ?? '') && isNumber(rest[1]?.type ?? '')).toBe(true);
    } else {
      expect(rest.map(({ name }) => name)).toEqual(panel.columns.map(({ name }) => name));
      expect(rest.every(({ type }) => isNumber(type))).toBe(true);
    }
    const times = rows.map((row) => String(row['time']));
    expect(times).toEqual(times.toSorted());
    for (const row of rows) {
      for (const { name } of rest.filter(({ type }) => isNumber(type))) {
        expect(row[name] === null || Number.isFinite(row[name]), `${name} is ${String(row[name])}`).toBe(
          true,
        );
      }
    }
  });

  test('in an empty time range no panel has rows, and a stat has 0 or nothing', async () => {
    for (const panel of panels) {
      const rows = await ask(panel.sql, { ...hour, from: 1_000, to: 2_000 });
      if (panel.kind !== 'stat') expect(rows, panel.slug).toEqual([]);
      else expect([0, null, undefined], panel.slug).toContain(Object.values(rows[0] ?? {})[0]);
    }
  });

  test('Grafana, with all and with some values chosen, gets the rows that the console gets', async () => {
    const filters = { provider: ['openai'], project: ['search', "o'neil"] };
    for (const panel of panels) {
      for (const chosen of [{}, filters]) {
        const console = await ask(panel.sql, { ...hour, filters: chosen });
        const sent = { ...chosen, id: ['a1'] };
        const grafana = await ask(asGrafanaSends(forGrafana(panel.sql), sent), hour);
        expect(grafana, panel.slug).toEqual(console);
      }
    }
  });
});

describe('the numbers are right', () => {
  test('requests, error share, the share of the provider and useless retries are those of the seed', async () => {
    expect(await value('requests')).toBe(2_000);
    expect(await value('error-share')).toBeCloseTo(200 / 2_000);
    expect(await value('provider-share')).toBeCloseTo(50 / 200);
    expect(await value('useless-retries')).toBe(40);
  });

  test('the newest request is 30 s before the end of the range', async () => {
    expect(await value('newest-request')).toBe(30);
    expect(await value('newest-request', { ...hour, from: 1_000, to: 2_000 }), 'nothing stored').toBeNull();
  });

  test('a filter keeps only its rows', async () => {
    expect(await value('requests', { ...hour, filters: { model: ['gpt-5-mini'] } })).toBe(150);
    expect(
      await value('requests', { ...hour, filters: { model: ['gpt-5-mini'], provider: ['azure'] } }),
    ).toBe(0);
  });

  test('a hostile filter value is only a value', async () => {
    const filters = { provider: ["x') OR 1 = 1 --", '{p0:String}', '$__filters'] };
    expect(await value('requests', { ...hour, filters })).toBe(0);
    expect(await value('requests')).toBe(2_000);
  });

  test('a rate per minute does not depend on the step', async () => {
    for (const step of [60, 300, 1_800]) {
      const rows = await ask(bySlug('errors-by-class').sql, { ...hour, step });
      const failures = rows.reduce((sum, row) => sum + (Number(row['value']) * step) / 60, 0);
      expect(failures).toBeCloseTo(200);
    }
  });

  test('who must act is read from the class', async () => {
    const rows = await ask(bySlug('failures-by-fault').sql, { ...hour, step: 3_600 });
    const totals = Object.fromEntries(rows.map((row) => [row['series'], Number(row['value']) * 60]));
    expect(totals).toEqual({ account: 100, provider: 50, traffic: 50 });
  });

  test('the safe line is one and a half times the rate 15 minutes before', async () => {
    const rows = await ask(bySlug('request-ramp').sql, hour);
    const at = (minute: number) =>
      rows.find((row) => String(row['time']).includes(`02:${String(minute).padStart(2, '0')}`));
    expect(at(30)).toMatchObject({ present: 1_000 });
    expect(at(45)).toMatchObject({ safe: 1_500 });
  });

  test('messages that differ in digits only are one row with a sample', async () => {
    const rows = await ask(bySlug('top-messages').sql, hour);
    expect(rows[0]).toMatchObject({
      class: 'rate_limit',
      status_text: '429',
      failures: 2,
      sample_request_id: 'req_2',
    });
    expect(rows[0]?.['text']).toBe('Limit #, Used #.');
  });

  test('the delay is measured for records that arrived live, not for replayed history', async () => {
    const stored = (topic: string, at: number, delay: number, kind = 'batch') => ({
      topic,
      partition: 0,
      incarnation: 0,
      kind,
      from_offset: 0,
      to_offset: 1,
      counted: 1,
      first_ts: at.toFixed(3),
      last_ts: at.toFixed(3),
      inserted_at: (at + delay).toFixed(3),
    });
    const day = 86_400;
    const at = NOW - 20 * day;
    await insert('ingest_batches', [
      stored('late', at, 7_200),
      stored('file:followed.ndjson#1a2b3c4d', at + 60, 4),
      stored('demo#1', at + 120, 3),
      stored('file:past.ndjson#1a2b3c4d', at + 180, day),
      stored('stdin#2', at + 240, day),
      stored('dead-letters#0', at + 300, 30, 'replay'),
    ]);
    const rows = await ask(bySlug('ingest-delay').sql, { ...hour, from: at - 60, to: at + 600 });
    expect(rows.map(({ longest_delay: delay }) => delay)).toEqual([7_200, 4]);
  });

  test('variables list the values of the time range, without the empty one', async () => {
    expect(await values('provider')).toEqual(['azure', 'openai']);
    expect(await values('project')).toEqual(['search']);
    for (const name of filterVariables) await values(name);
  });
});

describe('alert rules', () => {
  beforeEach(async () => {
    await store.command('TRUNCATE TABLE incidents');
  });

  test.each(incidentRules.map((rule) => [rule.kind, rule] as const))(
    '%s: the rule returns texts and exactly one number, with unique labels',
    async (kind, rule) => {
      await writeIncident('a1', kind, 'firing');
      await writeIncident('a2', kind, 'resolved');
      for (const one of rule.numbers) {
        // Grafana joins the queries of a rule by its labels, so all texts must be equal; only the number differs.
        const [first, ...rest] = [...(await describeColumns(one.sql, hour))].toReversed();
        expect(isNumber(first?.type ?? ''), one.refId).toBe(true);
        const texts = (await describeColumns(rule.sql, hour)).filter(({ type }) => isText(type));
        expect(rest.toReversed()).toEqual(texts);
        expect(await ask(one.sql, hour), one.refId).toContainEqual(
          expect.objectContaining({ incident: 'none' }),
        );
      }
      const columns = await describeColumns(rule.sql, hour);
      expect(columns.filter(({ type }) => isNumber(type)).map(({ name }) => name)).toEqual(['firing']);
      expect(columns.filter(({ type }) => !isNumber(type)).every(({ type }) => isText(type))).toBe(true);
      const rows = await ask(rule.sql, hour);
      const labels = rows.map(({ firing: _firing, ...rest }) => JSON.stringify(rest));
      expect(new Set(labels).size).toBe(3);
    },
  );

  test.each(incidentRules.map((rule) => [rule.kind, rule] as const))(
    '%s: the rule is silent without an incident and with a pending one, fires with a firing one, and is silent after its end',
    async (kind, rule) => {
      const firing = async () =>
        (await ask(rule.sql, hour))
          .filter((row) => Number(row['firing']) > rule.threshold)
          .map((row) => row['incident']);
      const known = async () => (await ask(rule.sql, hour)).map((row) => String(row['incident'])).toSorted();
      expect(await firing()).toEqual([]);
      expect(await known()).toEqual(['none']);
      await writeIncident('a1', kind, 'pending', 1);
      expect(await firing()).toEqual([]);
      await writeIncident('a1', kind, 'firing', 2);
      expect(await firing()).toEqual(['a1']);
      await writeIncident('a1', kind, 'resolved', 3);
      expect(await firing()).toEqual([]);
      expect(await known(), 'its label set does not vanish at once').toEqual(['a1', 'none']);
    },
  );

  test('an incident that has fired for days still fires; one of another kind does not', async () => {
    const [rule] = incidentRules;
    if (rule === undefined) throw new Error('no rules');
    await writeIncident('old', rule.kind, 'firing', 1, NOW - 5 * 86_400);
    await writeIncident('foreign', 'retry_storm', 'firing');
    const rows = await ask(rule.sql, hour);
    expect(rows.filter((row) => row['firing'] === 1).map((row) => row['incident'])).toEqual(['old']);
  });

  const firing = async (kind: string): Promise<unknown[]> => {
    const rule = incidentRules.find((one) => one.kind === kind);
    const rows = await ask(rule?.sql ?? '', hour);
    return rows.filter((row) => row['firing'] === 1).map((row) => row['incident']);
  };
  const at = (second: number) => ({ written_at: NOW + second });

  test('an incident that a backlog reveals a day later does not notify; if it is still open now, it does', async () => {
    const yesterday = NOW - 86_400;
    await writeIncident('old', 'quota_exhausted', 'firing', 1, yesterday, 'x', at(0));
    expect(await firing('quota_exhausted')).toEqual([]);
    // The backlog is read up to the present, and the incident is still open.
    await writeIncident('old', 'quota_exhausted', 'firing', 86_390_000, yesterday, 'x', at(0));
    expect(await firing('quota_exhausted')).toEqual(['old']);
  });

  test('an incident that was reported in time keeps firing while its later counts are behind', async () => {
    const began = NOW - 7_200;
    await writeIncident('live', 'quota_exhausted', 'firing', 1, began, 'x', at(-7_190));
    await writeIncident('live', 'quota_exhausted', 'firing', 2, began, 'x', at(0));
    expect(await firing('quota_exhausted')).toEqual(['live']);
  });

  test('a consequence that is listed under its cause notifies when the cause is over', async () => {
    await writeIncident('storm', 'retry_storm', 'firing');
    await writeIncident('cause', 'slow_down_surge', 'firing', 1, NOW - 600, 'x', { related: ['storm'] });
    expect(await firing('retry_storm')).toEqual([]);
    expect(await firing('slow_down_surge')).toEqual(['cause']);
    await writeIncident('cause', 'slow_down_surge', 'resolved', 2, NOW - 600, 'x', { related: ['storm'] });
    expect(await firing('retry_storm')).toEqual(['storm']);
  });

  test('the surge carries the rate to return to and the end of the hold', async () => {
    await writeIncident('a1', 'slow_down_surge', 'firing', 1, NOW - 600, 'x', {
      evidence: {
        original_requests_per_minute: 500,
        present_requests_per_minute: 900.5,
        rate_of: 'organization',
      },
    });
    const rule = incidentRules.find(({ kind }) => kind === 'slow_down_surge');
    const numbers: Record<string, unknown> = {};
    for (const { refId, sql } of rule?.numbers ?? []) {
      const row = (await ask(sql, hour)).find(({ incident }) => incident === 'a1');
      numbers[refId] = row === undefined ? null : Object.values(row).at(-1);
    }
    expect(numbers).toEqual({ N1: 500, N2: 900.5, N3: null, H: Date.parse('2040-03-01T03:10:00Z') / 1_000 });
  });

  test.each(storeRules.map((rule) => [rule.uid, rule] as const))(
    '%s: the rule returns texts and one number, not above its threshold while all is well',
    async (_uid, rule) => {
      const columns = await describeColumns(rule.sql, hour);
      expect(columns.filter(({ type }) => isNumber(type))).toHaveLength(1);
      expect(columns.filter(({ type }) => !isNumber(type)).every(({ type }) => isText(type))).toBe(true);
      const values = (await ask(rule.sql, hour)).map((row) => Number(Object.values(row).at(-1)));
      expect(values.length).toBeGreaterThan(0);
      expect(Math.max(...values)).toBeLessThanOrEqual(rule.threshold);
    },
  );

  test('silent workers and records that cannot be decoded exceed the thresholds of their rules', async () => {
    const highest = async (uid: string, question: PanelQuestion) => {
      const rule = storeRules.find((one) => one.uid === uid);
      const values = (await ask(rule?.sql ?? '', question)).map((row) => Number(Object.values(row).at(-1)));
      return Math.max(...values) > (rule?.threshold ?? Infinity);
    };
    expect(await highest('faultline-workers-silent', { ...hour, to: NOW + 600 })).toBe(true);
    await insert('ingest_batches', [
      {
        topic: 'broken',
        partition: 0,
        incarnation: 0,
        kind: 'batch',
        from_offset: 0,
        to_offset: 100,
        counted: 80,
        dead: 20,
        inserted_at: (NOW - 10).toFixed(3),
      },
    ]);
    expect(await highest('faultline-dead-letters', hour)).toBe(true);
  });

  test('evidence is shown with times, lengths and shares for people', async () => {
    const facts = {
      first_failure_at: '2040-03-01T14:03:20.000Z',
      seconds_to_zero: 900,
      failed_share: 0.3412,
      slow_down_share: 0.05678,
      still_seconds: 7_500.4,
      looked_at: 12.3456,
      growth_ratio: 2.5,
      clients_comply: false,
    };
    const rows = await ask(evidenceSql(`FROM (SELECT '${JSON.stringify(facts)}' AS evidence)`), hour);
    expect(Object.fromEntries(rows.map(({ what, amount }) => [what, amount]))).toEqual({
      'First failure': '2040-03-01 14:03:20 UTC',
      'Until nothing is left at this pace': '15 min',
      'Failed share': '34.1 %',
      'Slow Down share': '5.68 %',
      'Longest standstill': '2 h 5 min',
      'Answers looked at': '12.35',
      'Peak compared with before': '2.5 times',
      'The rate is back': 'no',
    });
  });

  test.each([
    [0, '0 s'],
    [59.4, '59 s'],
    [59.6, '1 min'],
    [599, '9 min 59 s'],
    [3_599.7, '1 h'],
    [172_799, '47 h 59 min'],
    [180_000, '2 d 2 h'],
  ])('evidence of %d seconds is shown as %s', async (seconds, text) => {
    const evidence = JSON.stringify({ still_seconds: seconds });
    expect(await ask(evidenceSql(`FROM (SELECT '${evidence}' AS evidence)`), hour)).toMatchObject([
      { amount: text },
    ]);
  });

  test('labels stay the same while summary, evidence and severity of an incident change', async () => {
    const [rule] = incidentRules;
    if (rule === undefined) throw new Error('no rules');
    const labels = async () =>
      (await ask(rule.sql, hour)).map(({ firing: _firing, ...rest }) => JSON.stringify(rest)).toSorted();
    await writeIncident('a1', rule.kind, 'firing', 1, NOW - 600, 'rate 100/min');
    const before = await labels();
    await writeIncident('a1', rule.kind, 'firing', 2, NOW - 600, 'rate 900/min', {
      severity: 'warning',
      evidence: { slow_down: 99 },
    });
    expect(await labels()).toEqual(before);
  });
});

describe('incidents on dashboards', () => {
  beforeEach(async () => {
    await store.command('TRUNCATE TABLE incidents');
  });

  test('marks show incidents that overlap the range, open ones up to its end', async () => {
    await writeIncident('open', 'slow_down_surge', 'firing', 1, NOW - 7_200);
    await writeIncident('over', 'quota_exhausted', 'resolved', 1, NOW - 1_200);
    await writeIncident('waiting', 'quota_exhausted', 'pending', 1, NOW - 600);
    const rows = await ask(incidentMarks, hour);
    expect(rows.map((row) => row['title'])).toEqual(['Slow Down surge', 'Quota exhausted']);
    expect(String(rows[0]?.['text'])).not.toMatch(/Cause: [a-z]/);
    expect(String(rows[0]?.['timeEnd'])).toMatch(/^2040-03-01[ T]03:00:00/);
    expect(Object.keys(rows[0] ?? {})).toEqual(['time', 'timeEnd', 'title', 'text', 'tags']);
  });

  test('an incident of all projects shows under any project, one of another project does not', async () => {
    await writeIncident('mine', 'slow_down_surge', 'firing', 1, NOW - 600);
    expect(await openIds({ project: ['anything'] })).toEqual(['mine']);
    expect(await openIds({ provider: ['openai'] })).toEqual(['mine']);
    expect(await openIds({ provider: ['azure'] })).toEqual([]);
  });

  test('a row has scope, steps and runbook', async () => {
    await writeIncident('mine', 'slow_down_surge', 'firing');
    const [row] = await ask(bySlug('incidents').sql, hour);
    expect(row).toMatchObject({
      affected: 'provider openai, client batch',
      steps: '1. Return to 500 rpm.\n2. Hold it.',
      runbook: 'slow-down-surge',
      verdict_party: 'traffic',
    });
  });
});

async function value(slug: string, question: PanelQuestion = hour): Promise<unknown> {
  return Object.values((await ask(bySlug(slug).sql, question))[0] ?? {})[0];
}

async function values(name: FilterVariable): Promise<unknown[]> {
  return (await ask(valuesOf(name), hour)).map((row) => row['value']);
}

async function openIds(filters: PanelQuestion['filters']): Promise<unknown[]> {
  return (await ask(bySlug('incidents').sql, { ...hour, filters })).map((row) => row['id']);
}

async function ask(sql: string, question: PanelQuestion): Promise<Record<string, unknown>[]> {
  const { sql: expanded, params } = expand(sql, question);
  return store.query(expanded, params);
}

async function describeColumns(
  sql: string,
  question: PanelQuestion,
): Promise<{ name: string; type: string }[]> {
  const { sql: expanded, params } = expand(sql, question);
  return store.query(`DESCRIBE TABLE (${expanded})`, params);
}

const bare = (type: string) =>
  type.replace(/^LowCardinality\((.*)\)$/, '$1').replace(/^Nullable\((.*)\)$/, '$1');
const isNumber = (type: string) => /^(U?Int|Float)\d+$/.test(bare(type));
const isText = (type: string) => bare(type) === 'String';
const isDate = (type: string) => bare(type).startsWith('DateTime');
const isTime = (unit: string) => unit === 'time' || unit === 'age';

/** A query as the frontend of the data source sends it. */
function asGrafanaSends(sql: string, chosen: Partial<Record<string, readonly string[]>>): string {
  const macro = '$__conditionalAll(';
  let sent = sql;
  for (let at = sent.lastIndexOf(macro); at !== -1; at = sent.lastIndexOf(macro)) {
    let depth = 1;
    let comma = -1;
    let end = at + macro.length;
    for (; depth > 0; end += 1) {
      if (sent[end] === '(') depth += 1;
      if (sent[end] === ')') depth -= 1;
      if (sent[end] === ',' && depth === 1) comma = end;
    }
    const variable = sent
      .slice(comma + 1, end - 1)
      .trim()
      .slice(1);
    const values = chosen[variable] ?? [];
    const condition = values.length === 0 ? '1=1' : sent.slice(at + macro.length, comma);
    sent = sent.slice(0, at) + condition + sent.slice(end);
  }
  return sent.replaceAll(/\$\{(\w+):singlequote\}/g, (_, name: string) =>
    (chosen[name] ?? []).map((value) => `'${value.replaceAll("'", "\\'")}'`).join(','),
  );
}

let token = 0;
async function insert(table: string, rows: readonly Record<string, unknown>[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {});
  const text = rows.map((row) => columns.map((name) => cell(row[name])).join('\t')).join('\n');
  token += 1;
  await store.insert({ table, columns, body: Buffer.from(`${text}\n`), token: `test:${token}` });
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '\\N';
  if (Array.isArray(value) && value.every((item) => typeof item === 'string'))
    return `[${value.map((item) => `'${item}'`).join(',')}]`;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n');
}

const countRow = (minute: number, over: Record<string, unknown>) => ({
  ts: NOW - 3_600 + minute * 60,
  provider: 'openai',
  org: 'acme',
  project: 'search',
  api_key: 'sk-…aaaa#00000000',
  client: 'web',
  region: 'eu',
  model: 'gpt-5',
  endpoint: '/v1/responses',
  class: 'ok',
  subclass: '',
  status: 200,
  requests: 0,
  retries: 0,
  useless_retries: 0,
  input_tokens: 0,
  cost_usd: 0,
  latency_ms_sum: 0,
  latency_buckets: '{}',
  min_remaining_requests: null,
  limit_requests: null,
  min_remaining_tokens: null,
  limit_tokens: null,
  ...over,
});

async function seedCounts(): Promise<void> {
  await insert('request_counts', [
    countRow(30, {
      requests: 900,
      input_tokens: 90_000,
      min_remaining_requests: 50,
      limit_requests: 1_000,
      min_remaining_tokens: 10,
      limit_tokens: 100,
    }),
    countRow(30, {
      class: 'quota_exceeded',
      subclass: 'credit_balance',
      status: 429,
      requests: 100,
      retries: 50,
      useless_retries: 40,
    }),
    countRow(40, { requests: 750, provider: 'azure', project: '' }),
    countRow(40, {
      class: 'server_error',
      status: 500,
      requests: 50,
      provider: 'azure',
      project: '',
      retries: 10,
    }),
    countRow(40, { class: 'slow_down', status: 503, requests: 30, client: 'batch' }),
    countRow(41, { class: 'rate_limit', subclass: 'tokens_per_minute', status: 429, requests: 20 }),
    countRow(41, {
      requests: 150,
      model: 'gpt-5-mini',
      cost_usd: 1.5,
      latency_ms_sum: 60_000,
      latency_buckets: '{400:140,800:8,0:2}',
    }),
    // A row after the range; without it the last interval of the range would count as incomplete.
    countRow(61, { requests: 1 }),
    // Three hours before `NOW`, outside the hour whose numbers are checked.
    ...(['incorrect_api_key', 'not_org_member', 'unsupported_region', 'connection', 'timeout'] as const).map(
      (name) => countRow(-120, { class: name, status: 401, requests: 7 }),
    ),
  ]);
}

const eventRow = (second: number, request_id: string, message: string) => ({
  ts: (NOW - second).toFixed(3),
  request_id,
  provider: 'openai',
  org: 'acme',
  project: 'search',
  client: 'batch',
  model: 'gpt-5',
  status: 429,
  class: 'rate_limit',
  code: 'rate_limit_exceeded',
  message,
});

async function seedEvents(): Promise<void> {
  await insert('error_events', [
    eventRow(120, 'req_1', 'Limit 500, Used 499.'),
    eventRow(60, 'req_2', 'Limit 700, Used 701.'),
    eventRow(90, 'req_3', 'Something else'),
  ]);
}

async function seedBatches(): Promise<void> {
  await insert('ingest_batches', [
    {
      topic: 'llm-requests',
      partition: 0,
      incarnation: 0,
      kind: 'batch',
      from_offset: 0,
      to_offset: 2_003,
      counted: 2_000,
      failed: 200,
      skipped: 2,
      dead: 1,
      first_ts: (NOW - 90).toFixed(3),
      last_ts: (NOW - 30).toFixed(3),
      inserted_at: (NOW - 28.5).toFixed(3),
    },
  ]);
}

async function seedPipeline(): Promise<void> {
  await insert('ingest_batches', [
    {
      topic: 'llm-requests',
      partition: 1,
      incarnation: 0,
      kind: 'lost',
      from_offset: 0,
      to_offset: 40,
      inserted_at: (NOW - 100).toFixed(3),
    },
  ]);
  await insert('ingest_state', [
    {
      topic: 'llm-requests',
      partition: 0,
      worker: 'one',
      state: 'held',
      reason: '',
      next_offset: 2_003,
      behind: 12,
      stored_age_ms: 2_000,
      still_ms: 500,
      moved_at: (NOW - 10).toFixed(3),
      at: (NOW - 10).toFixed(3),
    },
  ]);
  await insert('dead_letters', [
    {
      topic: 'llm-requests',
      partition: 0,
      offset: 7,
      part: 0,
      reason: 'not_json',
      detail: 'no JSON',
      body: 'nonsense',
      size: 8,
      inserted_at: NOW - 60,
    },
  ]);
  await insert('reclassify_runs', [
    {
      term: 1,
      run: 'r1',
      holder: 'host-1:77',
      since: NOW - 86_400,
      until: NOW,
      rules: 3,
      started_at: NOW - 900,
      state: 'left',
      at: (NOW - 600).toFixed(3),
    },
  ]);
}

async function writeIncident(
  id: string,
  kind: string,
  state: IncidentState,
  version = 1,
  startedAt = NOW - 600,
  summary = 'Slow Down: 900 requests a minute, 500 before the ramp.',
  over: Record<string, unknown> = {},
): Promise<void> {
  await insert('incidents', [
    {
      id,
      // Event time of the evaluation in ms.
      version: startedAt * 1_000 + version,
      kind,
      state,
      severity: 'critical',
      provider: 'openai',
      org: '',
      project: '',
      model: '',
      scope: { provider: 'openai', client: 'batch' },
      started_at: startedAt.toFixed(3),
      detected_at: (startedAt + 60).toFixed(3),
      resolved_at: state === 'resolved' ? (NOW - 300).toFixed(3) : null,
      summary,
      verdict_party: 'traffic',
      verdict_why: 'Only this client ramped.',
      evidence: { slow_down: 42, present_requests_per_minute: 900, clients_comply: false },
      remedy: {
        hold_until: '2040-03-01T03:10:00Z',
        plan: [{ at: '2040-03-01T02:50:00Z', requests_per_minute: 500 }],
        steps: ['Return to 500 rpm.', 'Hold it.'],
        retry: 'after_wait',
        owner: 'calling service',
        docs: 'docs/errors/slow_down.md',
      },
      ...over,
    },
  ]);
}
