import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openEmbedded } from '../../tests/fixtures/embedded-store.ts';
import type { Engine, Store } from '../store.ts';
import { type Gateway, serveClickHouse } from '../http-gateway.ts';
import { parse } from './admission.ts';
import { judge } from './judge.ts';
import { functionsQuery, type ReaderRights, readerRights } from './reader-rights.ts';

// A stranger on the machine must not read its files or call addresses through the engine. With the token, the
// statements below do both, so their refusal without it means something.
const token = 'the-token';
const SECRET = 'planted-secret-4711';
let directory: string;
let outside: string;
let store: Store;
let gateway: Gateway;
let target: Server;
let address: string;
let hits = 0;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'faultline-'));
  outside = await mkdtemp(path.join(tmpdir(), 'faultline-outside-'));
  await writeFile(path.join(outside, 'secret'), `${SECRET}\n`);
  store = await openEmbedded(directory);
  gateway = await serveClickHouse(store, { port: 0, token, database: 'faultline' });
  await ask('CREATE TABLE t (a UInt32, b String) ENGINE = MergeTree ORDER BY a', { password: token });
  await ask("INSERT INTO t VALUES (1, 'one')", { password: token });
  target = createServer((_request, response) => {
    hits += 1;
    response.end(`${SECRET}\n`);
  });
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  address = `127.0.0.1:${(target.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await gateway.close();
  await store.close();
  await new Promise((resolve) => target.close(resolve));
  await rm(directory, { recursive: true, force: true });
  await rm(outside, { recursive: true, force: true });
});

async function ask(body: string, query: Record<string, string> = {}) {
  const response = await fetch(`${gateway.url}/?${new URLSearchParams(query).toString()}`, {
    method: 'POST',
    body,
  });
  return { status: response.status, text: await response.text() };
}

function engineOf({ engine }: Store): Engine {
  if (engine === undefined) throw new Error('the store has no engine');
  return engine;
}

async function rightsOf(opened: Store): Promise<ReaderRights> {
  const session = engineOf(opened).openSession();
  const answer = await session.run(functionsQuery);
  session.close();
  return readerRights('faultline', answer.bytes.toString());
}

/** Characters that the engine's lexer treats as blanks and ours does not. */
const wideBlanks =
  '\u2028,\u2029,\u00a0,\u3000,\u2000,\u200c,\u2060,\u180e,\u205f,\u0085,\ufeff,\u200b'.split(',');
const blanks = [
  '',
  ' ',
  '\n',
  '\t',
  '\v',
  '\f',
  '/**/',
  "/* ' */",
  '/* /* */ */',
  '--\n',
  '# x\n',
  '#!\n',
  '// \n',
  ...wideBlanks,
];
const blank = fc.constantFrom(...blanks);
const word = (name: string): fc.Arbitrary<string> =>
  fc.constantFrom(
    name,
    `\`${name}\``,
    `"${name}"`,
    `“${name}”`,
    `\`${name.slice(0, -1)}\\x${name.charCodeAt(name.length - 1).toString(16)}\``,
  );
const text = (value: string): fc.Arbitrary<string> =>
  fc.constantFrom(
    `'${value}'`,
    `$$${value}$$`,
    `$x$${value}$x$`,
    `‘${value}’`,
    `concat('${value}', '')`,
    `'${value.replace('/', '\\x2f')}'`,
  );

/** Calls that return the secret as a text. */
function call(): fc.Arbitrary<string> {
  return fc
    .tuple(word('file'), blank, blank, text(path.join(outside, 'secret')))
    .map(([name, before, inside, file]) => `${name}${before}(${inside}${file}${inside})`);
}

