import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Incident } from '../domain/incident.ts';
import { openEmbedded } from './fixtures/embedded-store.ts';
import { runFaultline, runJson } from './fixtures/run-faultline.ts';

// The first 32 minutes of a scenario in March 2025, which end six minutes into an incident.
const FROM = '2025-03-01T00:00:00Z';
const CUT = Date.parse('2025-03-01T00:32:00Z');
let folder: string;
let data: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'faultline-history-'));
  data = path.join(folder, 'data');
  const simulated = await runFaultline(
    `simulate --scenario slow-down-surge --rate 5 --since ${FROM} --until 2025-03-01T02:00:00Z`.split(' '),
  );
  const lines = simulated.stdout.split('\n').filter((line) => line !== '');
  const timeOf = (line: string): number =>
    new Date((JSON.parse(line) as { ts: string | number }).ts).getTime();
  await writeFile(
    path.join(folder, 'march.ndjson'),
    lines
      .filter((line) => timeOf(line) < CUT)
      .map((line) => `${line}\n`)
      .join(''),
  );
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const start = (file: string) =>
  runFaultline(['start', '--source', file, '--exit', '--no-open-console', '--data', data], { cwd: folder });

async function incidents(): Promise<Incident[]> {
  return runJson<Incident[]>(['incidents', '--format', 'json', '--since', FROM, '--data', data]);
}

test('a history reports how long it is kept, its open incident ends with it, and later starts and ticks change nothing', async () => {
  const imported = await start('march.ndjson');
  expect(imported.code, imported.stderr).toBe(0);
  expect(imported.stderr).toMatch(
    /^march\.ndjson holds requests from 2025-03-01 00:00 to 2025-03-01 00:31:\d\d UTC: they are kept from this import on, counts per 10 s until \d{4}-\d\d-\d\d, /m,
  );
  expect(imported.stderr).toMatch(/; 0 open incidents$/m);
  const found = await incidents();
  expect(found).toMatchObject([
    { kind: 'slow_down_surge', state: 'resolved', evidence: { ended_with_data: true } },
  ]);
  expect(Date.parse(found[0]?.resolved_at ?? '')).toBeLessThanOrEqual(CUT);

  const again = await start('march.ndjson');
  expect(again.code, again.stderr).toBe(0);
  expect(again.stderr).not.toContain('they are kept from this import on');

  // Tables per minute or finer keep counts for a time that begins with the import, so these counts can be read although
  // the events are old.
  for (const options of [
    ['--step', '1m'],
    ['--by', 'endpoint'],
  ]) {
    const range = ['--since', FROM, '--until', '2025-03-01T01:00:00Z', '--data', data];
    const trends = await runFaultline(['trends', ...options, ...range, '--format', 'json']);
    expect(trends.code, trends.stderr).toBe(0);
    expect(trends.stdout).toContain('"requests"');
  }

  // A record of the present, as it would come after the import.
  const fresh = `${JSON.stringify({ ts: new Date().toISOString(), status: 200, provider: 'openai' })}\n`;
  await writeFile(path.join(folder, 'fresh.ndjson'), fresh);
  const next = await start('fresh.ndjson');
  expect(next.code, next.stderr).toBe(0);
  expect(next.stderr).not.toContain('they are kept from this import on');
  const store = await openEmbedded(data);
  const tables = ['request_counts', 'request_counts_1m', 'request_counts_1h', 'error_events', 'incidents'];
  for (const table of tables) await store.command(`OPTIMIZE TABLE ${table} FINAL`);
  const counted = (await readFile(path.join(folder, 'march.ndjson'), 'utf8')).trimEnd().split('\n').length;
  for (const table of tables.slice(0, 3))
    expect(await store.query(`SELECT sum(requests) AS n FROM ${table}`), table).toEqual([{ n: counted + 1 }]);
  // The finest counts are deleted a week after the import. After that, an analysis of the same time must still give the
  // same incidents.
  await store.command('TRUNCATE TABLE request_counts');
  await store.close();
  for (const at of ['2025-03-01T00:31:00Z', '2025-03-01T00:40:00Z', '2025-03-01T01:30:00Z']) {
    const again = await runFaultline(['analyze', '--once', '--now', at, '--data', data]);
    expect(again.code, again.stderr).toBe(0);
  }
  expect(await incidents()).toEqual(found);
  const trends = await runFaultline(
    `trends --since ${FROM} --until 2025-03-01T01:00:00Z --format json --data ${data}`.split(' '),
  );
  expect(trends.stdout).toContain('slow_down');
});
