import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runFaultline } from './fixtures/run-faultline.ts';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(path.join(tmpdir(), 'faultline-init-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const key = `sk-proj-${'a1B2'.repeat(12)}`;
const record = (i: number): object => ({
  wann: new Date(Date.UTC(2026, 5, 1, 12, 0, i % 60)).toISOString(),
  antwort: { code: i % 4 ? 200 : 429 },
  fehler: i % 4 ? undefined : 'You exceeded your current quota, please check your plan and billing details.',
  kunde: 'a',
  geheim: key,
});
const log = Array.from({ length: 40 }, (_, i) => `${JSON.stringify(record(i))}\n`).join('');

describe('faultline try', () => {
  it('shows each of a few records, from a pasted document over several lines', async () => {
    const input = JSON.stringify(
      { ts: '2026-06-01T12:00:00Z', status: 401, api_key: key, error: 'Incorrect API key provided' },
      null,
      2,
    );
    const { code, stdout } = await runFaultline(['try'], { cwd, input });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^document 1: native, counted: incorrect_api_key \(Incorrect API key\)$/m);
    expect(stdout).toMatch(/^ {2}status +401 +← \$\.status$/m);
    expect(stdout).toMatch(/^ {2}remedy/m);
    expect(stdout).not.toContain(key);
  });

  it('shows one record of each kind of many, from a compressed file, and how many are similar', async () => {
    await writeFile(path.join(cwd, 'app.gz'), gzipSync(log));
    const { code, stdout } = await runFaultline(['try', 'app.gz'], { cwd });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^line 1: dead letter: unknown_format/m);
    expect(stdout).toContain('39 more');
    expect(stdout).toContain('faultline init');
    expect(stdout).not.toContain(key);
  });

  it('shows the first of each kind of the records within one line', async () => {
    const one = (i: number): object => ({
      category: 'RequestResponse',
      time: new Date(Date.UTC(2026, 5, 1, 12, 0, i % 60)).toISOString(),
      operationName: 'ChatCompletions_Create',
      resourceId: '/SUBSCRIPTIONS/S/RESOURCEGROUPS/R/PROVIDERS/MICROSOFT.COGNITIVESERVICES/ACCOUNTS/A',
      resultSignature: i % 4 === 0 ? '429' : '200',
      durationMs: 95,
    });
    const input = JSON.stringify({ records: Array.from({ length: 200 }, (_, i) => one(i)) });
    const { code, stdout } = await runFaultline(['try', '-'], { cwd, input });
    expect(code).toBe(0);
    expect(stdout.match(/^\S.*record \d+: azure-openai.*$/gm)).toEqual([
      expect.stringContaining('line 1, record 1: azure-openai, counted: rate_limit'),
      expect.stringContaining('line 1, record 2: azure-openai, counted: ok'),
    ]);
    expect(stdout.match(/^ {2}alike .*$/gm)).toEqual(['  alike         49 more', '  alike         149 more']);
  });

  it('prints one document with --json', async () => {
    const { stdout } = await runFaultline(['try', '--json', '-'], {
      cwd,
      input: '{"ts":1780315200,"status":503}\n',
    });
    expect(JSON.parse(stdout)).toMatchObject({
      unit: 'line',
      records: [
        {
          line: 1,
          outcome: { kind: 'counted' },
          records: [{ format: 'native', requests: [{ class: 'server_error' }] }],
        },
      ],
    });
  });
});

