import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Incident } from '../domain/incident.ts';
import { type ClickHouseProcess, startClickHouse } from './fixtures/clickhouse-process.ts';
import { type Running, runFaultline, runJson, startFaultline } from './fixtures/run-faultline.ts';
import { until } from './fixtures/until.ts';

// `start` over a history whose lines are out of order, and over a ClickHouse that goes away.

const MINUTE = 60_000;
// Recent, because a server drops rows that are past the time of its tables.
const FROM = Math.floor(Date.now() / MINUTE) * MINUTE - 300 * MINUTE;
let folder: string;

/** Lines of one minute: two requests a second of one service, some of them Slow Down or refused for quota. */
function minute(n: number): string {
  const lines: string[] = [];
  for (let i = 0; i < 120; i++) {
    const ts = new Date(FROM + n * MINUTE + i * 500).toISOString();
    const common = { ts, org: 'org-acme', project: 'shop', client: 'web', model: 'gpt-5' };
    const isSlow = n >= 40 && n < 55 && i % 3 === 0;
    const isBroke = n >= 130 && n < 150;
    const error = isSlow
      ? { status: 503, error: { message: 'Slow Down', code: 'slow_down' } }
      : isBroke
        ? { status: 429, error: { message: 'You exceeded your current quota', code: 'insufficient_quota' } }
        : { status: 200 };
    lines.push(JSON.stringify({ ...common, ...error, request_id: `req_${n}_${i}` }));
  }
  return `${lines.join('\n')}\n`;
}

function minutes(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, i) => minute(from + i)).join('');
}

function at(n: number): string {
  return new Date(FROM + n * MINUTE).toISOString();
}

async function incidentsIn(args: readonly string[], env: Record<string, string> = {}): Promise<Incident[]> {
  const { code, stdout, stderr } = await runFaultline(['incidents', '--format', 'json', ...args], {
    cwd: folder,
    env,
  });
  expect(code, stderr).toBe(0);
  const incidents = JSON.parse(stdout) as Incident[];
  return incidents.sort((a, b) => (a.started_at < b.started_at ? -1 : 1));
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'faultline-start-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('lines that come out of order of time', () => {
  let expected: Incident[];

  beforeAll(async () => {
    await writeFile(path.join(folder, 'log.ndjson'), minutes(0, 200));
    const answer = await runJson<{ incidents: Incident[] }>(['replay', 'log.ndjson', '--json'], {
      cwd: folder,
    });
    expected = answer.incidents;
  });

  test('replay finds two incidents', () => {
    expect(expected.map(({ kind }) => kind)).toEqual(['slow_down_surge', 'quota_exhausted']);
  });

  test('a pipe with the second half first gives the incidents of a replay', async () => {
    const program = startFaultline(
      ['start', '--source', '-', '--exit', '--no-open-console', '--data', 'turned'],
      { cwd: folder },
    );
    program.child.stdin.write(minutes(100, 200));
    // The lines that follow are then older than the time that is already judged.
    await until('the second half is judged', () => program.stdout().includes('closed'));
    program.child.stdin.end(minutes(0, 100));
    const { code, stderr } = await program.finished;
    expect(code, stderr).toBe(0);
    expect(await incidentsIn(['--data', 'turned'])).toEqual(expected);
  });
});

describe('a ClickHouse that goes away and comes back', () => {
  let server: ClickHouseProcess;
  let program: Running | undefined;

  beforeAll(async () => {
    server = await startClickHouse();
  });
  afterAll(async () => {
    program?.child.kill('SIGKILL');
    await server.stop();
  });

  test('does not end start: lines of that time are counted, and their incidents are found', async () => {
    const env = {
      FAULTLINE_CLICKHOUSE_URL: server.url,
      FAULTLINE_CLICKHOUSE_PASSWORD: server.token,
    };
    const running = startFaultline(['start', '--source', '-', '--exit', '--no-open-console'], {
      cwd: folder,
      env,
    });
    program = running;
    running.child.stdin.write(minutes(0, 50));
    await until('an incident is open', () => running.stdout().includes('opened'));
    await server.kill();
    running.child.stdin.write(minutes(50, 60));
    await until('start says that ClickHouse is away', () => {
      if (running.child.exitCode !== null) throw new Error(`start ended: ${running.stderr()}`);
      return running.stderr().includes('does not answer');
    });
    await server.start();
    running.child.stdin.end(minutes(60, 160));
    const { code, stderr } = await running.finished;
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('counted 19,200 records');
    expect(await incidentsIn([], env)).toMatchObject([
      { kind: 'slow_down_surge', state: 'resolved', started_at: at(40) },
      { kind: 'quota_exhausted', state: 'resolved', started_at: at(130) },
    ]);
  });
});
