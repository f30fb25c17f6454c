import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEmbedded } from '../tests/fixtures/embedded-store.ts';
import type { Store } from './store.ts';
import { type Gateway, serveClickHouse } from './http-gateway.ts';

const token = 'p&ss wörd';
let directory: string;
let store: Store;
let gateway: Gateway;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'faultline-'));
  store = await openEmbedded(directory);
  gateway = await serveClickHouse(store, { port: 0, token, database: 'faultline' });
  await write(
    'CREATE TABLE t (a UInt32, b String) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 100',
  );
});

afterAll(async () => {
  await gateway.close();
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

async function ask(
  query: Record<string, string>,
  options: { body?: string | Buffer; headers?: Record<string, string>; method?: string } = {},
): Promise<Answer> {
  const body = options.body;
  const response = await fetch(`${gateway.url}/?${new URLSearchParams(query).toString()}`, {
    method: options.method ?? (body === undefined ? 'GET' : 'POST'),
    headers: options.headers ?? {},
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : new Uint8Array(body) }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

async function write(
  body: string | Buffer,
  query: Record<string, string> = {},
  headers: Record<string, string> = {},
) {
  return ask({ password: token, ...query }, { body, headers });
}

async function rowsOf(table: string): Promise<string> {
  return (await ask({ query: `SELECT * FROM ${table} ORDER BY ALL` })).text;
}

/** A table of its own for each test. */
async function freshTable(name: string): Promise<void> {
  await write(
    `CREATE TABLE ${name} (a UInt32, b String) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 100`,
  );
}

describe('the endpoint', () => {
  test.each(['/ping', '/replicas_status', '/'])('answers %s with Ok', async (address) => {
    const response = await fetch(gateway.url + address);
    expect([response.status, await response.text()]).toEqual([200, 'Ok.\n']);
  });

  test('answers HEAD without a body', async () => {
    const response = await fetch(`${gateway.url}/ping`, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  test('says which address it does not serve', async () => {
    const response = await fetch(`${gateway.url}/play`);
    expect([response.status, await response.text()]).toEqual([
      404,
      expect.stringContaining('no handle /play'),
    ]);
  });

  test('takes the query from the address, from the body, or from both, one part each', async () => {
    expect((await ask({ query: 'SELECT 1' })).text).toBe('1\n');
    expect((await ask({}, { body: 'SELECT 2' })).text).toBe('2\n');
    expect((await ask({ query: 'SELECT 3 +' }, { body: '4' })).text).toBe('7\n');
  });

  test('answers in the format of the query, otherwise of the address, then of the header, then in TabSeparated', async () => {
    const headers = { 'x-clickhouse-format': 'CSV' };
    const formats = await Promise.all([
      ask({ query: 'SELECT 1 FORMAT JSONEachRow', default_format: 'XML' }, { headers }),
      ask({ query: 'SELECT 1', default_format: 'XML' }, { headers }),
      ask({ query: 'SELECT 1' }, { headers }),
      ask({ query: 'SELECT 1' }),
    ]);
    expect(
      formats.map((answer) => [
        answer.headers.get('x-clickhouse-format'),
        answer.headers.get('content-type'),
      ]),
    ).toEqual([
      ['JSONEachRow', 'application/x-ndjson; charset=UTF-8'],
      ['XML', 'application/xml; charset=UTF-8'],
      ['CSV', 'text/csv; charset=UTF-8; header=absent'],
      ['TabSeparated', 'text/tab-separated-values; charset=UTF-8'],
    ]);
  });

  test('names the query, the time zone and what was read', async () => {
    const { headers } = await ask({ query: 'SELECT * FROM numbers(10)', query_id: 'mine' });
    expect(headers.get('x-clickhouse-query-id')).toBe('mine');
    expect(headers.get('x-clickhouse-timezone')).toBeTruthy();
    expect(JSON.parse(headers.get('x-clickhouse-summary') ?? '')).toMatchObject({
      read_rows: '10',
      written_rows: '0',
    });
  });

  test('an empty result has a length of 0', async () => {
    const { status, headers, text } = await ask({
      query: 'SELECT * FROM t WHERE 0',
      default_format: 'Native',
    });
    expect([status, headers.get('content-length'), text]).toEqual([200, '0', '']);
  });

  test('uses the database of the address, otherwise of the header, otherwise its own', async () => {
    const query = 'SELECT currentDatabase()';
    const headers = { 'x-clickhouse-database': 'default' };
    expect((await ask({ query, database: 'system' }, { headers })).text).toBe('system\n');
    expect((await ask({ query }, { headers })).text).toBe('default\n');
    expect((await ask({ query })).text).toBe('faultline\n');
  });

  test('applies harmless settings to one read and forgets them', async () => {
    const query = 'SELECT toUInt64(1) AS a FORMAT JSONEachRow';
    expect((await ask({ query, output_format_json_quote_64bit_integers: '1', no_such: '1' })).text).toBe(
      '{"a":"1"}\n',
    );
    expect((await ask({ query })).text).toBe('{"a":1}\n');
  });

  test('gives placeholders their values for one request', async () => {
    const query = 'SELECT {x:String}, {y:Array(String)}';
    const { text } = await ask({ query, param_x: 'a\\tb', param_y: "['it\\'s']" });
    expect(text).toBe("a\\tb\t['it\\'s']\n");
    expect(await ask({ query })).toMatchObject({ status: 500, text: expect.stringContaining('Code: 456.') });
  });

  test.each([
    ['SELECT * FROM nowhere', 404, 60, 'UNKNOWN_TABLE'],
    ['SELECT 1 FROM nowhere.t', 404, 81, 'UNKNOWN_DATABASE'],
    ['SELECT no_such_function(1)', 404, 46, 'UNKNOWN_FUNCTION'],
    ['SELECT 1 FORMAT Nothing', 404, 73, 'UNKNOWN_FORMAT'],
    ['SELECT (', 400, 62, 'SYNTAX_ERROR'],
    ['SELECT throwIf(1)', 500, 395, 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO'],
    ['SELECT 1; SELECT 2', 400, 62, 'Multi-statements are not allowed'],
    [' -- nothing', 400, 62, 'Empty query'],
  ])('refuses %s with %i and code %i', async (query, status, code, says) => {
    const answer = await ask({ query });
    expect(answer).toMatchObject({
      status,
      text: expect.stringMatching(/^Code: \d+\. DB::Exception: [^]* \(version .*\)\n$/),
    });
    expect(answer.headers.get('x-clickhouse-exception-code')).toBe(String(code));
    expect(answer.text).toContain(says);
  });

  test('an answer contains nothing of the one that failed before it', async () => {
    for (let i = 0; i < 5; i++) {
      const failed = await ask({
        query: 'SELECT number, throwIf(number = 200000) FROM numbers(300000)',
        max_block_size: '1000',
      });
      expect([failed.status, failed.text.slice(0, 10)]).toEqual([500, 'Code: 395.']);
      expect((await ask({ query: 'SELECT 42' })).text).toBe('42\n');
    }
  });

  test('a result that is too large is refused', async () => {
    const { status, text } = await ask({
      query: 'SELECT repeat(toString(number), 100000) FROM numbers(1000, 1000)',
    });
    expect([status, text.slice(0, 10)]).toEqual([500, 'Code: 396.']);
  });

  test('forty requests at once all get their own answer', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_item, i) =>
        ask(i % 2 === 0 ? { query: `SELECT ${i}` } : { query: 'SELECT {i:UInt8}', param_i: String(i) }),
      ),
    );
    expect(answers.map(({ text }) => text)).toEqual(Array.from({ length: 40 }, (_item, i) => `${i}\n`));
  });
});

describe('a client without the token', () => {
  test.each([
    'CREATE TABLE x (a Int32) ENGINE = Memory',
    'DROP TABLE t',
    'INSERT INTO t VALUES (1, 2)',
    'INSERT INTO t FORMAT TSV\n1\t2\n',
    'INSERT INTO t SELECT 1, 2',
    'ALTER TABLE t DELETE WHERE 1',
    'TRUNCATE TABLE t',
    'SYSTEM STOP MERGES',
    'KILL QUERY WHERE 1',
    "BACKUP TABLE t TO Disk('a', 'b')",
    'OPTIMIZE TABLE t FINAL',
    'CREATE TEMPORARY TABLE x (a Int32)',
    'SET readonly = 0',
    'SELECT 1 SETTINGS readonly = 0',
    'SELECT 1 SETTINGS max_threads = 1',
    "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')",
    "SELECT length(file('/etc/passwd'))",
    "SELECT * APPLY file FROM (SELECT '/etc/passwd')",
    "SELECT arrayMap(file, ['/etc/passwd'])",
    "EXPLAIN SELECT length(`file`('/etc/passwd'))",
    'WITH 1 AS x INSERT INTO t SELECT x, x',
  ])('is refused: %s', async (query) => {
    const answer = await ask({}, { body: query });
    expect(answer).toMatchObject({
      status: 500,
      text: expect.stringMatching(/^Code: 164\. .*\(READONLY\)/s),
    });
    expect(await rowsOf('t')).toBe('');
  });

  test('cannot call the function file by the name in a placeholder', async () => {
    const query = "SELECT arrayMap({f:Identifier}, ['/etc/passwd'])";
    for (const name of ['file', 'fi\\x6ce'])
      expect((await ask({ query, param_f: name })).text).toContain('Code: 164.');
  });

  test('cannot call an address with DESCRIBE', async () => {
    let hits = 0;
    const target = createServer((_request, response) => {
      hits += 1;
      response.end('1\n');
    });
    await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
    const { port } = target.address() as AddressInfo;
    for (const verb of ['DESCRIBE', 'DESC TABLE', 'desc /* */ table'])
      expect((await ask({ query: `${verb} url('http://127.0.0.1:${port}/', 'CSV')` })).text).toContain(
        'Code: 164.',
      );
    await new Promise((resolve) => target.close(resolve));
    expect(hits).toBe(0);
  });

  test('cannot write a file, not even with the token', async () => {
    const file = path.join(directory, 'out.csv');
    const query = `SELECT 1 INTO OUTFILE '${file}'`;
    expect((await ask({ query })).status).toBe(501);
    expect((await write(query)).status).toBe(501);
    await expect(stat(file)).rejects.toThrow('ENOENT');
  });

  test('can read tables, plans and columns', async () => {
    for (const query of [
      'SHOW TABLES',
      'DESCRIBE t',
      'EXPLAIN SELECT * FROM t',
      'EXISTS t',
      '(SELECT 1)',
      'WITH 1 AS x SELECT x',
    ])
      expect((await ask({ query })).status, query).toBe(200);
  });

  test('gets an error for a write when nobody can write', async () => {
    const closed = await serveClickHouse(store, { port: 0, token: '', database: 'faultline' });
    const post = async (password: string, body: string) =>
      (
        await fetch(`${closed.url}/?${new URLSearchParams({ password }).toString()}`, {
          method: 'POST',
          body,
        })
      ).text();
    expect(await post('', 'SELECT 1')).toBe('1\n');
    expect(await post('', 'DROP TABLE t')).toContain('needs the token of clickhouse.http_token');
    expect(await post('guess', 'SELECT 1')).toContain('Code: 516.');
    await closed.close();
  });
});

describe('a client with the token', () => {
  test.each([
    ['in the address', { query: { user: 'anyone', password: token }, headers: {} }],
    [
      'by Basic',
      { query: {}, headers: { authorization: `Basic ${Buffer.from(`anyone:${token}`).toString('base64')}` } },
    ],
    ['in a header', { query: {}, headers: { 'x-clickhouse-user': 'a', 'x-clickhouse-key': 'plain' } }],
  ])('can write when the token is %s', async (_name, { query, headers }) => {
    const answer = await ask({ ...query, query: 'OPTIMIZE TABLE t' }, { body: '', headers });
    // A header can hold Latin letters only, so this one sends another password.
    expect(answer.status).toBe('x-clickhouse-key' in headers ? 403 : 200);
  });

  test('is refused with a wrong password, even to read', async () => {
    expect(await ask({ query: 'SELECT 1', password: 'wrong' })).toMatchObject({
      status: 403,
      text: expect.stringMatching(/^Code: 516\. /),
    });
  });

  test('cannot write with GET', async () => {
    expect((await ask({ query: 'OPTIMIZE TABLE t', password: token })).text).toContain('GET changes nothing');
  });

  test('inserts text data from the body, after a query in the address or at its head', async () => {
    await freshTable('texts');
    await write('1\ta\n2\tb\\tb\n', { query: 'INSERT INTO texts (a, b) FORMAT TabSeparated' });
    await write('INSERT INTO faultline.texts FORMAT CSV\n3,"c;d"\n');
    await write('{"a":4,"b":"é"}\n', { query: 'INSERT INTO texts FORMAT JSONEachRow' });
    const { headers } = await write('5\te\n6\tf\n', {
      query: 'INSERT INTO texts FORMAT TSV',
      database: 'faultline',
    });
    expect(JSON.parse(headers.get('x-clickhouse-summary') ?? '')).toMatchObject({ written_rows: '2' });
    expect(await rowsOf('texts')).toBe('1\ta\n2\tb\\tb\n3\tc;d\n4\té\n5\te\n6\tf\n');
  });

  test('inserts by VALUES, by SELECT, by quoted names and with settings in the statement', async () => {
    await freshTable('`odd name`');
    expect((await write("INSERT INTO `odd name` VALUES (1, 'a;b')")).status).toBe(200);
    await write("(2, 'b')", { query: 'INSERT INTO `odd name` VALUES' });
    await write("INSERT INTO `odd name` SELECT 3, 'c'");
    await write('4\td\n', { query: 'INSERT INTO `odd name` (`a`, b) FORMAT TSV' });
    await write("INSERT INTO `odd name` SETTINGS insert_deduplication_token = 'x' FORMAT TSV\n5\te\n");
    await write('INSERT INTO {t:Identifier} FORMAT TSV\n6\tf\n', { param_t: 'odd name' });
    expect(await rowsOf('`odd name`')).toBe('1\ta;b\n2\tb\n3\tc\n4\td\n5\te\n6\tf\n');
  });

  test('inserts binary formats as they are', async () => {
    await freshTable('binary');
    const binary = Buffer.from([7, 0, 0, 0, 3, 0xff, 0x00, 0x0a]);
    expect((await write(binary, { query: 'INSERT INTO binary FORMAT RowBinary' })).status).toBe(200);
    const native = await fetch(
      `${gateway.url}/?query=${encodeURIComponent("SELECT toUInt32(8) AS a, 'n' AS b FORMAT Native")}`,
    );
    await write(Buffer.from(await native.arrayBuffer()), { query: 'INSERT INTO binary FORMAT Native' });
    expect((await ask({ query: 'SELECT a, hex(b) FROM binary ORDER BY a' })).text).toBe('7\tFF000A\n8\t6E\n');
  });

  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['zstd', zstdCompressSync],
  ] as const)('inserts a body in %s', async (encoding, compress) => {
    await freshTable(`in_${encoding}`);
    await write(
      compress(Buffer.from('1\ta\n')),
      { query: `INSERT INTO in_${encoding} FORMAT TSV` },
      { 'content-encoding': encoding },
    );
    expect(await rowsOf(`in_${encoding}`)).toBe('1\ta\n');
  });

  test('gets an error that says what is wrong with a body', async () => {
    const broken = await write(
      'no gzip',
      { query: 'INSERT INTO t FORMAT TSV' },
      { 'content-encoding': 'gzip' },
    );
    expect([broken.status, broken.text]).toEqual([400, expect.stringContaining('the body is not gzip')]);
    const unknown = await write(
      'x',
      { query: 'INSERT INTO t FORMAT TSV' },
      { 'content-encoding': 'constructor' },
    );
    expect([unknown.status, unknown.text]).toEqual([
      501,
      expect.stringContaining('"constructor" is not served'),
    ]);
    const wrong = await write('x\ty\n', { query: 'INSERT INTO t FORMAT TSV' });
    expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining('Cannot parse')]);
    const nowhere = await write('', { query: 'INSERT INTO nowhere FORMAT TSV' });
    expect([nowhere.status, nowhere.text]).toEqual([404, expect.stringContaining('UNKNOWN_TABLE')]);
  });

  test('an insert without rows inserts nothing', async () => {
    await freshTable('empty');
    expect((await write('', { query: 'INSERT INTO empty FORMAT TSV' })).status).toBe(200);
    expect((await write(Buffer.alloc(0), { query: 'INSERT INTO empty FORMAT RowBinary' })).status).toBe(200);
    expect(await rowsOf('empty')).toBe('');
  });

  test('the token of one insert is not used for the next', async () => {
    await freshTable('tokens');
    const query = 'INSERT INTO tokens FORMAT TSV';
    for (const name of ['x', 'x', 'y']) await write('1\ta\n', { query, insert_deduplication_token: name });
    await write('1\tb\n', { query });
    await write('1\tc\n', { query });
    expect(await rowsOf('tokens')).toBe('1\ta\n1\ta\n1\tb\n1\tc\n');
  });

  test('settings and databases of a statement end with it', async () => {
    await write('SET max_threads = 7');
    await write('USE system');
    await write('CREATE TEMPORARY TABLE passing (a Int32)');
    const { text } = await write("SELECT getSetting('max_threads') = 7, currentDatabase()");
    expect(text).toBe('0\tfaultline\n');
    expect((await write('SELECT * FROM passing')).status).toBe(404);
  });

  test('applies any setting to its own statement, and gets an error for an unknown one', async () => {
    const body =
      "SELECT getSetting('max_threads') FROM file('/dev/null', 'LineAsString') UNION ALL SELECT getSetting('max_threads')";
    expect((await write(body, { max_threads: '3' })).text).toBe('3\n');
    expect(
      (await write('CREATE TABLE IF NOT EXISTS t (a Int32) ENGINE = Memory', { no_such_setting: '1' }))
        .status,
    ).toBe(404);
    expect((await write('1\t2\n', { query: 'INSERT INTO t FORMAT TSV', no_such_setting: '1' })).status).toBe(
      404,
    );
  });
});

