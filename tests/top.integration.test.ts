import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { runFaultline } from './fixtures/run-faultline.ts';

test('top reads a file and prints one view when there is no terminal', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'faultline-top-'));
  try {
    const file = path.join(folder, 'log.ndjson');
    const line = (second: number): string =>
      JSON.stringify({
        ts: new Date(Date.parse('2026-03-01T12:00:00Z') + second * 1_000).toISOString(),
        provider: 'openai',
        model: 'gpt-4.1',
        status: second % 4 === 0 ? 503 : 200,
        ...(second % 4 === 0 ? { error: 'Slow Down' } : {}),
      });
    await writeFile(file, `${Array.from({ length: 600 }, (_, second) => line(second)).join('\n')}\n`);
    const { code, stdout } = await runFaultline(['top', file, '--data', path.join(folder, 'data')]);
    expect(code).toBe(0);
    expect(stdout).toContain(`UTC  ${file}`);
    expect(stdout).toMatch(/Slow Down +\d+ +150/);
    const again = await runFaultline(['top', '--data', path.join(folder, 'data'), '--by', 'model']);
    expect(again.stdout).toMatch(/gpt-4\.1 +\d+ +150/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('top reports that no console answers at an address', async () => {
  const { code, stderr } = await runFaultline(['top', '--url', 'http://127.0.0.1:1']);
  expect(code).toBe(1);
  expect(stderr).toBe('faultline: http://127.0.0.1:1 does not answer: is faultline start running there?\n');
});
