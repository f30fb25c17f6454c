import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Incident, incident } from '../domain/incident.ts';
import { generate } from '../simulate/generate.ts';
import { toLine } from '../simulate/record.ts';
import { findScenario } from '../simulate/scenarios.ts';
import { createTally, trueIncidents } from '../simulate/truth.ts';
import { runFaultline, withoutProgress } from './fixtures/run-faultline.ts';

const MINUTE = 60_000;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'faultline-test-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Writes a scenario as a log file and returns its truth. */
async function writeScenario(name: string, seed: number) {
  const scenario = findScenario(name);
  if (scenario === null) throw new Error(`no scenario ${name}`);
  // Months ago, so that the tables would have deleted it already.
  const from = Date.UTC(2026, 2, 10);
  const to = from + scenario.duration_ms;
  const file = path.join(directory, `${name}-${seed}.ndjson`);
  const out = createWriteStream(file);
  const tally = createTally();
  for (const record of generate(scenario, { seed, from, to })) {
    tally.add(record);
    if (!out.write(`${toLine(record)}\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'close');
  return { file, counts: tally.counts(), incidents: trueIncidents(scenario, { from, to }) };
}

async function replay(file: string): Promise<{ counts: Record<string, number>; incidents: Incident[] }> {
  const { code, stdout, stderr } = await runFaultline(['replay', file, '--json'], { cwd: directory });
  expect(code, stderr).toBe(0);
  const answer = JSON.parse(stdout) as { counts: Record<string, number>; incidents: Incident[] };
  const listed = new Set(answer.incidents.flatMap(({ related }) => related));
  // A consequence, such as the warning before a surge, is listed under its cause.
  return { ...answer, incidents: answer.incidents.filter(({ id }) => !listed.has(id)) };
}

describe('faultline replay', () => {
  test.each(['demo-day', 'slow-down-surge', 'quota-exhausted'])(
    'finds exactly the true incidents of %s, with scope and times',
    async (name) => {
      const truth = await writeScenario(name, 7);
      const found = await replay(truth.file);
      expect(found.counts).toEqual(truth.counts);
      expect(found.incidents.map(({ kind }) => kind)).toEqual(truth.incidents.map(({ kind }) => kind));
      for (const [i, expected] of truth.incidents.entries()) {
        const actual = incident.parse(found.incidents[i]);
        expect(actual.scope).toMatchObject(expected.scope);
        expect(
          Math.abs(Date.parse(actual.started_at) - expected.started_at),
          `${actual.kind} began ${actual.started_at}`,
        ).toBeLessThan(3 * MINUTE);
        expect(actual.remedy.steps.length).toBeGreaterThan(0);
        expect(actual.state).toBe('resolved');
        expect(
          Math.abs(Date.parse(actual.resolved_at ?? '') - expected.ended_at),
          `${actual.kind} ended ${actual.resolved_at}`,
        ).toBeLessThan(6 * MINUTE);
      }
    },
  );

  test('an incident that is open at the end of an old log lasts until the log ends', async () => {
    const from = Date.UTC(2026, 2, 10);
    const lines = Array.from({ length: 180 }, (_, i) =>
      JSON.stringify({
        ts: new Date(from + i * 5_000).toISOString(),
        provider: 'openai',
        org: 'acme',
        ...(i < 120 ? { status: 200 } : { status: 429, error: { code: 'insufficient_quota' } }),
      }),
    );
    const file = path.join(directory, 'open-at-the-end.ndjson');
    await writeFile(file, lines.join('\n'));
    const { code, stdout, stderr } = await runFaultline(['replay', file], { cwd: directory });
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('quota_exhausted  firing');
    expect(stdout).toMatch(/began {7}2026-03-10 00:10 UTC, found \d+s later, lasts 5m until the log ends/);
  });

  test('a calm day has no incident', async () => {
    const truth = await writeScenario('calm-day', 1);
    const found = await replay(truth.file);
    const total = Object.values(truth.counts).reduce((sum, n) => sum + n, 0);
    const log = await readFile(truth.file, 'utf8');
    const answers = (status: number): number => log.split(`"status":${status},`).length - 1;
    expect(found).toEqual({
      counts: truth.counts,
      incidents: [],
      input: {
        read: total,
        requests: total,
        skipped: {},
        dropped: {},
        folded: {},
        dead: [],
        answers_429: { answers: answers(429), bare: 0 },
        answers_503: { answers: answers(503), bare: 0 },
      },
    });
  });

  test('lines that are not records are reported and do not stop the replay', async () => {
    const file = path.join(directory, 'bad.ndjson');
    const good = JSON.stringify({
      ts: '2026-03-01T00:00:00Z',
      status: 503,
      error: { error: { message: 'Slow Down', code: 'slow_down' } },
    });
    await writeFile(file, [good, '{ broken', '', 'true', good].join('\n'));
    const { code, stdout, stderr } = await runFaultline(['replay', file, '--json'], { cwd: directory });
    expect(code).toBe(0);
    expect(JSON.parse(stdout).counts).toEqual({ slow_down: 2 });
    expect(JSON.parse(stdout).input).toMatchObject({
      read: 5,
      requests: 2,
      skipped: { tombstone: 1 },
      dead: [
        { reason: 'not_json', count: 1, first: { offset: 1, text: '{ broken' } },
        { reason: 'unknown_format', count: 1, first: { offset: 3, text: 'true' } },
      ],
    });
    expect(stderr).toContain(
      "read 5 lines: 2 requests counted, 1 skipped (1 empty), 2 dead\n  1 not_json, first: line 2: not JSON: unexpected character at position 2: '{ broken'\n  1 unknown_format, first: line 4: the message is not a JSON object: 'true'",
    );
  });

  test.each([
    ['a missing file', ['replay', 'nowhere.ndjson'], /nowhere\.ndjson does not exist/],
    ['a directory', ['replay', '.'], /is a directory/],
    ['no file', ['replay'], /files/],
  ])('%s is refused in one line', async (_name, args, message) => {
    const { code, stderr } = await runFaultline(args, { cwd: directory });
    expect(code).not.toBe(0);
    expect(stderr).toMatch(message);
    expect(withoutProgress(stderr).trim().split('\n')).toHaveLength(1);
  });
});

test('an incident of 429 answers without bodies says that it may not be a rate limit', async () => {
  const file = path.join(directory, 'bare-429.ndjson');
  const from = Date.UTC(2026, 2, 10);
  const lines = Array.from({ length: 900 }, (_, i) => {
    const isRefused = i >= 600 && i % 2 === 0;
    const at = { ts: new Date(from + i * 2_000).toISOString(), client: 'web', model: 'm', latency_ms: 9 };
    return JSON.stringify({ ...at, status: isRefused ? 429 : 200 });
  });
  await writeFile(file, lines.join('\n'));
  const { code, stdout, stderr } = await runFaultline(['replay', file], { cwd: directory });
  expect(code).toBe(0);
  expect(stderr).toContain('150 of 150 answers with 429 have no body that says why');
  const text = stdout.replaceAll(/\s+/g, ' ');
  expect(text).toMatch(
    /verdict Your traffic: .* It may also be an exhausted quota or Slow Down: when this was found, (?<all>\d+) of \k<all> answers with 429/,
  );
  expect(text).toContain('1. Log the body of refused answers (docs/errors/rate_limit.md#without-a-body)');
});

test('two incidents with half a year without records between them are both found', async () => {
  const file = path.join(directory, 'gap.ndjson');
  const refused = { org: 'org-acme', status: 429, error: 'You exceeded your current quota' };
  const lines = ['2026-03-01', '2026-09-01'].flatMap((day) => [
    ...[1, 2, 3, 4, 5, 6].map((second) => JSON.stringify({ ts: `${day}T10:00:0${second}Z`, ...refused })),
    ...Array.from({ length: 20 }, (_, minute) =>
      JSON.stringify({ ts: `${day}T10:${10 + minute}:00Z`, org: 'org-acme', status: 200 }),
    ),
  ]);
  await writeFile(file, `${lines.join('\n')}\n`);
  const { incidents } = await replay(file);
  expect(incidents.map(({ kind, started_at }) => [kind, started_at])).toEqual([
    ['quota_exhausted', '2026-03-01T10:00:00.000Z'],
    ['quota_exhausted', '2026-09-01T10:00:00.000Z'],
  ]);
});
