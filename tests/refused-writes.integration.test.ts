import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../store/connect.ts';
import type { Store } from '../store/store.ts';
import { type Running, startFaultline } from './fixtures/run-faultline.ts';
import { until } from './fixtures/until.ts';

const token = 'of-the-test';
let data: string;
let engine: Running;
let store: Store;

beforeEach(async () => {
  data = await mkdtemp(path.join(tmpdir(), 'faultline-'));
  await start();
});

afterEach(async () => {
  await kill();
  await rm(data, { recursive: true, force: true });
});

async function start(): Promise<void> {
  const env = { FAULTLINE_CLICKHOUSE_HTTP_TOKEN: token };
  engine = startFaultline(['clickhouse', '--port', '0', '--data', data], { env });
  await until('ClickHouse answers', () => {
    if (engine.child.exitCode !== null) throw new Error(engine.stderr());
    return engine.stdout().includes('\n');
  });
  const url = /http:\/\/[\d.:]+/.exec(engine.stdout())?.[0] ?? '';
  const options = { path: '', database: 'faultline', user: 'default', cluster: '' };
  store = await openStore({ ...options, url, password: token });
}

async function kill(): Promise<void> {
  engine.child.kill('SIGKILL');
  await engine.finished;
  await store.close();
}

const insert = (name: string) =>
  store.insert({
    table: 'request_counts',
    columns: ['ts', 'provider', 'class', 'requests'],
    body: Buffer.from('4102444800\topenai\tok\t1\n'),
    token: name,
  });

async function counted(): Promise<unknown[]> {
  const tables = ['request_counts', 'request_counts_1m', 'request_counts_1h'];
  const rows = tables.map((table) => store.query<{ n: number }>(`SELECT sum(requests) AS n FROM ${table}`));
  return (await Promise.all(rows)).map(([row]) => row?.n);
}

async function partsOf(table: string): Promise<string[]> {
  const where = `database = 'faultline' AND table = {table:String} AND active`;
  const rows = await store.query<{ path: string }>(
    `SELECT path FROM system.parts WHERE ${where} ORDER BY max_block_number`,
    { table },
  );
  return rows.map((row) => row.path);
}

/** Cuts all files of a part to 0 bytes, as a full disk does. */
async function empty(part: string | undefined): Promise<void> {
  expect(part).toBeDefined();
  for (const name of await readdir(part ?? '')) await truncate(path.join(part ?? '', name), 0);
}

describe('the embedded engine, which reports a refused write as done', () => {
  it.skipIf(!existsSync('/dev/full'))('ends the process with one line that says what to do', async () => {
    await store.command(`INSERT INTO FUNCTION file('/dev/full', 'TSV') SELECT 1`).catch(() => undefined);
    const { code, stderr } = await engine.finished;
    expect(stderr.split('\n').filter((line) => line.startsWith('faultline:'))).toEqual([
      `faultline: the disk of data directory ${data} refused 1 write of the embedded ClickHouse: check its space and health, then start faultline again: it sets incomplete data aside and reads the records again`,
    ]);
    expect(code).toBe(1);
  });

  it('counts a repeated insert if its part is incomplete, and counts no other insert twice', async () => {
    await store.command('SYSTEM STOP MERGES');
    for (const name of ['a', 'b', 'c']) await insert(name);
    const parts = await partsOf('request_counts');
    expect(parts.length).toBe(3);
    await kill();
    await empty(parts[1]);
    await appendFile(path.join(parts[1] ?? '', '../deduplication_logs/deduplication_log_1.txt'), '1\t2100');

    await start();
    expect(engine.stderr()).toContain(
      `faultline.request_counts ${path.basename(parts[1] ?? '')}): records that were not`,
    );
    expect(await counted()).toEqual([2, 3, 3]);
    for (const name of ['a', 'b', 'c', 'd']) await insert(name);
    expect(await counted()).toEqual([4, 4, 4]);

    await kill();
    await start();
    expect(engine.stderr()).not.toContain('set aside');
    for (const name of ['a', 'b', 'c', 'd']) await insert(name);
    expect(await counted()).toEqual([4, 4, 4]);
  });

  it('goes back to the parts that were merged into a part if that is incomplete', async () => {
    for (const name of ['a', 'b', 'c']) await insert(name);
    await store.command('OPTIMIZE TABLE request_counts FINAL');
    const parts = await partsOf('request_counts');
    expect(parts.length).toBe(1);
    await kill();
    await empty(parts[0]);

    await start();
    for (const name of ['a', 'b', 'c']) await insert(name);
    expect(await counted()).toEqual([3, 3, 3]);
  });
});