/** Statements that return the value of a call, each in another part of the grammar. */
const places: readonly ((call: string, blank: string) => string)[] = [
  (call) => `SELECT ${call}`,
  (call, b) => `SELECT${b === '' ? ' ' : b}${call} AS x FORMAT JSON`,
  (call) => `SELECT arrayMap(x -> ${call}, [1])`,
  (call) => `WITH ${call} AS f SELECT f`,
  (call) => `WITH x -> ${call} AS f SELECT f(1)`,
  (call) => `WITH f AS (SELECT ${call} AS v) SELECT v FROM f`,
  (call) => `SELECT (SELECT ${call})`,
  (call) => `SELECT * FROM (SELECT ${call})`,
  (call) => `SELECT * FROM view(SELECT ${call})`,
  (call) => `SELECT 1, '' UNION ALL SELECT 2, ${call}`,
  (call) => `(SELECT ${call})`,
  (call) => `SELECT * REPLACE (${call} AS b) FROM t`,
  (call) => `SELECT b APPLY (x -> ${call}) FROM t`,
  (call) => `SELECT throwIf(1, concat('', ${call})) FROM t`,
  (call) => `SELECT any(b) OVER (ORDER BY ${call}), ${call} FROM t`,
  (call) => `SELECT ${call} FROM t GROUP BY ${call} HAVING ${call} != '' ORDER BY ${call} LIMIT 1 BY ${call}`,
  (call) => `SELECT b FROM t ARRAY JOIN [${call}] AS c WHERE length(c) > 0 UNION ALL SELECT ${call}`,
  (call) => `SELECT CASE WHEN 1 THEN ${call} END, {'a': ${call}}, (${call}, 1), [${call}]`,
  (call) => `EXPLAIN SYNTAX SELECT ${call}`,
  (call) => `SELECT * FROM (EXPLAIN SELECT ${call})`,
  (call) => `DESCRIBE (SELECT ${call}) FORMAT JSON`,
  (call) => `SHOW TABLES WHERE ${call} LIKE 'planted%'`,
  (call) => `SHOW COLUMNS FROM t WHERE ${call} LIKE 'planted%'`,
  (call) => `SELECT b FROM t ORDER BY a WITH FILL TO 3 INTERPOLATE (b AS ${call})`,
  (call) => `FROM t SELECT ${call}`,
  (call) => `SELECT 1 AS a SETTINGS max_threads = 1 UNION ALL SELECT length(${call})`,
  (call) => `SELECT concat(${call}, ${call}) QUALIFY row_number() OVER () = 1`,
];

const reads = (): fc.Arbitrary<string> =>
  fc.tuple(call(), fc.constantFrom(...places), blank).map(([called, place, b]) => place(called, b));

/** Names without a call, tables, addresses, programs, and internals of the engine. */
function others(): fc.Arbitrary<string> {
  const file = path.join(outside, 'secret');
  const url = `http://${address}/`;
  return fc
    .tuple(
      blank,
      fc.constantFrom<(b: string) => string>(
        (b) => `SELECT arrayMap(file${b}, ['${file}'])`,
        (b) => `SELECT * APPLY${b}file FROM (SELECT '${file}')`,
        (b) => `SELECT * APPLY(${b}file) FROM (SELECT '${file}')`,
        (b) => `WITH file AS f SELECT arrayMap(f${b}, ['${file}'])`,
        (b) => `SELECT *${b}FROM default.\`${file}\``,
        (b) => `SELECT 1 IN${b}(default.\`${file}\`)`,
        (b) => `SELECT '${SECRET}' IN${b} default.\`${file}\``,
        (b) => `EXISTS TABLE${b} default.\`${file}\``,
        (b) => `DESCRIBE${b} default.\`${file}\``,
        (b) => `SELECT hasColumnInTable${b}('default', '${file}', 'c1')`,
        (b) => `SELECT * FROM file${b}('${file}', 'LineAsString')`,
        (b) => `SELECT * FROM filesystem${b}('${outside}')`,
        (b) => `SELECT * FROM url${b}('${url}', 'LineAsString', 'a String')`,
        (b) => `SELECT 1 IN (SELECT * FROM url${b}('${url}', 'LineAsString', 'a String'))`,
        (b) => `SELECT * FROM s3${b}('${url}b/k', 'LineAsString', 'a String')`,
        (b) => `SELECT * FROM remote${b}('${address}', system.one)`,
        (b) => `SELECT * FROM mysql${b}('${address}', 'd', 't', 'u', 'p')`,
        (b) => `SELECT * FROM executable${b}('cat', 'TSV', 'a String')`,
        (b) => `SELECT * FROM dictionary${b}('d')`,
        (b) => `SELECT dictGet${b}('d', 'a', 1)`,
        (b) => `SELECT * FROM merge${b}('system', 'users')`,
        (b) => `SELECT * FROM cluster${b}('default', system.users)`,
        (b) => `SELECT * FROM loop${b}(system.users)`,
        (b) => `SELECT * FROM viewExplain${b}('EXPLAIN', '', (SELECT file('${file}')))`,
        (b) => `DESCRIBE${b} url('${url}', 'CSV')`,
        (b) => `DESC TABLE${b} s3('${url}b/k')`,
        (b) => `EXPLAIN${b === '' ? ' ' : b}TABLE OVERRIDE mysql('${address}', 'd', 't', 'u', 'p')`,
        (b) => `EXPLAIN SELECT * FROM url${b}('${url}', 'CSV')`,
        (b) => `SELECT 1 INTO${b === '' ? ' ' : b}OUTFILE '${path.join(outside, 'out')}'`,
        (b) => `SHOW TABLES INTO${b === '' ? ' ' : b}OUTFILE '${path.join(outside, 'out')}'`,
        (b) => `SELECT 1 AS a${b};${b}SELECT file('${file}')`,
        (b) => `SELECT 1${b};${b}SELECT 1 INTO OUTFILE '${path.join(outside, 'out')}'`,
        (b) =>
          `SELECT count() FROM t SETTINGS${b === '' ? ' ' : b}additional_table_filters = {'t': 'length(file(''${file}'')) > 0'}`,
        (b) => `SELECT * FROM${b === '' ? ' ' : b}system.users`,
        (b) => `SELECT name${b}FROM "system"."server_settings"`,
        (b) => `SELECT 'x' IN${b} (system.processes)`,
        (b) => `SELECT * FROM t JOIN${b} system.named_collections AS n ON 1`,
        (b) => `SELECT getServerSetting${b}('max_server_memory_usage')`,
        (b) => `SELECT showCertificate${b}()`,
        (b) => `SHOW${b === '' ? ' ' : b}PROCESSLIST`,
        (b) => `SHOW${b === '' ? ' ' : b}GRANTS`,
        (b) => `SELECT aiGenerate${b}('x', 'y')`,
        (b) =>
          `EXPLAIN INSERT INTO t VALUES (1, '')${b};${b}SELECT 1 INTO OUTFILE '${path.join(outside, 'out')}'`,
        (b) =>
          `WITH 1 AS x INSERT INTO t FORMAT TSV${b};${b}SELECT 1 INTO OUTFILE '${path.join(outside, 'out')}'`,
        (b) => `INSERT INTO FUNCTION${b} url('${url}', 'CSV', 'a String') SELECT 'x'`,
        (b) => `WITH 1 AS x INSERT INTO t${b} SELECT x, ''`,
      ),
    )
    .map(([b, statement]) => statement(b));
}

