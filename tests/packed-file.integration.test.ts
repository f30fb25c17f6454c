import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Proof } from '../ingest/reconcile-report.ts';
import { newestAnnouncement } from './fixtures/newest-announcement.ts';
import { type Finished, jsonOf, runFaultline, startFaultline } from './fixtures/run-faultline.ts';
import { until } from './fixtures/until.ts';

let folder: string;
let data: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'faultline-packed-'));
  data = path.join(folder, 'data');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Requests of the last hour; every tenth is a failure. */
const requests = (count: number, from = 0): object[] =>
  Array.from({ length: count }, (_, i) => {
    const n = from + i;
    const error = n % 10 === 0 ? `boom ${n}` : undefined;
    return {
      ts: Date.now() - 3_600_000 + n,
      status: error === undefined ? 200 : 500,
      request_id: `r${n}`,
      error,
    };
  });
const asLines = (all: readonly object[]): string => all.map((one) => `${JSON.stringify(one)}\n`).join('');

const args = (file: string, ...more: string[]): string[] => [
  'start',
  '--source',
  file,
  '--no-open-console',
  '--exit',
  '--data',
  data,
  ...more,
];
const importFile = (file: string): Promise<Finished> => runFaultline(args(file));

/** Checks that `reconcile` finds no difference and that `counted` requests are counted. */
async function expectExact(counted: number): Promise<void> {
  const { code, stdout, stderr } = await runFaultline(['reconcile', '--json', '--data', data]);
  expect([code, stderr]).toEqual([0, '']);
  const proof = JSON.parse(stdout) as Proof;
  expect(proof.differences).toEqual([]);
  expect(proof.partitions.reduce((sum, one) => sum + one.counted, 0)).toBe(counted);
}

describe('a file whose records are not its lines', () => {
  it.each([
    ['gz', (all: readonly object[]) => gzipSync(asLines(all)), 'line'],
    ['zst', (all: readonly object[]) => zstdCompressSync(asLines(all)), 'line'],
    ['json', (all: readonly object[]) => Buffer.from(JSON.stringify(all, null, 2)), 'document'],
  ])('%s: is counted once, and continues where it ended when it grows', async (ending, pack, unit) => {
    const file = path.join(folder, `export.${ending}`);
    const all = requests(3_000);
    await writeFile(file, pack(all.slice(0, 2_000)));
    expect((await importFile(file)).stderr).toContain(`read 2,000 ${unit}s: 2,000 requests counted`);
    const again = await importFile(file);
    expect(again.stderr).toContain(`read 0 ${unit}s: 0 requests counted`);
    expect(again.stderr).toContain(`export.${ending} was counted up to ${unit} 2000`);
    await writeFile(file, pack(all));
    expect((await importFile(file)).stderr).toContain(`read 1,000 ${unit}s: 1,000 requests counted`);
    await expectExact(3_000);
  });

  it('is cut off: its records are counted, and the rest when it comes', async () => {
    const file = path.join(folder, 'app.log.gz');
    const packed = gzipSync(asLines(requests(20_000)));
    await writeFile(file, packed);
    await truncate(file, packed.length >> 1);
    const cut = await importFile(file);
    expect(cut.stderr).toMatch(
      /app\.log\.gz is cut off: everything before that is counted, except for the line/,
    );
    expect(cut.code).toBe(1);
    await writeFile(file, packed);
    const whole = await importFile(file);
    expect(whole.code).toBe(0);
    expect(whole.stderr).toMatch(/app\.log\.gz was counted up to line [1-9]/);
    await truncate(file, packed.length >> 1);
    const less = await importFile(file);
    expect(less.stderr).toMatch(/app\.log\.gz is cut off/);
    expect(less.stderr).not.toContain('written anew');
    await expectExact(20_000);
  });

  it('is rewritten with other records: they are counted, and a message says so', async () => {
    const file = path.join(folder, 'export.gz');
    const head = requests(1);
    await writeFile(file, gzipSync(asLines([...head, ...requests(9, 1)])));
    await importFile(file);
    await writeFile(file, gzipSync(asLines([...head, ...requests(4, 100)])));
    const anew = await importFile(file);
    expect(anew.stderr).toMatch(/export\.gz was truncated or replaced: line 10 is no longer the one/);
    expect(anew.stderr).toContain('read 5 lines: 5 requests counted');
    await expectExact(15);
  });

  it('is counted exactly although its import is killed at any moment', async () => {
    const file = path.join(folder, 'app.log.gz');
    const announced = path.join(data, 'imports');
    await writeFile(file, gzipSync(asLines(requests(60_000))));
    for (let kill = 0; kill < 3; kill++) {
      const running = startFaultline(args(file), { env: { FAULTLINE_BATCH_ROWS: '2000' } });
      const before = await newestAnnouncement(announced);
      // Waits for the announcement of a batch, which comes just before the batch is stored.
      await until(
        'a batch is announced',
        async () => (await newestAnnouncement(announced)) > before || running.child.exitCode !== null,
      );
      running.child.kill('SIGKILL');
      await running.finished;
    }
    const last = await importFile(file);
    expect(last.code, last.stderr).toBe(0);
    await expectExact(60_000);
    expect(await readdir(announced)).toEqual([]);
  });

  it('is not followed, and the message says what to do', async () => {
    const file = path.join(folder, 'app.log.gz');
    await writeFile(file, gzipSync('{}\n'));
    const { code, stderr } = await runFaultline(['start', '--source', file, '--follow', '--data', data]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/app\.log\.gz does not hold its records as lines of text: leave --follow out/);
  });
});

describe('replay', () => {
  it('reads a compressed list from a pipe in the same way as from a file', async () => {
    const file = path.join(folder, 'export.json.gz');
    await writeFile(file, gzipSync(JSON.stringify(requests(500), null, 2)));
    const fromFile = await runFaultline(['replay', '--json', file]);
    const fromPipe = await runFaultline(['replay', '--json', '-'], { input: await readFile(file) });
    const piped = jsonOf(fromPipe) as { counts: unknown };
    expect(piped).toMatchObject({ counts: { ok: 450 } });
    expect(piped.counts).toEqual((jsonOf(fromFile) as { counts: unknown }).counts);
  });

  it('reads CSV by a mapping of its columns', async () => {
    const file = path.join(folder, 'export.csv');
    await writeFile(file, 'Time,HTTP Status,Model\n2026-06-01T10:00:00Z,200,m\n2026-06-01T10:00:01Z,503,m\n');
    const config = path.join(folder, 'faultline.yaml');
    await writeFile(
      config,
      `format: mapped\nmapping:\n  ts: '$.Time'\n  status: '$["HTTP Status"]'\n  model: '$.Model'\n`,
    );
    const { code, stdout, stderr } = await runFaultline(['replay', '--config', config, file]);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^ok +1$/m);
    expect(stderr).toContain('read 2 rows: 2 requests counted');
  });

  it('says which kind of file it is when a file is not a log', async () => {
    const file = path.join(folder, 'export.parquet');
    await writeFile(file, 'PAR1....');
    const { code, stdout, stderr } = await runFaultline(['replay', file]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^faultline: .*export\.parquet is a Parquet file: write it as JSON.*\n$/);
  });
});
