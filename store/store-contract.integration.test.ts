import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore } from './connect.ts';
import { withDeadline } from './deadline.ts';
import type { Store } from './store.ts';
import { type Gateway, serveClickHouse } from './http-gateway.ts';
import { migrate, migrationFiles } from './migrate.ts';
import { NativeBlock } from './native-block.ts';
import { tsvRow } from './tsv.ts';
import { readCounts } from '../tests/fixtures/read-counts.ts';
import { until } from '../tests/fixtures/until.ts';

const token = 'of-the-test';
let directory: string;
let embedded: Store;
let gateway: Gateway;
let remote: Store;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'faultline-'));
  const options = {
    url: '',
    path: directory,
    database: 'faultline',
    user: 'default',
    password: '',
    cluster: '',
  };
  embedded = await openStore(options);
  gateway = await serveClickHouse(embedded, { port: 0, token, database: 'faultline' });
  remote = await openStore({ ...options, url: gateway.url, password: token, database: 'remote' });
});

afterAll(async () => {
  await remote.close();
  await gateway.close();
  await embedded.close();
  await rm(directory, { recursive: true, force: true });
});

describe.each([
  { kind: 'embedded', store: () => embedded },
  { kind: 'server', store: () => remote },
] as const)('a store that is $kind', ({ kind, store: opened }) => {
  let store: Store;
  beforeAll(async () => {
    store = opened();
    await Promise.all([migrate(store), migrate(store)]);
  });
  const countsOf = async (table: string, org: string): Promise<number> => {
    const [row] = await store.query<{ n: number }>(
      `SELECT sum(requests) AS n FROM ${table} WHERE org = {org:String}`,
      { org },
    );
    return row?.n ?? -1;
  };
  const insert = (
    org: string,
    tokenOfInsert: string,
    body = `4102444800\topenai\t${org}\tok\t5\t{100:5}\n`,
  ) =>
    store.insert({
      table: 'request_counts',
      columns: ['ts', 'provider', 'org', 'class', 'requests', 'latency_buckets'],
      body: Buffer.from(body),
      token: tokenOfInsert,
    });

  test('ends a query that exceeds its bounds, while other queries do not wait for it', async () => {
    const endless = 'SELECT sum(cityHash64(number)) AS s FROM numbers(1000000000000)';
    const asked = [1, 2, 3].map(() => withDeadline(store, 2).query(endless));
    const failed = Promise.all(asked.map((one) => expect(one).rejects.toMatchObject({ code: 'slow' })));
    expect(await store.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect((await withDeadline(store, 60).columns('SELECT toUInt8(1) AS one')).rows).toBe(1);
    await failed;
    await until('the engine works on none of them', async () => {
      const [row] = await store.query<{ n: number }>(
        `SELECT countIf(query LIKE '%numbers(1000000000000)%') AS n FROM system.processes WHERE query NOT LIKE '%system.processes%'`,
      );
      return row?.n === 0;
    });
  });

  test('says whether it is embedded or a server', () => {
    expect(store.kind).toBe(kind);
  });

  test('has one set of tables after two migrations at once and a third one', async () => {
    await migrate(store);
    const tables = await store.query<{ name: string }>(
      `SELECT name FROM system.tables WHERE database = currentDatabase() AND engine != 'MaterializedView' ORDER BY name`,
    );
    expect(tables.map(({ name }) => name)).toContain('request_counts_1h');
    const [applied] = await store.query('SELECT count() AS n FROM schema_migrations');
    expect(applied).toEqual({ n: (await migrationFiles()).length });
  });

  test('counts an insert once per token, in the rollups too', async () => {
    for (const name of ['once', 'once', 'again', 'once']) await insert('dedup', name);
    for (const table of ['request_counts', 'request_counts_1m', 'request_counts_1h'])
      expect(await countsOf(table, 'dedup'), table).toBe(10);
  });

  test('stores every text as it is given, alone, in an Array and in a Map', async () => {
    await store.command(
      'CREATE TABLE IF NOT EXISTS texts (n UInt32, text String, list Array(String), names Array(LowCardinality(String)), map Map(String, String)) ENGINE = Memory',
    );
    await store.command('TRUNCATE TABLE texts');
    const hostile = [
      "O'Brien's app",
      "'",
      "\\'",
      '\\',
      'a\\',
      '\t',
      '\n',
      '\r\n',
      '\0',
      '\\N',
      "','",
      ']',
      "'],['",
    ];
    const comments = ['*/', '/*', '--', '; DROP TABLE texts;', '"', '`', '{', "':'", '错误', '😀', ''];
    const known = [...hostile, ...comments].map((text) => [text]);
    const random = fc.sample(fc.array(fc.string({ unit: 'binary' }), { maxLength: 4 }), 200);
    const lists = [...known, ...random].map((list) => list.map((text) => text.toWellFormed()));
    const rows = lists.map((list, n) => ({
      n,
      text: list.join(''),
      list,
      names: list,
      map: Object.fromEntries(list.map((text) => [text, text])),
    }));
    const columns = ['n', 'text', 'list', 'names', 'map'] as const;
    const body = rows.map((row) => tsvRow(columns.map((name) => row[name]))).join('');
    await store.insert({ table: 'texts', columns: [...columns], body: Buffer.from(body), token: 'texts' });
    expect(await store.query('SELECT * FROM texts ORDER BY n')).toEqual(rows);
  });

  /** One row per client; each is one request that took 80 ms. */
  const nativeBody = (org: string, clients: readonly string[]): NativeBlock => {
    const same = (value: number): Uint32Array => new Uint32Array(clients.length).fill(value);
    const block = new NativeBlock(clients.length);
    block.dateTime('ts', same(4_102_444_800));
    block.texts('org', [org], same(0));
    block.texts(
      'client',
      clients,
      same(0).map((_zero, place) => place),
    );
    block.texts('class', ['ok'], same(0));
    block.uint32('status', same(200));
    block.uint32('requests', same(1));
    block.uint64('input_tokens', new Float64Array(clients.length).fill(1e15));
    block.float64('cost_usd', new Float64Array(clients.length).fill(0.25));
    block.map(
      'latency_buckets',
      same(0).map((_zero, place) => place + 1),
      same(100),
      same(1),
    );
    return block;
  };
  const insertNative = (block: NativeBlock, tokenOfInsert: string) =>
    store.insert({ table: 'request_counts', format: 'Native', token: tokenOfInsert, ...block.rows() });

  test('stores the values of a Native block', async () => {
    const clients = ['', 'a\tb\\', "ü😀'", '\\N'];
    const block = nativeBody('native', clients);
    block.nullable('limit_tokens', Float64Array.of(Number.NaN, 0, 1e9, Number.NaN));
    await insertNative(block, 'native');
    const rows = await store.query(
      `SELECT toUnixTimestamp(ts) AS ts, provider, org, client, class, status, requests, input_tokens, cost_usd,
         latency_buckets, limit_tokens, limit_requests
       FROM request_counts WHERE org = 'native' ORDER BY indexOf({clients:Array(String)}, client)`,
      { clients },
    );
    expect(rows).toEqual(
      clients.map((client, i) => ({
        ts: 4_102_444_800,
        provider: '',
        org: 'native',
        client,
        class: 'ok',
        status: 200,
        requests: 1,
        input_tokens: 1e15,
        cost_usd: 0.25,
        latency_buckets: { 100: 1 },
        limit_tokens: [null, 0, 1e9, null][i],
        limit_requests: null,
      })),
    );
  });

  test.each([300, 70_000])(
    'counts a Native block of %i rows once per token, in the rollups too',
    async (rows) => {
      const org = `native-${rows}`;
      const block = nativeBody(
        org,
        Array.from({ length: rows }, (_item, i) => `client ${i}`),
      );
      for (const name of [`${org} a`, `${org} a`, `${org} b`, `${org} a`]) await insertNative(block, name);
      for (const table of ['request_counts', 'request_counts_1m', 'request_counts_1h'])
        expect(await countsOf(table, org), table).toBe(2 * rows);
    },
  );

  // A worker of an earlier version was killed half-way through a batch of text rows; one that sends blocks writes it
  // again.
  test('recognises the token of text rows when the batch is repeated as a block, and the reverse', async () => {
    const clients = Array.from({ length: 50_000 }, (_item, i) => `client ${i}`);
    const block = nativeBody('mixed', clients);
    const { columns } = block.rows();
    const text = clients
      .map((client) => `4102444800\tmixed\t${client}\tok\t200\t1\t1\t0.25\t{100:1}\n`)
      .join('');
    const insertText = (name: string) =>
      store.insert({ table: 'request_counts', columns, body: Buffer.from(text), token: name });
    await insertText('text first');
    await insertNative(block, 'text first');
    await insertNative(block, 'block first');
    await insertText('block first');
    for (const table of ['request_counts', 'request_counts_1m', 'request_counts_1h'])
      expect(await countsOf(table, 'mixed'), table).toBe(100_000);
  });

  test('refuses an incomplete block, and goes on', async () => {
    const block = nativeBody('broken', ['a', 'b']).rows();
    const cut = { ...block, body: block.body.subarray(0, block.body.length - 3) };
    await expect(
      store.insert({ table: 'request_counts', format: 'Native', token: 'cut', ...cut }),
    ).rejects.toThrow(/ClickHouse/);
    expect(await countsOf('request_counts', 'broken')).toBe(0);
    await insertNative(nativeBody('broken', ['a', 'b']), 'whole');
    expect(await countsOf('request_counts', 'broken')).toBe(2);
  });

  test('counts inserts sent at the same time once per token', async () => {
    const names = Array.from({ length: 24 }, (_item, i) => `parallel-${i % 6}`);
    await Promise.all(names.map((name) => insert('parallel', name)));
    for (const table of ['request_counts', 'request_counts_1m', 'request_counts_1h'])
      expect(await countsOf(table, 'parallel'), table).toBe(30);
  });

  test('stores rows of many partitions in one insert, and every byte of a text', async () => {
    const org = `tab\\tnewline\\nback\\\\slash 'quote' üñ😀 */; INSERT INTO t VALUES (1) -- /* $$`;
    const days = Array.from(
      { length: 120 },
      (_item, i) => `${4_102_444_800 + i * 86_400}\topenai\t${org}\tok\t1\t{}\n`,
    );
    await insert('days', 'days', days.join(''));
    expect(
      await countsOf(
        'request_counts',
        `tab\tnewline\nback\\slash 'quote' üñ😀 */; INSERT INTO t VALUES (1) -- /* $$`,
      ),
    ).toBe(120);
  });

  test.each([
    ['tab', 'a\tb'],
    ['newline', 'a\nb'],
    ['carriage return', 'a\rb'],
    ['quote', "a'b"],
    ['double quote', 'a"b'],
    ['backslash', 'a\\b'],
    ['backslash and n', 'a\\nb'],
    ['backslash and quote', "a\\'b"],
    ['trailing backslash', 'a\\'],
    ['null text', '\\N'],
    ['umlaut and emoji', 'ü😀'],
    ['comma and bracket', "],['a',"],
    ['percent and plus', '100% +1 & ?'],
    ['empty', ''],
  ])('takes a text with %s as a parameter, alone and in a list', async (_name, text) => {
    const rows = await store.query(
      'SELECT {s:String} AS s, {a:Array(String)} AS a, {s:String} IN {a:Array(String)} AS i',
      {
        s: text,
        a: [text, 'other'],
      },
    );
    expect(rows).toEqual([{ s: text, a: [text, 'other'], i: 1 }]);
  });

  test('takes numbers, booleans, nulls, lists and maps as parameters', async () => {
    const rows = await store.query(
      `SELECT {u:UInt64} AS u, {n:Int32} AS n, {f:Float64} AS f, {b:Bool} AS b, {x:Nullable(String)} AS x,
        {l:Array(UInt32)} AS l, {e:Array(String)} AS e, {m:Map(String, UInt8)} AS m, {t:Identifier} AS t
      FROM (SELECT 7 AS dummy)`,
      {
        u: 9_007_199_254_740_991,
        n: -5,
        f: 0.25,
        b: true,
        x: null,
        l: [1, 2],
        e: [],
        m: { k: 1 },
        t: 'dummy',
      },
    );
    expect(rows).toEqual([
      { u: 9_007_199_254_740_991, n: -5, f: 0.25, b: true, x: null, l: [1, 2], e: [], m: { k: 1 }, t: 7 },
    ]);
  });

  test('finds the counts of organizations by pairs of names', async () => {
    await insert(`o'r\\\\g`, 'pairs');
    const filter = { from: 4_102_444_790, to: 4_102_444_810, orgs: [{ provider: 'openai', org: `o'r\\g` }] };
    const rows = await readCounts(store, filter);
    expect(rows.map(({ org, requests }) => ({ org, requests }))).toEqual([{ org: `o'r\\g`, requests: 5 }]);
  });

  test.each([
    ['an unknown table', 'SELECT * FROM nowhere', 60],
    ['a syntax error', 'SELEC 1', 62],
    ['a failing function', 'SELECT throwIf(1)', 395],
  ])('refuses %s with the server code', async (_name, sql, serverCode) => {
    await expect(store.query(sql)).rejects.toMatchObject({ code: 'refused', serverCode });
  });

  test('refuses rows that do not fit their columns, and stores none of them', async () => {
    await expect(insert('bad', 'bad', '4102444800\topenai\tbad\tok\t5\t{}\nno date\n')).rejects.toMatchObject(
      {
        code: 'refused',
        serverCode: expect.toSatisfy((code: number) => code > 0),
      },
    );
    expect(await countsOf('request_counts', 'bad')).toBe(0);
    await insert('bad', 'bad');
    expect(await countsOf('request_counts', 'bad')).toBe(5);
  });

  test('returns many rows as columns, and no rows of a query that fails half-way', async () => {
    const { rows, numbers, texts } = await store.columns(
      `SELECT toLowCardinality(concat('org ', toString(number % {orgs:UInt32}))) AS org, number AS n,
         if(number % 2 = 0, NULL, number / 2) AS half FROM numbers(200000) ORDER BY number`,
      { orgs: 300 },
    );
    const orgs = texts.get('org');
    expect(rows).toBe(200_000);
    for (const i of [0, 1, 70_001, 199_999]) {
      expect(orgs?.texts[orgs.places[i] ?? 0]).toBe(`org ${i % 300}`);
      expect(numbers.get('n')?.[i]).toBe(i);
      expect(numbers.get('half')?.[i]).toBe(i % 2 === 0 ? Number.NaN : i / 2);
    }
    expect(await store.columns('SELECT 1 AS n WHERE 0')).toMatchObject({ rows: 0 });
    await expect(
      store.columns('SELECT number, throwIf(number = 200000) FROM numbers(300000)'),
    ).rejects.toMatchObject({ serverCode: 395 });
  });

  test('answers in full after a query that failed half-way', async () => {
    const half =
      'SELECT number, throwIf(number = 200000) FROM numbers(300000) SETTINGS max_block_size = 1000';
    for (let i = 0; i < 4; i++) {
      await expect(store.query(half.replace(/ SETTINGS.*/, ''))).rejects.toMatchObject({ serverCode: 395 });
      expect(await store.query('SELECT 42 AS clean')).toEqual([{ clean: 42 }]);
    }
  });
});
