import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settingsSchema } from '../domain/settings.ts';
import { openStore } from '../store/connect.ts';
import { type Running, runFaultline, startFaultline } from './fixtures/run-faultline.ts';
import { placesAt } from './fixtures/secrets/places.ts';
import { seededChance, testSeed } from './fixtures/seed.ts';
import { leaksIn } from './fixtures/secrets/reveal.ts';
import { seedSecrets } from './fixtures/secrets/shapes.ts';
import { until } from './fixtures/until.ts';
import { freePort } from './kafka/free-port.ts';

/** Each shape is put into this many of all places; the unit test uses all of them. */
const PLACES = 8;
const random = seededChance('secrets').next;
const secrets = seedSecrets(random);
const ts = Date.now() - 120_000;
let folder: string;
let data: string;
let file: string;
let lines = 0;
let running: Running | null = null;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'faultline-secrets-'));
  data = path.join(folder, 'data');
  file = path.join(folder, 'log.ndjson');
  const places = Object.values(placesAt(ts));
  // The file begins with an ordinary record, because the first bytes decide the encoding of the whole file, and some of
  // the secrets are in UTF-16.
  const messages: Buffer[] = [Buffer.from(JSON.stringify({ ts, status: 200, org: 'other' }))];
  for (const { text } of secrets) {
    for (let n = 0; n < PLACES; n++) {
      const place = places[Math.floor(random() * places.length)]?.(text);
      if (place?.format === undefined)
        messages.push(...(place?.messages ?? []).map((message) => Buffer.from(message)));
    }
    // These failures make an incident whose scope contains the secret.
    const quota = {
      ts,
      status: 429,
      org: text,
      project: text,
      client: text,
      error: { code: 'insufficient_quota' },
    };
    for (let n = 0; n < 6; n++)
      messages.push(
        Buffer.from(JSON.stringify({ ...quota, ts: ts + n * 1000, model: text, request_id: text })),
      );
  }
  // Later records follow, because a time is judged only when newer records have come.
  for (let second = 1; second <= 90; second++)
    messages.push(Buffer.from(JSON.stringify({ ts: ts + second * 1000, status: 200, org: 'other' })));
  const bytes = Buffer.concat(messages.flatMap((message) => [message, Buffer.from('\n')]));
  lines = bytes.reduce((sum, byte) => sum + (byte === 10 ? 1 : 0), 0);
  await writeFile(file, bytes);
});
afterAll(async () => {
  running?.child.kill('SIGKILL');
  await running?.finished;
  await rm(folder, { recursive: true, force: true });
});

describe(`no secret of a log is found in what the program keeps and shows (TEST_SEED=${testSeed})`, () => {
  const shown: Record<string, string> = {};

  it('a log with secrets is read, judged and analyzed', async () => {
    const [page, metrics] = [await freePort(), await freePort()];
    const program = startFaultline(['start', '--source', file, '--data', data, '--port', `${page}`], {
      cwd: folder,
      env: { FAULTLINE_LOG_LEVEL: 'debug', FAULTLINE_METRICS_PORT: `${metrics}` },
    });
    running = program;
    const url = `http://127.0.0.1:${page}`;
    const get = async (place: string): Promise<string> => {
      const answer = await fetch(`${url}${place}`);
      const body = await answer.text();
      expect([place, answer.status]).toEqual([place, 200]);
      shown[`page ${place}`] = body;
      return body;
    };
    const asked = async (): Promise<boolean> => {
      try {
        return (await get('/api/v1/incidents')).includes('quota_exhausted');
      } catch {
        return false;
      }
    };
    await until('an incident on the page', asked, 150_000);
    for (const place of ['/', '/metrics', '/api/v1/status', '/api/v1/values', '/api/v1/classes'])
      await get(place);
    const dashboards = JSON.parse(await get('/api/v1/dashboards')) as unknown;
    const slugs = JSON.stringify(dashboards).match(/(?<="slug":")[^"]+/g) ?? [];
    expect(slugs.length).toBeGreaterThan(10);
    for (const slug of new Set(slugs)) {
      const answer = await fetch(`${url}/api/v1/panels/${slug}?from=now-1h&step=60`);
      shown[`panel ${slug}`] = await answer.text();
    }
    program.child.kill('SIGINT');
    const { stdout, stderr } = await program.finished;
    shown['log'] = stdout + stderr;
  });

  it('the commands that show data print something', async () => {
    const commands = [
      ['trends', '--by', 'org,project,client', '--since', '2h', '--format', 'json'],
      ['trends', '--by', 'model,endpoint,region', '--since', '2h', '--format', 'csv'],
      ['trends', '--by', 'provider,api_key', '--since', '2h'],
      ['incidents', '--format', 'json'],
      ['incidents'],
      ['dead-letters', 'list', '--limit', '5000', '--json'],
      ['dead-letters', 'list', '--limit', '5000'],
      ['dead-letters', 'replay'],
      ['reconcile', '--json'],
    ];
    for (const command of commands) {
      const { stdout, stderr } = await runFaultline([...command, '--data', data], { cwd: folder });
      expect(stdout.length + stderr.length, command.join(' ')).toBeGreaterThan(0);
      shown[command.join(' ')] = stdout + stderr;
    }
    const { stdout, stderr } = await runFaultline(['replay', file, '--json'], { cwd: folder });
    expect(stdout).toContain('quota_exhausted');
    shown['replay'] = stdout + stderr;
  });

  it('all tables and all files of the data directory can be read', async () => {
    const { clickhouse } = settingsSchema.parse({});
    const store = await openStore({ ...clickhouse, path: data });
    try {
      const tables = await store.query<{ name: string }>(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree%' ORDER BY name",
      );
      expect(tables.length).toBeGreaterThan(5);
      let rows = 0;
      for (const { name } of tables) {
        const all = await store.query<object>(`SELECT * FROM ${name}`);
        shown[`table ${name}`] = JSON.stringify(all);
        rows += all.length;
      }
      expect(rows).toBeGreaterThan(lines / 2);
    } finally {
      await store.close();
    }
    const names = await readdir(data, { recursive: true, withFileTypes: true });
    const files = names.filter((name) => name.isFile());
    expect(files.length).toBeGreaterThan(10);
    const contents = await Promise.all(
      files.map((name) => readFile(path.join(name.parentPath, name.name), 'latin1')),
    );
    shown['files'] = contents.join('\n');
    shown['names of files'] = names.map((name) => name.name).join('\n');
  });

  it('no secret is in a page, an answer, the log, the output of a command, a table or a file', () => {
    const leaks = Object.entries(shown).flatMap(([where, text]) =>
      leaksIn(text, secrets).map((leak) => `${where}: ${leak}`),
    );
    expect(leaks).toEqual([]);
    // Proves that the search finds a secret.
    const [first] = secrets;
    expect(leaksIn(`x ${first?.text} y`, secrets)).toHaveLength(1);
  });
});
