import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

// A process starts in a fraction of a second, but the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

const main = fileURLToPath(new URL('../cli/main.ts', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'faultline-cli-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the real program in an empty folder; `takeLine` closes its output after one line, as `| head -1` does. */
function faultline(
  args: readonly string[],
  env: Record<string, string> = {},
  takeLine = false,
): Promise<Outcome> {
  const kept = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('FAULTLINE_')),
  );
  const child = spawn(process.execPath, ['--no-warnings', main, ...args], {
    cwd: folder,
    env: { ...kept, ...env },
  });
  child.stdin.end();
  const outcome: Outcome = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (data: Buffer) => {
    outcome.stdout += data.toString();
    if (takeLine && outcome.stdout.includes('\n')) child.stdout.destroy();
  });
  child.stderr.on('data', (data: Buffer) => {
    outcome.stderr += data.toString();
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ ...outcome, code }));
  });
}

describe('wrong use is one line on stderr, nothing on stdout, and exit code 2', () => {
  it.each<[string, string[], Record<string, string>, string]>([
    [
      'an unknown flag',
      ['trends', '--sinze', '24h'],
      {},
      "faultline: unknown option '--sinze'; did you mean --since?",
    ],
    [
      'a missing settings file',
      ['doctor', '--config', 'none.yaml'],
      {},
      'faultline: settings file none.yaml: does not exist',
    ],
    [
      'an environment variable that is no setting',
      ['doctor'],
      { FAULTLINE_KAFKA_BROKRES: 'x' },
      'faultline: environment variable FAULTLINE_KAFKA_BROKRES is not a setting',
    ],
    [
      'a time that cannot be read',
      ['trends', '--since', 'soon'],
      {},
      'faultline: --since is "soon": must be a duration back from now',
    ],
    [
      'an unknown dimension',
      ['trends', '--by', 'colour'],
      {},
      'faultline: "colour" is not a dimension; use one of provider, org',
    ],
    [
      'a wrong value in the flag of a setting',
      ['ingest', '--brokers', 'nowhere'],
      {},
      'faultline: --brokers: kafka.brokers is "nowhere": must be host:port',
    ],
  ])('%s', async (_name, args, env, message) => {
    const { code, stdout, stderr } = await faultline(args, env);
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});

describe('trouble outside the program is one line on stderr and exit code 1', () => {
  it.each<[string, string[], string]>([
    [
      'no data directory',
      ['trends'],
      'faultline: there is no data directory ./data: faultline start makes one',
    ],
    [
      'a server that does not answer',
      ['incidents', '--clickhouse-url', 'http://127.0.0.1:9'],
      'faultline: ClickHouse at http://127.0.0.1:9 does not answer',
    ],
  ])('%s', async (_name, args, message) => {
    const { code, stdout, stderr } = await faultline(args);
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });
});

describe('the program', () => {
  it('shows help with an example on stdout', async () => {
    const { code, stdout, stderr } = await faultline(['trends', '--help']);
    expect(stdout).toContain('Examples:\n  faultline trends --by class,model --since 24h');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('shows help on stderr without a command', async () => {
    const { code, stdout, stderr } = await faultline([]);
    expect(stderr).toContain('Usage: faultline');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('prints settings that it can read again', async () => {
    const { stdout } = await faultline(['settings'], { FAULTLINE_KAFKA_GROUP: 'other' });
    await writeFile(path.join(folder, 'printed.yaml'), stdout);
    const again = await faultline(['settings', '--config', 'printed.yaml']);
    expect(again.stdout).toContain('group: other # printed.yaml:');
    expect({ code: again.code, stderr: again.stderr }).toEqual({ code: 0, stderr: '' });
  });

  it.each<[string, Record<string, string>, string, number]>([
    ['was not configured', {}, 'skip', 0],
    ['was configured and does not answer', { FAULTLINE_KAFKA_BROKERS: '127.0.0.1:9' }, 'fail', 1],
  ])('handles a Kafka that %s', async (_name, env, result, code) => {
    const checked = await faultline(['doctor', '--json'], env);
    const checks = JSON.parse(checked.stdout) as { name: string; result: string; text: string }[];
    const kafka = checks.find(({ name }) => name === 'kafka');
    expect({ code: checked.code, result: kafka?.result }, kafka?.text).toEqual({ code, result });
    if (result === 'skip') expect(kafka?.text).toMatch(/^not configured/);
  });

  it('reads settings from a pipe of the shell, once', async () => {
    const script = '"$0" --no-warnings "$1" settings --config <(echo "kafka: {group: piped}")';
    const { stdout } = await promisify(execFile)('bash', ['-c', script, process.execPath, main]);
    expect(stdout).toContain('group: piped # /dev/fd/');
  });

  it('leads from incidents FILE to replay', async () => {
    await writeFile(path.join(folder, 'march.ndjson'), '');
    const { code, stderr } = await faultline(['incidents', 'march.ndjson']);
    expect([code, stderr]).toEqual([
      2,
      'faultline: march.ndjson is a file, not the ID of an incident: faultline replay march.ndjson shows the incidents in it\n',
    ]);
  });

  // /dev/full is a device of Linux that is always full.
  it.runIf(existsSync('/dev/full')).each([['settings'], ['trends --help'], ['simulate --seed 1']])(
    '%s: an answer that cannot be written is an error',
    async (line) => {
      const full = openSync('/dev/full', 'w');
      const child = spawn(process.execPath, ['--no-warnings', main, ...line.split(' ')], {
        cwd: folder,
        stdio: ['ignore', full, 'pipe'],
      });
      closeSync(full);
      let stderr = '';
      child.stderr?.on('data', (data: Buffer) => {
        stderr += data.toString();
      });
      expect(await once(child, 'close')).toEqual([1, null]);
      expect(stderr).toMatch(/^faultline: .*ENOSPC/);
    },
  );

  it('ends without an error when its reader goes away', async () => {
    const { code, stderr } = await faultline(['simulate', '--seed', '1'], {}, true);
    expect(code).toBe(0);
    expect(stderr).not.toMatch(/EPIPE|Error/);
  });
});
