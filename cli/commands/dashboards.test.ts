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
  test('what build wrote, check accepts', async () => {
    expect(await dashboardsCommand('build', { out: folder }, io)).toBe(0);
    expect(lines.out).toHaveLength(buildFiles().length);
    expect(await dashboardsCommand('check', { out: folder }, io)).toBe(0);
    expect(lines.err).toEqual([]);
  });

  test('the committed files are as the code builds them', async () => {
    expect(await dashboardsCommand('check', {}, io)).toBe(0);
  });

  test('check names the file that was changed by hand, and its exit code is 1', async () => {
    await dashboardsCommand('build', { out: folder }, io);
    await writeFile(overview(), (await readFile(overview(), 'utf8')).replace('Overview', 'My overview'));
    expect(await dashboardsCommand('check', { out: folder }, io)).toBe(1);
    expect(lines.err).toEqual([
      `${overview()} differs from what the code builds; run faultline dashboards build`,
    ]);
  });

  test('check of a folder that is not there names every missing file', async () => {
    expect(await dashboardsCommand('check', { out: path.join(folder, 'nowhere') }, io)).toBe(1);
    expect(lines.err).toHaveLength(buildFiles().length);
    expect(lines.err[0]).toMatch(/nowhere\/dashboards\/faultline-overview\.json is missing/);
  });

  test('build takes away a dashboard of ours that is no more, and nothing else', async () => {
    await dashboardsCommand('build', { out: folder }, io);
    await writeFile(path.join(folder, 'dashboards', 'faultline-old.json'), '{}');
    await writeFile(path.join(folder, 'dashboards', 'theirs.json'), '{}');
    await dashboardsCommand('build', { out: folder }, io);
    expect((await readdir(path.join(folder, 'dashboards'))).toSorted()).toEqual([
      ...dashboards.map(({ uid }) => `${uid}.json`).toSorted(),
      'theirs.json',
    ]);
  });

  test('push without an address says which setting is missing', async () => {
    await expect(dashboardsCommand('push', { url: '', token: 'x' }, io)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('grafana.url is empty'),
    });
  });
});
