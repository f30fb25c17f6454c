import { appendFile, copyFile, mkdtemp, readdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Proof } from '../ingest/reconcile-report.ts';
import { type Finished, type Running, runFaultline, startFaultline } from './fixtures/run-faultline.ts';
import { newestAnnouncement } from './fixtures/newest-announcement.ts';
import { until } from './fixtures/until.ts';

let folder: string;
let file: string;
let data: string;
let written = 0;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'faultline-growing-'));
  file = path.join(folder, 'app.log');
  data = path.join(folder, 'data');
  written = 0;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** New lines; every tenth is a failure. */
const lines = (count: number): string => {
  let text = '';
  for (let i = 0; i < count; i++) {
    const n = written++;
    const error = n % 10 === 0 ? `boom ${n}` : undefined;
    text += `${JSON.stringify({ ts: Date.now(), status: error === undefined ? 200 : 500, request_id: `r${n}`, error })}\n`;
  }
  return text;
};
const args = (...more: string[]) => ['start', '--source', file, '--no-open-console', '--data', data, ...more];
const importFile = (): Promise<Finished> => runFaultline(args('--exit'));
const follow = (): Running =>
  startFaultline(args('--follow'), {
    env: { FAULTLINE_BATCH_AGE_MS: '200', FAULTLINE_BATCH_QUIET_AGE_MS: '200' },
  });

/** Checks that `reconcile` finds no difference and that `counted` requests are counted. */
async function expectExact(counted: number): Promise<void> {
  const { code, stdout, stderr } = await runFaultline(['reconcile', '--json', '--data', data]);
  expect([code, stderr]).toEqual([0, '']);
  const proof = JSON.parse(stdout) as Proof;
  expect(proof.differences).toEqual([]);
  expect(proof.partitions.reduce((sum, one) => sum + one.counted, 0)).toBe(counted);
  expect(proof.partitions.reduce((sum, one) => sum + one.dead, 0)).toBe(0);
}

