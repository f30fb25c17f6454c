import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runFaultline, withoutProgress } from './fixtures/run-faultline.ts';

const MINUTE = 60_000;
// Recent, so that the store still keeps it; a whole minute, so that the tables of different steps agree.
const start = Math.floor(Date.now() / MINUTE) * MINUTE - 180 * MINUTE;
const at = (minute: number) => new Date(start + minute * MINUTE).toISOString();

const clients = ['web', 'batch', 'mobile'];
const models = ['gpt-5', 'o4'];
const regions = ['eu', 'us'];

interface Traffic {
  minute: number;
  client: string;
  model: string;
  region: string;
  /** The class that the failures must get. */
  failure: 'rate_limit' | 'bad_request' | null;
}

/**
 * Two hours. One request in 24 is always refused as bad; from minute 80 to 90 most requests of batch on o4 are rate
 * limited.
 */
const traffic: Traffic[] = Array.from({ length: 120 }, (_, minute) =>
  clients.flatMap((client) =>
    models.flatMap((model) =>
      regions.flatMap((region) =>
        Array.from({ length: 6 }, (__, i): Traffic => {
          const limited = client === 'batch' && model === 'o4' && minute >= 80 && minute < 90 && i < 4;
          const bad = (minute * 7 + i * 5 + region.charCodeAt(0)) % 24 === 0;
          return {
            minute,
            client,
            model,
            region,
            failure: limited ? 'rate_limit' : bad ? 'bad_request' : null,
          };
        }),
      ),
    ),
  ),
).flat(3);

const answers = {
  rate_limit: { status: 429, error: 'Rate limit reached for requests' },
  bad_request: {
    status: 400,
    error: { type: 'invalid_request_error', message: 'Invalid value for temperature' },
  },
};

let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'faultline-explain-'));
  file = path.join(folder, 'log.ndjson');
  const lines = traffic.map(({ minute, failure, ...caller }, i) =>
    JSON.stringify({
      ts: new Date(start + minute * MINUTE + (i % 60) * 1_000).toISOString(),
      provider: 'openai',
      org: 'acme',
      endpoint: '/v1/responses',
      ...caller,
      ...(failure === null ? { status: 200 } : answers[failure]),
    }),
  );
  await writeFile(file, `${lines.join('\n')}\n`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const count = (fits: (one: Traffic) => boolean) => traffic.filter(fits).length;
const explainJson = async (...args: string[]) => {
  const { code, stdout, stderr } = await runFaultline(['explain', ...args, '--json'], { cwd: folder });
  expect(withoutProgress(stderr)).toMatch(/^(?:read [\d,]+ lines: [^\n]*\n)?$/);
  return { code, ...JSON.parse(stdout) };
};

describe('faultline explain', () => {
  it('compares with the hour before, as far as the file reaches back', async () => {
    const until = (minute: number) => explainJson(file, '--from', at(minute), '--to', at(90));
    expect((await until(80)).against).toEqual({ from: at(20), to: at(80) });
    expect((await until(40)).against).toEqual({ from: at(0), to: at(40) });
  });

  it('names the part of a file that fails more, in exact counts, and ends with 1', async () => {
    const found = await explainJson(
      file,
      '--from',
      at(80),
      '--to',
      at(90),
      '--against',
      `${at(20)}..${at(80)}`,
    );
    expect(found.code).toBe(1);
    expect(found.window).toEqual({ from: at(80), to: at(90) });
    expect(found.against).toEqual({ from: at(20), to: at(80) });
    const inside = (one: Traffic) => one.client === 'batch' && one.model === 'o4';
    const during = (one: Traffic) => one.minute >= 80 && one.minute < 90;
    const before = (one: Traffic) => one.minute >= 20 && one.minute < 80;
    const requests = count((one) => inside(one) && during(one));
    const failures = count((one) => inside(one) && during(one) && one.failure !== null);
    const usual = count((one) => inside(one) && before(one) && one.failure !== null);
    const expected = (requests * usual) / count((one) => inside(one) && before(one));
    expect(found.scopes[0]).toEqual({
      scope: { client: 'batch', model: 'o4' },
      requests,
      failures,
      expected: Number(expected.toFixed(2)),
      excess: Number((failures - expected).toFixed(2)),
      share: expect.any(Number),
    });
    expect(found.total).toMatchObject({
      requests: count(during),
      failures: count((one) => during(one) && one.failure !== null),
    });
  });

  it('finds the span of the failures by itself if none is given', async () => {
    const found = await explainJson(file);
    expect(Date.parse(found.window.from)).toBeLessThanOrEqual(start + 80 * MINUTE);
    expect(Date.parse(found.window.to)).toBeGreaterThanOrEqual(start + 90 * MINUTE);
    expect(found.scopes[0].scope).toEqual({ client: 'batch', model: 'o4' });
  });

  it('counts only failures of the named class, and only requests of the named part', async () => {
    const span = ['--from', at(80), '--to', at(90)];
    const limited = await explainJson(file, ...span, '--class', 'rate_limit', '--by', 'client');
    expect(limited.scopes[0]).toMatchObject({
      scope: { client: 'batch', class: 'rate_limit' },
      failures: 80,
      expected: 0,
    });
    expect(limited.total.failures).toBe(80);
    const others = await explainJson(file, ...span, '--where', 'client!=batch');
    expect(others).toMatchObject({ code: 0, scopes: [] });
    expect((await explainJson(file, ...span, '--class', 'bad_request')).code).toBe(0);
  });

  it('reads the store if no file is given, and shows a table', async () => {
    const data = path.join(folder, 'data');
    const args = ['start', '--source', file, '--data', data, '--exit', '--no-open-console'];
    const started = await runFaultline(args, { cwd: folder });
    expect(started.code, started.stderr).toBe(0);
    const span = ['--from', at(80), '--to', at(90), '--data', data];
    const stored = await explainJson(...span);
    const { code: _code, ...read } = await explainJson(file, '--from', at(80), '--to', at(90));
    expect(stored).toEqual({ code: 1, ...read });
    const table = await runFaultline(['explain', ...span], { cwd: folder });
    expect(table.stdout).toMatch(/\nclient batch, model o4 +120 +\d+ .* % {2}█+/);
    // The last 15 minutes are as usual.
    const calm = await runFaultline(['explain', '--data', data], { cwd: folder });
    expect({ ...calm, stderr: calm.stderr.replace(/^read [\d,]+ lines: [^\n]*\n/, '') }).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(calm.stdout).toContain('no part of the traffic fails more than usual');
  });

  it.each([
    [
      ['--from', '2020-01-01', '--to', '2020-01-02'],
      'no request is counted in the span (2020-01-01 00:00 to',
    ],
    [
      ['--from', at(1), '--to', at(2), '--against', '2020-01-01..2020-01-02'],
      'too little earlier traffic to compare with: no request is counted from 2020-01-01 00:00 to',
    ],
    [['--against', 'yesterday'], '--against is "yesterday": must be two times such as'],
    [['--from', at(5), '--to', at(4)], 'is not before --to'],
    [['--from', at(5), '--to', at(9), '--against', `${at(1)}..${at(6)}`], '--against overlaps'],
    [['--class', 'ok'], '--class is "ok"; use one of'],
    [['--by', 'class'], '"class" does not say where a request went'],
    [['--where', 'status=429'], 'a filter by status would leave out'],
  ])('refuses %j in one line and ends with 2', async (args, message) => {
    const { code, stdout, stderr } = await runFaultline(['explain', file, ...args], { cwd: folder });
    expect(stderr).toContain(message);
    expect(withoutProgress(stderr).trim().split('\n')).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});
