import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { UserError } from '../cli/errors.ts';
import {
  planSimulation,
  type SimulatedMessage,
  type SimulateIo,
  simulateCommand,
} from '../cli/commands/simulate.ts';
import { nativeRecord } from '../domain/request-log.ts';

const NOW = Date.UTC(2026, 2, 4, 15, 30);

function memory(more: Partial<SimulateIo> = {}) {
  const chunks: string[] = [];
  const notes: string[] = [];
  const stdout = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  const io: SimulateIo = {
    stdout,
    now: () => NOW,
    signal: new AbortController().signal,
    err: (line) => notes.push(line),
    send: null,
    ...more,
  };
  return { io, notes, lines: () => chunks.join('').split('\n').slice(0, -1) };
}

it('writes the given number of lines, and their true counts on stderr', async () => {
  const { io, notes, lines } = memory();
  expect(await simulateCommand({ scenario: 'load', seed: 1, count: 2_500 }, io)).toBe(0);
  expect(lines()).toHaveLength(2_500);
  for (const line of lines()) nativeRecord.parse(JSON.parse(line));
  expect(notes.at(-1)).toMatch(/^simulate: load: 2500 records, \d+ of them failures, 0 incidents in them$/);
});

it('writes the truth beside the traffic: counts and incidents', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'faultline-truth-'));
  try {
    const { io, lines } = memory();
    const truth = join(directory, 'truth.json');
    await simulateCommand({ scenario: 'slow-down-surge', seed: 1, since: '2026-03-04T10:00:00Z', truth }, io);
    const told = JSON.parse(await readFile(truth, 'utf8'));
    expect(told.records).toBe(lines().length);
    expect(told.incidents).toMatchObject([
      {
        kind: 'slow_down_surge',
        started_at: '2026-03-04T10:25:40.000Z',
        ended_at: '2026-03-04T10:45:50.000Z',
      },
    ]);
    expect(told.counts.slow_down).toBeGreaterThan(100);
  } finally {
    await rm(directory, { recursive: true });
  }
});

it('sends messages with a key to Kafka and waits for each acknowledgement', async () => {
  const sent: SimulatedMessage[] = [];
  let open = 0;
  const { io } = memory({
    send: async (messages) => {
      open++;
      expect(open).toBe(1);
      await new Promise(setImmediate);
      sent.push(...messages);
      open--;
    },
  });
  await simulateCommand({ scenario: 'load', count: 3_456, to: 'kafka' }, io);
  expect(sent).toHaveLength(3_456);
  expect(new Set(sent.map(({ key }) => key)).size).toBe(3_456);
  expect(JSON.parse(sent[0]?.value ?? '')).toMatchObject({ request_id: sent[0]?.key });
});

it('waits for a slow reader instead of filling memory', async () => {
  const stdout = new PassThrough({ highWaterMark: 64 * 1024 });
  const { io } = memory({ stdout });
  let highest = 0;
  let lines = 0;
  stdout.on('readable', () => {
    highest = Math.max(highest, stdout.writableLength + stdout.readableLength);
    for (let chunk = stdout.read(); chunk !== null; chunk = stdout.read())
      lines += String(chunk).split('\n').length - 1;
  });
  await simulateCommand({ scenario: 'load', count: 30_000 }, io);
  stdout.end();
  await new Promise((resolve) => stdout.once('end', resolve));
  expect(lines).toBe(30_000);
  expect(highest).toBeLessThan(2_000_000);
});

it('ends without an error when the reader goes away', async () => {
  const stdout = new Writable({
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    },
  });
  const { io } = memory({ stdout });
  expect(await simulateCommand({ scenario: 'load', count: 1_000_000_000 }, io)).toBe(0);
});

it('throws when the disk behind standard output is full', async () => {
  const stdout = new Writable({
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error('no space left'), { code: 'ENOSPC' }));
    },
  });
  const { io } = memory({ stdout });
  await expect(simulateCommand({ scenario: 'load', count: 1_000_000_000 }, io)).rejects.toThrow(
    'no space left',
  );
});

it('live traffic has the present time and ends at the signal', async () => {
  const stop = new AbortController();
  const { io, lines } = memory({ now: () => Date.now(), signal: stop.signal });
  const begin = Date.now();
  const stdout = new Writable({
    decodeStrings: false,
    write(chunk: string, encoding, done) {
      io.stdout.write(chunk, encoding, done);
      if (lines().length > 50) stop.abort();
    },
  });
  await simulateCommand({ scenario: 'load', live: true, rate: 1_000 }, { ...io, stdout });
  const times = lines().map((line) => Date.parse(String(nativeRecord.parse(JSON.parse(line)).ts)));
  expect(times.length).toBeGreaterThan(50);
  expect(Math.min(...times)).toBeGreaterThanOrEqual(begin);
  expect(Math.max(...times)).toBeLessThanOrEqual(Date.now());
});

it.each([
  ['an unknown scenario', { scenario: 'calm-dya' }, /--scenario is "calm-dya".*calm-day/],
  ['an end before the start', { since: '1h', until: '2h' }, /--until is not after --since/],
  ['live and a start', { live: true, since: '1h' }, /--live and --since exclude each other/],
] as const)('refuses %s in one line', (_name, options, message) => {
  expect(() => planSimulation(options, NOW)).toThrow(UserError);
  expect(() => planSimulation(options, NOW)).toThrow(message);
});

it.each([
  ['an unknown sink', { to: 'kafak' }, /--to is "kafak"/],
  ['Kafka without settings', { to: 'kafka' }, /--to kafka: no Kafka/],
  [
    'a truth file that cannot be written',
    { scenario: 'load', count: 1, truth: '/nowhere/t.json' },
    /--truth .*ENOENT/,
  ],
] as const)('refuses %s in one line', async (_name, options, message) => {
  await expect(simulateCommand(options, memory().io)).rejects.toThrow(message);
});

it('a day scenario plays yesterday, others the time up to now', () => {
  expect(planSimulation({}, NOW)).toMatchObject({
    from: Date.UTC(2026, 2, 3),
    to: Date.UTC(2026, 2, 4),
    speed: null,
  });
  expect(planSimulation({ scenario: 'quota-exhausted' }, NOW)).toMatchObject({
    from: Date.UTC(2026, 2, 4, 14),
    to: NOW,
  });
});

it('a real pipe to head ends with code 0 and only the summary on stderr', async () => {
  const script = `
    import { simulateCommand } from './cli/commands/simulate.ts';
    const io = { stdout: process.stdout, now: () => Date.now(), signal: new AbortController().signal, err: (l) => console.error(l), send: null };
    process.exitCode = await simulateCommand({ scenario: 'load', count: 1e9 }, io);`;
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], {
    cwd: join(import.meta.dirname, '..'),
  });
  let stderr = '';
  child.stderr.on('data', (data) => {
    stderr += String(data);
  });
  child.stdout.once('data', () => child.stdout.destroy());
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code).toBe(0);
  expect(stderr).toMatch(/^simulate: load: \d+ records.*\n$/);
});
