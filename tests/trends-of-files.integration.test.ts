import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonOf, runFaultline } from './fixtures/run-faultline.ts';

/** Years ago, so that no table would still have it. */
const FROM = Date.UTC(2019, 4, 6, 7, 8, 9);
const lines = Array.from({ length: 100 }, (_item, i) =>
  JSON.stringify({
    ts: FROM + i * 5_000,
    status: i % 4 === 0 ? 429 : 200,
    model: i < 50 ? 'a' : 'b',
    ...(i % 4 === 0 ? { error: 'You exceeded your current quota' } : {}),
  }),
).join('\n');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'faultline-trends-'));
  await writeFile(path.join(folder, 'app.log'), lines);
  await writeFile(path.join(folder, 'text.log'), 'a log line\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const trends = (...args: string[]) => runFaultline(['trends', ...args], { cwd: folder });

describe('faultline trends FILE', () => {
  it('shows the whole file, whatever its age', async () => {
    const { code, stdout, stderr } = await trends('app.log', '--by', 'model', '--format', 'json');
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([
      { group: { model: 'a' }, requests: 50, errors: 13 },
      { group: { model: 'b' }, requests: 50, errors: 12 },
    ]);
    expect(stderr).toContain('read 100 lines: 100 requests counted');
  });

  it('shows the selected part', async () => {
    const until = new Date(FROM + 60_000).toISOString();
    const done = await trends('app.log', '--until', until, '--format', 'json');
    expect(jsonOf(done)).toMatchObject([{ group: { class: 'quota_exceeded' }, requests: 13, errors: 4 }]);
  });

  it('explains what to write if the file has no requests', async () => {
    const { code, stdout, stderr } = await trends('text.log');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/none is a request.*\n.*\n  write the log as JSON, one object per line/);
  });
});