describe('faultline init', () => {
  beforeEach(() => writeFile(path.join(cwd, 'app.log'), log));

  it('proposes a mapping, writes only on demand, and the written mapping counts', async () => {
    const shown = await runFaultline(['init', 'app.log'], { cwd });
    expect(shown.stdout).toMatch(/would count: requests: 40 \(30 ok, 10 quota_exceeded\), of records: 40/);
    expect(shown.stderr).toContain('nothing is written: --yes writes this to faultline.yaml');
    await expect(readFile(path.join(cwd, 'faultline.yaml'))).rejects.toThrow(/ENOENT/);
    const written = await runFaultline(['init', 'app.log', '--yes', '--set', 'client=$.kunde'], { cwd });
    expect([written.code, written.stderr]).toEqual([
      0,
      'faultline.yaml is written; next: faultline replay app.log\n',
    ]);
    expect(await readFile(path.join(cwd, 'faultline.yaml'), 'utf8')).toContain('client: $.kunde');
    const tried = await runFaultline(['try', 'app.log'], { cwd });
    expect(tried.code).toBe(0);
    expect(tried.stdout).toMatch(/^30 ok, 10 quota_exceeded$/m);
    expect(tried.stdout).not.toContain(key);
  });

  it('leaves an existing file alone, and with --force keeps its other settings', async () => {
    const file = path.join(cwd, 'faultline.yaml');
    await writeFile(file, '# ours\nbatch:\n  rows: 1000\nformat: native\n');
    const refused = await runFaultline(['init', 'app.log', '--yes'], { cwd });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/^faultline: faultline\.yaml exists and is not changed: --force .*\n$/);
    expect((await runFaultline(['init', 'app.log', '--yes', '--force'], { cwd })).code).toBe(0);
    const text = await readFile(file, 'utf8');
    expect(text).toMatch(/^# ours\nbatch:\n {2}rows: 1000\nformat: mapped\nmapping:\n/);
  });

  it('recognises a log that needs no mapping', async () => {
    const { code, stdout } = await runFaultline(['init', '-'], {
      cwd,
      input: '{"ts":1780315200,"status":429}\n',
    });
    expect(code).toBe(0);
    expect(stdout).toContain('standard input: 1 record recognised as native');
    expect(stdout).toContain('format: auto');
  });

  it.each([
    [
      'of a preset',
      '{"level":30,"time":1780315200000,"msg":"done","model":"m","statusCode":200,"team":"web"}\n',
      'format: app-loggers\nmapping:\n  client: $.team\n',
    ],
    [
      'of a preset in an envelope',
      `${JSON.stringify({ log: '{"level":30,"time":1780315200000,"msg":"done","model":"m","statusCode":200,"team":"web"}\n', stream: 'stdout', time: '2026-06-01T12:00:00Z' })}\n`,
      'format: auto\nmapping:\n  preset: app-loggers\n  client: $.team\n',
    ],
    [
      "of faultline's own format",
      '{"ts":1780315200,"status":200,"team":"web"}\n',
      'format: mapped\nmapping:\n  ts: $.ts\n  status: $.status\n  client: $.team\n',
    ],
  ])('--set adds a field to records %s, which go on to be counted', async (_fact, input, settings) => {
    const how = ['init', '-', '--set', 'client=$.team', '--yes'];
    const { code, stdout } = await runFaultline(how, { cwd, input });
    expect([code, stdout]).toEqual([0, expect.stringContaining('would count: requests: 1 (1 ok)')]);
    expect(await readFile(path.join(cwd, 'faultline.yaml'), 'utf8')).toContain(settings);
    const tried = await runFaultline(['try', '-'], { cwd, input });
    expect([tried.code, tried.stdout]).toEqual([0, expect.stringMatching(/^ {2}client +web +← /m)]);
  });

  it('a field of a format that is a program cannot be set, and the message is one line', async () => {
    const sample = path.join(import.meta.dirname, 'samples/litellm.success.input.json');
    const { code, stderr } = await runFaultline(['init', sample, '--set', 'client=$.team'], { cwd });
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^faultline: client cannot be .*litellm.*\n$/)]);
  });

  it.each([
    ['text', 'some text\nmore text\n', /its records are text: write the log as JSON/],
    ['JSON without a time', '{"a":1}\n{"a":2}\n', /cannot be read this way: mapping\.ts: missing/],
  ])('explains why nothing can be counted in %s', async (_fact, input, message) => {
    const { code, stdout } = await runFaultline(['init', '-'], { cwd, input });
    expect(code).toBe(1);
    expect(stdout).toMatch(message);
    const written = await runFaultline(['init', '-', '--yes', '--out', 'x.yaml'], { cwd, input });
    expect(written.code).toBe(1);
  });

  it('says when no request would be a success', async () => {
    const lines = [1, 2, 3].map((i) =>
      JSON.stringify({ zeit: `2026-06-01T12:00:0${i}Z`, code: 200 + i, reason: 'all is well' }),
    );
    const how = ['init', '-', '--set', 'outcome=$.reason', '--set', 'status=$.nothing'];
    const { stdout } = await runFaultline(how, { cwd, input: `${lines.join('\n')}\n` });
    expect(stdout).toMatch(/no request is a success: if the log has successes/);
  });

  it('a --set without a value is refused in one line', async () => {
    const { code, stderr } = await runFaultline(['init', 'app.log', '--set', 'client'], { cwd });
    expect(code).toBe(2);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