async function stop(running: Running, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<Finished> {
  running.child.kill(signal);
  return running.finished;
}

describe('a file that is imported again', () => {
  it('continues where it ended, and a half-written last line waits for its end', async () => {
    await writeFile(file, `${lines(3)}{"ts":${Date.now()},"stat`);
    const first = await importFile();
    expect(first.stderr).toContain('read 3 lines: 3 requests counted, 0 skipped, 0 dead');
    expect(first.stderr).toMatch(/app\.log ends in a line that is not finished \(\d+ bytes\)/);
    await appendFile(file, `us":200}\n${lines(10_000)}`);
    const second = await importFile();
    expect(second.stderr).toContain('read 10,001 lines: 10,001 requests counted');
    expect(second.stderr).toContain('app.log was counted up to line 3');
    expect((await importFile()).stderr).toContain('read 0 lines: 0 requests counted');
    await expectExact(10_004);
  });

  it('counts a complete last line without a line feed, and recognises it when the line feed comes', async () => {
    await writeFile(file, lines(4).trimEnd());
    expect((await importFile()).stderr).toContain('read 4 lines: 4 requests counted');
    await appendFile(file, `  \r\n${lines(2)}`);
    expect((await importFile()).stderr).toContain('read 2 lines: 2 requests counted');
    await expectExact(6);
  });

  it('is recognised as another file when it was truncated or rewritten, and a message says so', async () => {
    // The same failure at the same place of three files is counted three times.
    const head = `${JSON.stringify({ ts: Date.now(), status: 500, request_id: 'head', error: 'boom' })}\n`;
    await writeFile(file, head + lines(9));
    await importFile();
    await writeFile(file, head + lines(4));
    const cut = await importFile();
    expect(cut.stderr).toMatch(
      /app\.log was truncated or replaced: line 10 is no longer the one that was counted/,
    );
    expect(cut.stderr).toContain('read 5 lines: 5 requests counted');
    await writeFile(file, head + lines(6));
    expect((await importFile()).stderr).toContain('read 7 lines: 7 requests counted');
    expect(cut.stderr).not.toContain('topic');
    await expectExact(22);
  });

  it('was rotated in between: lines added before the rotation are read first', async () => {
    await writeFile(file, lines(5));
    await importFile();
    await appendFile(file, lines(3));
    await rename(file, `${file}.1`);
    await writeFile(file, lines(2));
    await writeFile(path.join(folder, 'app.log.bak'), lines(50));
    const again = await importFile();
    expect(again.stderr).toMatch(
      /app\.log was rotated: 3 lines that had not been read were in .*app\.log\.1/,
    );
    expect(again.stderr).toContain('read 5 lines: 5 requests counted');
    await expectExact(10);
  });

  it('is counted exactly although it grows while imports are killed at any moment', async () => {
    const announced = path.join(data, 'imports');
    await writeFile(file, lines(30_000));
    for (let kill = 0; kill < 3; kill++) {
      const running = startFaultline(args('--exit'), { env: { FAULTLINE_BATCH_ROWS: '2000' } });
      const before = await newestAnnouncement(announced);
      // Waits for the announcement of a batch, which comes just before the batch is stored.
      await until(
        'a batch is announced',
        async () => (await newestAnnouncement(announced)) > before || running.child.exitCode !== null,
      );
      await stop(running, 'SIGKILL');
      await appendFile(file, lines(1_500));
      await appendFile(file, '{"ts":');
      await appendFile(file, `${Date.now()},"status":200}\n`);
    }
    const last = await importFile();
    expect(last.code, last.stderr).toBe(0);
    await expectExact(34_503);
    expect(await readdir(announced)).toEqual([]);
  });
});

describe('a file that is followed', () => {
  /** Resolves when the program says that it has counted this many records. */
  const counted = (running: Running, count: number): Promise<unknown> =>
    until(
      `${count} records`,
      () => {
        if (running.child.exitCode !== null) throw new Error(running.stderr());
        return running.stderr().includes(` ${count.toLocaleString('en')} records,`);
      },
      120_000,
    );

  it('can appear later, and the end of its last line is waited for', async () => {
    const running = follow();
    await until('it waits', () => running.stderr().includes('app.log has no first line yet: waiting for it'));
    await writeFile(file, lines(10).slice(0, -5));
    await counted(running, 9);
    await rm(file);
    await writeFile(file, '');
    const done = await stop(running);
    expect(done.stderr).toContain('read 9 lines: 9 requests counted');
    await expectExact(9);
  });

  it('continues in the new file after a rotation, and counts late lines of the old file', async () => {
    await writeFile(file, lines(10));
    const running = follow();
    await counted(running, 10);
    await appendFile(file, lines(5));
    await rename(file, `${file}.1`);
    await writeFile(file, lines(7));
    await until('it says so', () => running.stderr().includes('app.log was rotated'));
    await appendFile(`${file}.1`, lines(2));
    await counted(running, 24);
    await stop(running);
    await expectExact(24);
  });

  it('is read from its copy after a truncation, then from its first line', async () => {
    await writeFile(file, lines(10));
    const running = follow();
    await counted(running, 10);
    await appendFile(file, lines(20));
    await copyFile(file, `${file}.1`);
    await truncate(file);
    await appendFile(file, lines(3));
    await counted(running, 33);
    const done = await stop(running);
    expect(done.stderr).toContain('app.log was truncated or replaced: it is read from its first line');
    await expectExact(33);
  });

  it('is read on after a kill and two rotations', async () => {
    await writeFile(file, lines(10));
    const running = follow();
    await counted(running, 10);
    await stop(running, 'SIGKILL');
    await appendFile(file, lines(4));
    await rename(file, `${file}.1`);
    await writeFile(file, lines(6));
    await rename(`${file}.1`, `${file}.2`);
    await rename(file, `${file}.1`);
    await writeFile(file, lines(1));
    const again = follow();
    await counted(again, 11);
    await stop(again);
    await expectExact(21);
  });

  it.each([
    ['--exit', ['--source', 'app.log', '--follow', '--exit'], /--exit stops at the end of the source/],
    ['the demo', ['--follow'], /--follow only goes with a file/],
    ['standard input', ['--source', '-', '--follow'], /--follow only goes with a file/],
  ])('cannot be combined with %s, and the message is one line', async (_fact, more, message) => {
    const { code, stderr } = await runFaultline(['start', ...more]);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