async function passes(statement: string, query: Record<string, string> = {}): Promise<string | null> {
  const answer = await ask(statement, query);
  return answer.status === 200 ? answer.text : null;
}

describe('without the token', () => {
  test('no statement reads a file, wherever the call is and however it is written', async () => {
    await fc.assert(
      fc.asyncProperty(
        reads(),
        fc.constantFrom({}, { database: 'default' }, { max_threads: '2' }),
        async (sql, query) => {
          const answer = await ask(sql, query);
          expect(answer.status, answer.text).not.toBe(200);
          // A refusal may quote the statement with its path, but never the content.
          expect(answer.text).not.toContain(SECRET);
        },
      ),
      { numRuns: 800 },
    );
  });

  test('no statement reaches a file, an address, a program or internals of the engine', async () => {
    await fc.assert(
      fc.asyncProperty(others(), async (sql) => {
        expect(await passes(sql), sql).toBeNull();
      }),
      { numRuns: 800 },
    );
    expect(hits).toBe(0);
    expect(await readdir(outside)).toEqual(['secret']);
  });

  test('the parse of the engine alone is enough, without the check for ASCII', async () => {
    const rights = await rightsOf(store);
    await fc.assert(
      fc.asyncProperty(fc.oneof(reads(), others()), async (sql) => {
        const session = engineOf(store).openSession();
        try {
          const parsed = await parse(session, sql).catch(() => null);
          if (parsed !== null)
            expect(() => judge({ ...parsed, database: 'faultline', params: {} }, rights), sql).toThrow();
        } finally {
          session.close();
        }
      }),
      { numRuns: 600 },
    );
    expect([hits, await readdir(outside)]).toEqual([0, ['secret']]);
  });

  test('every function of the engine that is not allowed is refused, also by its bare name', async () => {
    const rights = await rightsOf(store);
    const names = (await ask('SELECT DISTINCT name FROM system.functions')).text.trim().split('\n');
    const refused = names.filter(
      (name) => !rights.functions.has(name.toLowerCase()) && !rights.aggregates.has(name.toLowerCase()),
    );
    expect(refused).toEqual(
      expect.arrayContaining(['file', 'dictGet', 'joinGet', 'aiGenerate', 'AIGenerate']),
    );
    for (const name of refused)
      for (const sql of [`SELECT \`${name}\`(1)`, `SELECT arrayMap(\`${name}\`, ['x'])`])
        expect(await passes(sql), sql).toBeNull();
  });

  test('a statement that takes the parser long is refused quickly', async () => {
    const deep = `SELECT ${Array.from({ length: 120 }, () => '['.repeat(900) + ']'.repeat(900)).join(',')}`;
    const started = performance.now();
    expect((await ask(deep)).text).toContain('Code: 718.');
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test('a read takes no more memory than its limit', async () => {
    const answer = await ask('SELECT length(groupArray(number)) FROM numbers(3000000)', {
      max_memory_usage: '10000000',
    });
    expect(answer.text).toContain('Code: 241.');
  });

  test('no placeholder can name a function or a table of another database', async () => {
    const file = path.join(outside, 'secret');
    const values = [
      'file',
      'fi\\x6ce',
      'file\\n',
      `default.${file}`,
      file,
      'system.users',
      'system.processes',
      'x\\n Literal',
    ];
    for (const value of values) {
      for (const sql of [
        `SELECT arrayMap({p:Identifier}, ['${file}'])`,
        `SELECT {p:Identifier}('${file}')`,
        'SELECT * FROM {p:Identifier}',
        'SELECT 1 IN {p:Identifier}',
        'DESCRIBE {p:Identifier}',
        'SELECT * FROM default.{p:Identifier}',
      ])
        expect(await passes(sql, { param_p: value }), `${sql} with ${value}`).toBeNull();
    }
    expect(
      await passes('SELECT * FROM {d:Identifier}.{p:Identifier}', { param_d: 'default', param_p: file }),
    ).toBeNull();
  });

  test('a reader cannot read files when the database is default', async () => {
    for (const database of ['default', 'system', 'information_schema'])
      for (const sql of [
        `SELECT * FROM \`${path.join(outside, 'secret')}\``,
        'SELECT * FROM users',
        'SELECT * FROM `faultline.t`',
      ])
        expect(await passes(sql, { database }), sql).toBeNull();
  });
});

test('the largest number of readers at once does not lock out a client with the token', async () => {
  // Each request announces a body and never sends it.
  const head = 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n';
  const sockets = new Set<Socket>();
  let isOver = false;
  // A busy gateway closes connections whose first bytes it read too late. Each is opened again.
  const open = (): void => {
    if (isOver) return;
    const socket = connect(gateway.port, '127.0.0.1', () => socket.write(head));
    sockets.add(socket);
    socket.on('error', () => undefined).resume();
    socket.once('close', () => {
      sockets.delete(socket);
      setTimeout(open, 50);
    });
  };
  for (let i = 0; i < 250; i++) open();
  const answers = async (status: number) =>
    vi.waitFor(async () => expect((await ask('SELECT 1')).status).toBe(status), {
      timeout: 30_000,
      interval: 50,
    });
  try {
    await answers(503);
    const write = await ask("INSERT INTO t VALUES (2, 'two')", { password: token });
    expect(write.status, write.text).toBe(200);
  } finally {
    isOver = true;
    for (const socket of sockets) socket.destroy();
  }
  await answers(200);
});

test('with the token the same statements do read the file', async () => {
  const samples = fc.sample(reads(), { numRuns: 300, seed: 42 });
  let read = 0;
  for (const sql of samples) if ((await ask(sql, { password: token })).text.includes(SECRET)) read += 1;
  expect(read).toBeGreaterThan(100);
});

describe('without the token one can still', () => {
  test.each([
    'SELECT version(), timezone(), currentDatabase(), 1',
    'SELECT name FROM system.databases',
    "SELECT name FROM system.tables WHERE database = 'faultline'",
    "SELECT name, type, table FROM system.columns WHERE database IN ('faultline')",
    'SELECT name FROM system.functions',
    'DESC TABLE "faultline"."t"',
    'DESCRIBE TABLE t FORMAT JSON',
    'SHOW DATABASES',
    "SHOW TABLES FROM faultline LIKE '%'",
    'SHOW COLUMNS FROM t FROM faultline',
    'SHOW CREATE TABLE faultline.t',
    'EXISTS TABLE t',
    'SELECT DISTINCT b FROM faultline.t LIMIT 1000',
    'EXPLAIN ESTIMATE SELECT * FROM t',
    'EXPLAIN indexes = 1 SELECT * FROM t WHERE a = 1',
    'EXPLAIN AST SELECT lower(b) FROM t',
    'EXPLAIN QUERY TREE SELECT a FROM t',
    'EXPLAIN PIPELINE SELECT a FROM t FORMAT JSON',
    'SELECT * FROM t FORMAT Null',
    'SELECT 1 FORMAT Values',
    'SELECT sumIf(a, b != 1::String), countDistinct(a), quantileTDigestIf(0.5)(a, 1), SUM(a), uniqExactOrNull(a) FROM t',
    'WITH x -> x + 1 AS f SELECT f(a) FROM t',
    'WITH c AS (SELECT a FROM t) SELECT a IN (SELECT a FROM c), a IN c FROM c',
    'SELECT a AS `größe (ms) / min`, 1 AS "a.b" FROM t -- größe',
    "SELECT 'größe', '\u3000“file”' /* “file” */",
    'SELECT a, lagInFrame(a) OVER (PARTITION BY b ORDER BY a ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t AS x JOIN faultline.t AS y USING (a)',
    'SELECT number AS n FROM numbers(3) UNION ALL SELECT a AS n FROM t ORDER BY n WITH FILL LIMIT 2',
    "SELECT * EXCEPT (b), COLUMNS('a') FROM t ARRAY JOIN [1] AS c QUALIFY row_number() OVER () = 1",
  ])('%s', async (sql) => {
    const answer = await ask(sql);
    expect(answer.status, answer.text).toBe(200);
  });
});
