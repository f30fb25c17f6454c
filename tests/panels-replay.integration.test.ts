import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expand, type PanelQuestion } from '../dashboards/expand.ts';
import { incidentRules } from '../dashboards/panels/alerts.ts';
import { dashboards } from '../dashboards/panels/list.ts';
import { openEmbedded } from './fixtures/embedded-store.ts';
import { writeIngestState } from '../store/queries/ingest-state.ts';
import type { Store } from '../store/store.ts';
import { runFaultline } from './fixtures/run-faultline.ts';

// Ninety minutes of simulated logs go through the whole program as a file; then every panel is queried. The logs are of
// the present, because panels show batches and dead letters by the time when they were stored.
const TO = Math.floor(Date.now() / 3_600_000) * 3_600;
const FROM = TO - 90 * 60;
const iso = (seconds: number) => new Date(seconds * 1_000).toISOString();

/** Panels that stay empty, because only a worker with Kafka fills them. */
const emptyInFiles = new Set(['lost-records']);

let folder: string;
let store: Store;
let ids: Map<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'faultline-panels-'));
  const lines: string[] = [];
  for (const [scenario, rate] of [
    ['slow-down-surge', '5'],
    ['quota-exhausted', '5'],
    ['load', '3'],
  ] as const) {
    const simulated = await runFaultline(
      `simulate --scenario ${scenario} --rate ${rate} --seed 7 --since ${iso(FROM)} --until ${iso(TO)}`.split(
        ' ',
      ),
    );
    expect(simulated.code, simulated.stderr).toBe(0);
    lines.push(...simulated.stdout.split('\n').filter((line) => line !== ''));
  }
  const timeOf = (line: string): string => (JSON.parse(line) as { ts: string }).ts;
  lines.sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1));
  const file = path.join(folder, 'logs.ndjson');
  await writeFile(file, `${[...lines, 'nonsense', '{"ts":'].join('\n')}\n`);
  const data = path.join(folder, 'data');
  const started = await runFaultline(
    ['start', '--source', file, '--exit', '--no-open-console', '--data', data],
    { cwd: folder },
  );
  expect(started.code, started.stderr).toBeLessThanOrEqual(1);
  const judged = await runFaultline(['reclassify', '--data', data], { cwd: folder });
  expect(judged.code, judged.stderr).toBe(0);
  store = await openEmbedded(data);
  await writeIngestState(
    store,
    'one',
    [
      {
        topic: 'llm-requests',
        partition: 0,
        state: 'held',
        reason: '',
        next_offset: 10,
        behind: 3,
        stored_age_ms: 900,
        still_ms: 0,
        moved_at: Date.now(),
      },
    ],
    'state',
  );
  // The file is replayed history, which has no delay. This batch arrived live, in a minute that is over, because charts
  // end before the present minute.
  await store.command(
    `INSERT INTO ingest_batches (topic, partition, incarnation, kind, from_offset, to_offset, first_ts, last_ts)
     VALUES ('llm-requests', 0, 0, 'batch', 0, 10, ${Date.now() / 1_000 - 140}, ${Date.now() / 1_000 - 120})`,
  );
  const rows = await store.query<{ id: string; kind: string }>(
    'SELECT id, toString(kind) AS kind FROM incidents FINAL',
  );
  ids = new Map(rows.map(({ id, kind }) => [kind, id]));
}, 240_000);

afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

/** Asks a panel about all requests. The range ends now, because the batches were stored just before. */
const question = (): PanelQuestion => ({
  from: FROM,
  to: Math.ceil(Date.now() / 1_000),
  step: 60,
  filters: {},
  incident: ids.get('slow_down_surge') ?? '',
});

test('the logs contain a surge and an exhausted quota', () => {
  expect([...ids.keys()]).toEqual(expect.arrayContaining(['slow_down_surge', 'quota_exhausted']));
});

describe.each(dashboards.map((dashboard) => [dashboard.title, dashboard] as const))(
  '%s',
  (_title, { rows }) => {
    test.each(rows.flatMap(({ panels }) => panels.map((panel) => [panel.slug, panel] as const)))(
      '%s returns data',
      async (slug, panel) => {
        // The panel "Who grew" only looks at the last twenty minutes of its range.
        const asked = slug === 'ramp-drivers' ? { ...question(), to: FROM + 35 * 60 } : question();
        const { sql, params } = expand(panel.sql, asked);
        const answer = await store.query<Record<string, unknown>>(sql, params);
        const noKind = /kind IN \('([^)]*)'\)/.exec(panel.sql)?.[1]?.replaceAll("'", '').split(', ') ?? [];
        const open = panel.kind === 'incidents' && panel.sql.includes("WHERE state = 'firing'");
        // Incidents of a file that was read to its end are closed, and some kinds do not occur in this file, so these
        // panels stay empty.
        if (open || (noKind.length > 0 && !noKind.some((kind) => ids.has(kind))))
          return expect(answer).toEqual([]);
        expect(answer.length).toBeGreaterThan(0);
        if (panel.kind === 'stat' && !emptyInFiles.has(slug))
          expect(Object.values(answer[0] ?? {})[0], 'a number').not.toBeNull();
      },
    );
  },
);

test.each(incidentRules.map((rule) => [rule.uid, rule] as const))(
  '%s does not notify about past incidents of a file',
  async (_uid, rule) => {
    for (const sql of [rule.sql, ...rule.numbers.map((one) => one.sql)]) {
      const expanded = expand(sql, question());
      const rows = await store.query<Record<string, unknown>>(expanded.sql, expanded.params);
      expect(rows.length).toBeGreaterThan(0);
      if (sql === rule.sql) expect(rows.filter((row) => Number(row['firing']) > 0)).toEqual([]);
    }
  },
);

test('the page of the surge shows the plan, who differs, and what was allowed', async () => {
  const page = dashboards.find(({ about }) => about === 'incident');
  const ask = async (slug: string): Promise<Record<string, unknown>[]> => {
    const panel = page?.rows.flatMap(({ panels }) => panels).find((one) => one.slug === slug);
    const { sql, params } = expand(panel?.sql ?? '', question());
    return store.query(sql, params);
  };
  const plan = await ask('incident-plan');
  expect(plan.length).toBeGreaterThan(1);
  const compliance = await ask('incident-compliance');
  expect(compliance.some(({ allowed }) => allowed === plan[0]?.['rate'])).toBe(true);
  expect(compliance[0]?.['allowed'], 'before the incident nothing is told').toBeNull();
  expect((await ask('incident-differs'))[0]).toMatchObject({ excess: expect.any(Number) });
  expect((await ask('incident-steps'))[0]?.['number']).toBe('1');
  const evidence = await ask('incident-evidence');
  expect(evidence.map(({ moment }) => moment).filter((moment, i, all) => all.indexOf(moment) === i)).toEqual([
    'In all',
    'Last window',
    'Before it began',
    'Facts',
  ]);
  const amounts = new Map(
    evidence.map(({ moment, what, amount }) => [`${String(moment)}: ${String(what)}`, amount]),
  );
  expect(amounts.get('Facts: Growth is measured in')).toBe('input tokens per minute');
  expect(amounts.get('Before it began: Original rate is estimated as half of the peak')).toBe('no');
  expect(amounts.get('In all: Slow Down share')).toMatch(/^[\d.]+ %$/);
  expect(amounts.get('In all: Client that grew most')).toMatch(/^[a-z]+(-[a-z]+)*$/);
});
