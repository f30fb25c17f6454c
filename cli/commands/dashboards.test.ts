import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { buildFiles } from '../../dashboards/grafana/build.ts';
import { dashboards } from '../../dashboards/panels/list.ts';
import { dashboardsCommand } from './dashboards.ts';

let folder: string;
let lines: { out: string[]; err: string[] };
const io = {
  out: (line: string) => void lines.out.push(line),
  err: (line: string) => void lines.err.push(line),
};

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'faultline-dashboards-'));
  lines = { out: [], err: [] };
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const overview = () => path.join(folder, 'dashboards', 'faultline-overview.json');

describe('faultline dashboards', () => {
  test('check accepts the files that build wrote', async () => {
    expect(await dashboardsCommand('build', { out: folder }, io)).toBe(0);
    expect(lines.out).toHaveLength(buildFiles().length);
    expect(await dashboardsCommand('check', { out: folder }, io)).toBe(0);
    expect(lines.err).toEqual([]);
  });

  test('the committed files equal those that the code builds', async () => {
    expect(await dashboardsCommand('check', {}, io)).toBe(0);
  });

  test('check names a file that was changed by hand, and has exit code 1', async () => {
    await dashboardsCommand('build', { out: folder }, io);
    await writeFile(overview(), (await readFile(overview(), 'utf8')).replace('Overview', 'My overview'));
    expect(await dashboardsCommand('check', { out: folder }, io)).toBe(1);
    expect(lines.err).toEqual([
      `${overview()} differs from what the code builds; run faultline dashboards build`,
    ]);
  });

  test('check says with which --docs-url the files were built', async () => {
    const docsUrl = 'https://docs.example.org/faultline';
    await dashboardsCommand('build', { out: folder, docsUrl }, io);
    expect(await dashboardsCommand('check', { out: folder }, io)).toBe(1);
    expect(lines.err).toEqual([
      `${folder} was built for runbooks at ${docsUrl}; run faultline dashboards check --docs-url ${docsUrl}`,
    ]);
    expect(await dashboardsCommand('check', { out: folder, docsUrl }, io)).toBe(0);
  });

  test('check of a missing folder names every missing file', async () => {
    expect(await dashboardsCommand('check', { out: path.join(folder, 'nowhere') }, io)).toBe(1);
    expect(lines.err).toHaveLength(buildFiles().length);
    expect(lines.err[0]).toMatch(/nowhere\/dashboards\/faultline-overview\.json is missing/);
  });

  test('build fails, and does not run for ever, where no folder can be made', async () => {
    await expect(dashboardsCommand('build', { out: '/proc/none' }, io)).rejects.toThrow();
  });

  test('build removes a generated dashboard that no longer exists, and nothing else', async () => {
    await dashboardsCommand('build', { out: folder }, io);
    await writeFile(path.join(folder, 'dashboards', 'faultline-old.json'), '{}');
    await writeFile(path.join(folder, 'dashboards', 'theirs.json'), '{}');
    await dashboardsCommand('build', { out: folder }, io);
    expect((await readdir(path.join(folder, 'dashboards'))).toSorted()).toEqual([
      ...dashboards.map(({ uid }) => `${uid}.json`).toSorted(),
      'theirs.json',
    ]);
  });

  test('push without an address names the missing setting', async () => {
    await expect(dashboardsCommand('push', { url: '', token: 'x' }, io)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('grafana.url is empty'),
    });
  });
});
