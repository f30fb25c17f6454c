import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Finished,
  jsonOf,
  runFaultline,
  startFaultline,
  withoutProgress,
} from './fixtures/run-faultline.ts';

const FROM = Date.UTC(2026, 2, 1);
const linesOf = (count: number, pad = ''): string =>
  Array.from({ length: count }, (_item, i) =>
    JSON.stringify({ ts: FROM + i, status: 200, request_id: `r${i}`, pad }),
  )
    .map((line) => `${line}\n`)
    .join('');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'faultline-stdin-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const inputOf = (done: Finished) => (jsonOf(done) as { input: unknown }).input;

describe('standard input', () => {
  // The inputs are smaller than a pipe holds (64 KiB), about as large, and larger. The writer of a small input has
  // ended long before the store is open.
  it.each([1, 10, 400, 600, 1_300, 50_000])('of %d lines is counted whole', async (count) => {
    const done = await runFaultline(['replay', '-', '--json'], { input: linesOf(count), cwd: folder });
    expect(done.code, done.stderr).toBe(0);
    expect(inputOf(done)).toEqual({
      read: count,
      requests: count,
      skipped: {},
      dropped: {},
      folded: {},
      dead: [],
      answers_429: { answers: 0, bare: 0 },
      answers_503: { answers: 0, bare: 0 },
    });
  });

  it('is counted by start, and the data stay', async () => {
    const data = path.join(folder, 'data');
    const args = ['start', '--source', '-', '--exit', '--no-open-console', '--data', data];
    const done = await runFaultline(args, { input: linesOf(400) });
    expect(done.code, done.stderr).toBe(0);
    expect(done.stderr).toContain('read 400 lines: 400 requests counted, 0 skipped, 0 dead');
    const proof = await runFaultline(['reconcile', '--json', '--data', data]);
    expect(jsonOf(proof)).toMatchObject({ partitions: [{ counted: 400 }], differences: [] });
  });

  it('is read at the pace of a slow writer, and its last line needs no line feed', async () => {
    const running = startFaultline(['replay', '-', '--json'], { cwd: folder });
    const text = linesOf(20).trimEnd();
    for (let at = 0; at < text.length; at += 200) {
      running.child.stdin.write(text.slice(at, at + 200));
      await sleep(150);
    }
    running.child.stdin.end();
    expect(inputOf(await running.finished)).toMatchObject({ read: 20, requests: 20 });
  });

  it.runIf(existsSync('/proc/self/status'))(
    'holds the writer up instead of filling the memory',
    {
      timeout: 300_000,
    },
    async () => {
      const running = startFaultline(['replay', '-', '--json'], { cwd: folder });
      const { stdin, pid = 0 } = running.child;
      // Reads 20 MB sixty times: memory that is never freed would soon exceed the limit.
      const block = linesOf(10_000, 'x'.repeat(1_950));
      const blocks = 60;
      for (let i = 0; i < blocks; i++) if (!stdin.write(block)) await once(stdin, 'drain');
      const peak = Number(/VmHWM:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
      stdin.end();
      expect(inputOf(await running.finished)).toMatchObject({
        read: blocks * 10_000,
        requests: blocks * 10_000,
      });
      expect(peak).toBeGreaterThan(100);
      expect(peak).toBeLessThan(900);
    },
  );

  it('can be a pipe of the shell', async () => {
    const file = path.join(folder, 'seven.ndjson');
    await writeFile(file, linesOf(7));
    const within = ['bash', '-c', 'exec "$1" replay --json <(cat "$0") /dev/stdin', file] as const;
    const running = startFaultline([], { within, cwd: folder });
    running.child.stdin.end(linesOf(5));
    expect(inputOf(await running.finished)).toMatchObject({ read: 12, requests: 12 });
  });

  it.each([
    ['SIGTERM does not wait for the next line', [], 0],
    ['with --exit, whose caller wants all of it, SIGTERM is no success', ['--exit'], 130],
  ] as const)('does not delay the end: %s', async (_fact, more, code) => {
    const data = path.join(folder, `stopped${code}`);
    const args = ['start', '--source', '-', '--no-open-console', '--data', data, ...more];
    const running = startFaultline(args);
    running.child.stdin.write(linesOf(10));
    while (!running.stderr().includes('records')) await sleep(50);
    running.child.kill('SIGTERM');
    const done = await running.finished;
    expect(done.code, done.stderr).toBe(code);
    expect(done.stderr).toContain('stopped');
  });
});

describe('an input without requests', () => {
  it.each([
    [
      'plain text',
      'a log line\n'.repeat(400),
      /^standard input: 400 lines, none is a request; a record has to be a JSON object.*\n  400 not_json, first: line 1: .*'a log line'\n  write the log as JSON, .*\n$/,
    ],
    ['nothing', '', /^standard input is empty.*\n$/],
  ])('%s: exit code 1, and a message that names it', async (_fact, input, message) => {
    const done = await runFaultline(['replay', '-'], { input, cwd: folder });
    expect(done.code).toBe(1);
    expect(done.stdout).toBe('');
    expect(withoutProgress(done.stderr)).toMatch(message);
  });
});
