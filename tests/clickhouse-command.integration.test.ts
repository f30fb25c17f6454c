import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStore } from '../store/connect.ts';
import { runFaultline, startFaultline } from './fixtures/run-faultline.ts';

const token = 'of the test';
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'faultline-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function served(data: string) {
  const env = { FAULTLINE_CLICKHOUSE_HTTP_TOKEN: token };
  const running = startFaultline(['clickhouse', '--port', '0', '--data', data], { env });
  while (!running.stdout().includes('\n')) {
    const first = await Promise.race([once(running.child.stdout, 'data'), running.finished]);
    if ('code' in first) throw new Error(first.stderr);
  }
  const url = /^ClickHouse at (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(running.stdout())?.[1] ?? '';
  return { ...running, url };
}

const options = { path: '', database: 'faultline', user: 'default', cluster: '' };
const insert = (name: string) => ({
  table: 'request_counts',
  columns: ['ts', 'provider', 'class', 'requests'],
  body: Buffer.from('4102444800\topenai\tok\t1\n'),
  token: name,
});

test('several processes write into one embedded engine, and their rows are there after a restart', async () => {
  const data = path.join(directory, 'data');
  const server = await served(data);
  const stores = await Promise.all(
    [0, 1, 2].map(() => openStore({ ...options, url: server.url, password: token })),
  );
  // Two of the three processes send every batch, as after a rebalance.
  const inserts = Array.from({ length: 30 }, (_item, i) =>
    [i % 3, (i + 1) % 3].map((n) => ({ store: stores[n], i })),
  );
  await Promise.all(inserts.flat().map(async ({ store, i }) => store?.insert(insert(`batch-${i}`))));
  for (const store of stores) await store.close();
  server.child.kill('SIGTERM');
  expect(await server.finished).toMatchObject({ code: 0 });

  const own = await openStore({ ...options, url: '', path: data, password: '' });
  for (const table of ['request_counts', 'request_counts_1m', 'request_counts_1h'])
    expect(await own.query(`SELECT sum(requests) AS n FROM ${table}`), table).toEqual([{ n: 30 }]);
  await own.close();
});

test('a reader without the token sees the tables and cannot change them', async () => {
  const server = await served(path.join(directory, 'read'));
  const incidents = await runFaultline(['incidents', '--format', 'json', '--clickhouse-url', server.url]);
  expect(incidents).toMatchObject({ code: 0, stdout: '[]\n' });
  const store = await openStore({ ...options, url: server.url, password: '' });
  await expect(store.insert(insert('x'))).rejects.toMatchObject({ serverCode: 164 });
  await expect(openStore({ ...options, url: server.url, password: 'wrong' })).rejects.toMatchObject({
    serverCode: 516,
  });
  await store.close();
  server.child.kill('SIGINT');
  expect(await server.finished).toMatchObject({ code: 0 });
});

test('a port that is in use is an error of one line that names the port', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const ended = await runFaultline([
    'clickhouse',
    '--port',
    String(port),
    '--data',
    path.join(directory, 'taken'),
  ]);
  expect(ended).toEqual({
    code: 1,
    stdout: '',
    stderr: `faultline: port ${port} of 127.0.0.1 is in use: choose another with --clickhouse-http (--port of faultline clickhouse)\n`,
  });
  taken.close();
});
