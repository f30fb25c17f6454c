import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { incident } from '../domain/incident.ts';
import { freePort } from './kafka/free-port.ts';
import { type Running, runFaultline, startFaultline } from './fixtures/run-faultline.ts';
import { replayedStore } from './fixtures/replayed-store.ts';
import { until } from './fixtures/until.ts';

const launcher = path.resolve(import.meta.dirname, '../cli/faultline');
let directory: string;
let data: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'faultline-test-'));
  ({ data } = await replayedStore(directory, 'slow-down-surge'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const clients: Client[] = [];
const programs: Running[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  for (const { child, finished } of programs.splice(0)) {
    child.kill('SIGTERM');
    await finished;
  }
});

function program(args: readonly string[], env: Record<string, string> = {}): Running {
  const running = startFaultline(args, { cwd: directory, env });
  programs.push(running);
  return running;
}

/** An agent's client of `faultline mcp`, and the output of the program on stderr. */
async function connect(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ client: Client; said: () => string }> {
  const client = new Client({ name: 'test', version: '1' });
  const transport = new StdioClientTransport({
    command: launcher,
    args: ['mcp', ...args],
    cwd: directory,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stderr: 'pipe',
  });
  let said = '';
  transport.stderr?.on('data', (piece: Buffer) => {
    said += piece.toString();
  });
  await client.connect(transport);
  clients.push(client);
  return { client, said: () => said };
}

async function call(client: Client, name: string, given: Record<string, unknown> = {}) {
  const { isError, content } = await client.callTool({ name, arguments: given });
  const [first] = content as { type: string; text: string }[];
  return { isError: isError === true, text: first?.text ?? '' };
}

async function ask(client: Client, name: string, given: Record<string, unknown> = {}) {
  const { isError, text } = await call(client, name, given);
  expect(isError, text).toBe(false);
  return JSON.parse(text);
}

/** The steps of an agent, from the trouble to the remedy. */
async function walk(client: Client): Promise<void> {
  const { incidents, next } = await ask(client, 'incidents', { kind: 'slow_down_surge' });
  expect([incidents.length, next]).toEqual([1, null]);
  const { attention: _attention, ...surge } = incidents[0];
  expect(incident.parse(surge).kind).toBe('slow_down_surge');

  const one = await ask(client, 'incident', { id: surge.id });
  expect(one.incident).toEqual(surge);
  expect(one.timeline[0]).toMatchObject({ at: surge.started_at, event: 'began' });

  const trends = await ask(client, 'trends', {
    by: 'class',
    where: ['class=slow_down'],
    from: surge.started_at,
    to: surge.resolved_at,
  });
  expect(trends.series).toMatchObject([{ group: { class: 'slow_down' }, title: 'Slow Down' }]);
  expect(trends.series[0].errors).toBeGreaterThan(0);
  expect(trends.series[0]).not.toHaveProperty('points');

  const fifteen = new Date(Date.parse(surge.started_at) + 900_000).toISOString();
  const found = await ask(client, 'explain', { from: surge.started_at, to: fifteen, class: 'slow_down' });
  expect(found.total.failures).toBeGreaterThan(found.total.expected);
  expect(found.scopes[0].scope).toMatchObject({ class: 'slow_down' });

  const runbook = await call(client, 'runbook', { name: 'slow_down' });
  expect(runbook.text).toMatch(/^# Slow Down\n[^]*Hold it for at least 15 minutes/);
}

describe('faultline mcp', () => {
  test('every tool only reads, and describes its input', async () => {
    const { client } = await connect(['--data', data]);
    expect(client.getServerVersion()).toMatchObject({ name: 'faultline' });
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      'incidents',
      'incident',
      'trends',
      'explain',
      'classify',
      'runbook',
    ]);
    for (const { name, annotations, inputSchema, description } of tools) {
      expect(annotations, name).toMatchObject({ readOnlyHint: true, destructiveHint: false });
      expect(inputSchema.type, name).toBe('object');
      expect(description?.length, name).toBeGreaterThan(60);
    }
  });

  test('a data directory that no process uses is read, and released after some time', async () => {
    const { client } = await connect(['--data', data]);
    await walk(client);
    // The client is still connected.
    await until('the data directory is free again', async () => {
      const { code, stderr } = await runFaultline(['incidents', '--data', data, '--format', 'json']);
      expect(stderr).toMatch(/^(?:|.*in use by process.*\n)$/s);
      return code === 0;
    });
    await walk(client);
  });

  test('a data directory that a running start uses is read through its console', async () => {
    const port = String(await freePort());
    const env = { FAULTLINE_CONSOLE_PORT: port, FAULTLINE_CONSOLE_TOKEN: 'a-token' };
    const file = path.join(directory, 'slow-down-surge-7.ndjson');
    const start = program(['start', '--source', file, '--data', data], env);
    await until('the console listens', () => start.stderr().includes('page: '));
    const { client, said } = await connect(['--data', data], env);
    await walk(client);
    expect(said()).toMatch(
      new RegExp(`^faultline: asking http://127\\.0\\.0\\.1:${port}: data directory .* in use by process`),
    );
    expect(said()).not.toContain('a-token');
    expect(await call(client, 'incident', { id: 'none' })).toEqual({
      isError: true,
      text: 'there is no incident none: take an id from the list of incidents',
    });
    const stranger = await connect(['--data', data], { FAULTLINE_CONSOLE_PORT: port });
    expect(await call(stranger.client, 'incidents')).toMatchObject({
      isError: true,
      text: expect.stringContaining('console.token'),
    });
  });

  test('a ClickHouse server is asked', async () => {
    const server = program(['clickhouse', '--port', '0', '--data', data]);
    const url = await until('the server is there', () => /http:\S+/.exec(server.stdout())?.[0] ?? null);
    const { client } = await connect(['--clickhouse-url', url]);
    const { incidents } = await ask(client, 'incidents', { kind: 'slow_down_surge' });
    const from = incidents[0].started_at;
    const to = incidents[0].resolved_at;
    expect((await ask(client, 'trends', { from, to })).series.length).toBeGreaterThan(0);
  });

  test('a question without an answer gets one line that names the reason', async () => {
    const { client } = await connect(['--data', data]);
    expect(await call(client, 'trends', { by: 'klass' })).toMatchObject({
      isError: true,
      text: expect.stringMatching(/^by: "klass" is not a dimension; use one of provider, org/),
    });
    expect(await call(client, 'incidents', { limit: 0 })).toEqual({
      isError: true,
      text: 'limit: is not a number from 1 to 200',
    });
    expect(await call(client, 'explain', { wher: [] })).toEqual({
      isError: true,
      text: 'wher: is not a known parameter',
    });
    expect(await call(client, 'runbook', { name: '../../package' })).toMatchObject({ isError: true });
    expect(await call(client, 'delete')).toMatchObject({
      isError: true,
      text: expect.stringMatching(/^there is no tool delete/),
    });
  });

  test('without data and without a console the answer says what is missing', async () => {
    const { client } = await connect(['--data', path.join(directory, 'nothing')], {
      FAULTLINE_CONSOLE_PORT: String(await freePort()),
    });
    expect(await call(client, 'incidents')).toMatchObject({
      isError: true,
      text: expect.stringMatching(/^there is no data directory .*nothing: faultline start makes one/),
    });
    // Questions that need no store are answered.
    expect((await call(client, 'runbook', { name: 'slow_down_surge' })).text).toMatch(/^# /);
    expect(await ask(client, 'classify', { status: 503, error: 'Slow Down' })).toMatchObject({
      class: 'slow_down',
      retry: 'after_wait',
    });
  });

  test('standard output has only the protocol, and the end of the input ends the program', async () => {
    const lines = [
      {
        jsonrpc: '2.0',
        id: 1,
        method: 'initialize',
        params: {
          protocolVersion: '2025-06-18',
          capabilities: {},
          clientInfo: { name: 'test', version: '1' },
        },
      },
      { jsonrpc: '2.0', method: 'notifications/initialized' },
      { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'incidents', arguments: {} } },
    ];
    const input = `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`;
    const { code, stdout, stderr } = await runFaultline(['mcp', '--data', data], { input });
    expect([code, stderr]).toEqual([0, '']);
    const answers = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(answers.map(({ jsonrpc, id }) => [jsonrpc, id])).toEqual([
      ['2.0', 1],
      ['2.0', 2],
    ]);
    expect(answers[1].result).not.toHaveProperty('isError');
  });
});