describe('browsers and bodies', () => {
  /** A raw request, because fetch sets Host by itself. */
  const raw = (headers: Record<string, string>): Promise<number> =>
    new Promise((resolve, reject) => {
      const request = httpRequest(`${gateway.url}/?query=SELECT+1`, { headers }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      request.on('error', reject);
      request.end();
    });

  test.each([
    [{ host: '127.0.0.1:1' }, 200],
    [{ host: 'localhost' }, 200],
    [{ host: 'evil.example:8123' }, 403],
    [{ host: '127.0.0.1.evil.example' }, 403],
    [{ origin: 'http://127.0.0.1:8123' }, 403],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
  ])('headers %o give %i', async (headers, status) => {
    expect(await raw(headers)).toBe(status);
  });

  test('a body over the limit is refused before it is read', async () => {
    const status = await new Promise<number>((resolve, reject) => {
      const headers = { 'content-length': String(5 * 1024 * 1024) };
      const request = httpRequest(gateway.url, { method: 'POST', headers }, (response) => {
        resolve(response.statusCode ?? 0);
        request.destroy();
      });
      request.on('error', reject);
      request.flushHeaders();
    });
    expect(status).toBe(413);
  });

  test('a body that unpacks to more than the limit is refused', async () => {
    const { status } = await ask(
      {},
      { body: gzipSync(Buffer.alloc(5 * 1024 * 1024)), headers: { 'content-encoding': 'gzip' } },
    );
    expect(status).toBe(413);
  });

  test('a client that disconnects half-way does not affect other clients', async () => {
    await new Promise<void>((resolve) => {
      const request = httpRequest(gateway.url, { method: 'POST', headers: { 'content-length': '100' } });
      request.on('error', () => resolve());
      request.write('SELECT', () => request.destroy(new Error('gone')));
    });
    expect((await ask({ query: 'SELECT 1' })).text).toBe('1\n');
  });
});

test("Grafana's plug-in gets the first answer in its own revision, and all later ones in revision 0", async () => {
  const native = { default_format: 'Native', client_protocol_version: '54460' };
  const greeting = await fetch(`${gateway.url}/?${new URLSearchParams(native).toString()}`, {
    method: 'POST',
    body: 'SELECT displayName(), version(), revision(), timezone()',
  });
  const bytes = Buffer.from(await greeting.arrayBuffer());
  expect([...bytes.subarray(0, 10)]).toEqual([1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0, 4, 1]);
  expect(bytes.includes(Buffer.concat([Buffer.from('UInt32'), Buffer.from([0, 0, 0, 0, 0])]))).toBe(true);
  const plain = await fetch(
    `${gateway.url}/?${new URLSearchParams({ ...native, client_protocol_version: '0' }).toString()}`,
    {
      method: 'POST',
      body: 'SELECT toUInt8(5) AS n',
    },
  );
  expect([...Buffer.from(await plain.arrayBuffer())]).toEqual([1, 1, 1, 0x6e, 5, ...Buffer.from('UInt8'), 5]);
});

test('a port that is taken gives an error of one line that names the port and the flag', async () => {
  await expect(
    serveClickHouse(store, { port: gateway.port, token: '', database: 'faultline' }),
  ).rejects.toMatchObject({
    code: 'unavailable',
    message: `port ${gateway.port} of 127.0.0.1 is in use: choose another with --clickhouse-http (--port of faultline clickhouse)`,
  });
});

test('closing answers the running requests and accepts no more', async () => {
  const other = await serveClickHouse(store, { port: 0, token, database: 'faultline' });
  const slow = fetch(`${other.url}/?query=SELECT+sleep(0.5)`);
  await fetch(`${other.url}/ping`);
  await other.close();
  expect(await (await slow).text()).toBe('0\n');
  await expect(fetch(`${other.url}/ping`)).rejects.toThrow('fetch failed');
});

describe.runIf(spawnSync('curl', ['--version']).status === 0)('curl', () => {
  const curl = async (...args: string[]) =>
    (await promisify(execFile)('curl', ['-sS', '--max-time', '20', ...args])).stdout;

  test('selects and inserts', async () => {
    await freshTable('by_curl');
    const file = path.join(import.meta.dirname, 'schema', '001_tables.sql');
    const login = ['--user', `default:${token}`];
    await curl(
      ...login,
      '--data-binary',
      `@${file}`,
      `${gateway.url}/?query=INSERT+INTO+by_curl+(b)+FORMAT+LineAsString`,
    );
    await curl(...login, '--data-binary', '1\tone\n', `${gateway.url}/?query=INSERT+INTO+by_curl+FORMAT+TSV`);
    expect(await curl('--data-binary', "SELECT b FROM by_curl WHERE b = 'one'", gateway.url)).toBe('one\n');
    expect(await curl('-G', '--data-urlencode', 'query=SELECT count() > 10 FROM by_curl', gateway.url)).toBe(
      '1\n',
    );
  });
});
