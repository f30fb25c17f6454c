import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readStatement } from './statement.ts';

const read = (text: string) => readStatement(Buffer.from(text));

describe('the end of a statement', () => {
  it.each([
    ['one statement', 'SELECT 1', false],
    ['a final semicolon', 'SELECT 1 ; ', false],
    ['several final semicolons and a comment', 'SELECT 1;; -- done;\n', false],
    ['two statements', 'SELECT 1; SELECT 2', true],
    ['a semicolon in a string', "SELECT 'a;b'", false],
    ['a semicolon after an escaped quote', "SELECT 'a\\';b'", false],
    ['a semicolon after a doubled quote', "SELECT 'a'';b'", false],
    ['a string that ends in a backslash', "SELECT 'a\\\\'; SELECT 2", true],
    ['a semicolon in a quoted name', 'SELECT 1 AS `a;b`, 2 AS "c;d"', false],
    ['a semicolon in a line comment', 'SELECT 1 -- a; b', false],
    ['a line comment that ends', 'SELECT 1 -- a\n; SELECT 2', true],
    ['a semicolon in a comment of the shell', 'SELECT 1 # a; b', false],
    ['a semicolon in a comment of slashes', 'SELECT 1 // a; b', false],
    ['a semicolon in nested comments', 'SELECT 1 /* a /* b */ ; SELECT 2 */', false],
    ['a comment that ends', 'SELECT 1 /* a */ ; SELECT 2', true],
    ['a semicolon in a heredoc', 'SELECT $x$ ; $ $x$, $$;$$', false],
    ['a heredoc that ends', 'SELECT $x$ $x$; SELECT 2', true],
    ['semicolons in typographic quotes', 'SELECT ‘a;b’, 1 AS “c;d”', false],
    ['a semicolon in the rows of VALUES', "INSERT INTO t VALUES (1, 'a;b')", false],
    ['a statement after VALUES', "INSERT INTO t VALUES (1, 'a'); SELECT 1", true],
    ['semicolons in the data of an insert', 'INSERT INTO t FORMAT TSV\n1\ta;b;\n', false],
  ])('is found with %s', (_name, text, hasMore) => {
    expect(read(text).hasMore).toBe(hasMore);
  });

  it('is found after any string, however many quotes it escapes', () => {
    fc.assert(
      fc.property(fc.string(), fc.boolean(), (text, more) => {
        const quoted = `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
        expect(read(`SELECT ${quoted}${more ? ' ; SELECT 2' : ''}`).hasMore).toBe(more);
      }),
    );
  });

  it('is never beyond the last byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const statement = readStatement(Buffer.from(bytes));
        expect(statement.end).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });

  it('takes time in proportion to the bytes', () => {
    const hostile = ['/*', "'", '$', '(', '`\\', '“', '--'].map((part) => part.repeat(200_001));
    for (const text of hostile) expect(read(`SELECT ${text}`).end).toBeGreaterThan(0);
  });
});

it('refuses many heredocs without an end, because each search for an end takes time', () => {
  const tags = Array.from({ length: 10_000 }, (_item, i) => `$a${i}$`).join(' ');
  expect(() => read(`SELECT ${tags}`)).toThrow('over 100 heredocs without an end');
});

describe('the format of the answer', () => {
  it.each([
    ['SELECT 1', ''],
    ['SELECT 1 FORMAT JSONEachRow', 'JSONEachRow'],
    ['select 1 format CSV ;', 'CSV'],
    ['SELECT 1 FORMAT TSV SETTINGS max_threads = 1', 'TSV'],
    ['SELECT 1 SETTINGS max_threads = 1 FORMAT TSV', 'TSV'],
    ['SELECT (SELECT 1 FORMAT TSV)', ''],
    ['SELECT format AS x FROM t', ''],
    ["SELECT 'FORMAT CSV'", ''],
    ['SELECT 1 -- FORMAT CSV', ''],
  ])('of %s is "%s"', (text, format) => {
    expect(read(text).format).toBe(format);
  });
});

describe('files beside the statement', () => {
  it.each([
    ["SELECT 1 INTO OUTFILE '/tmp/x'", true],
    ["SELECT 1 into\n/* */ outfile '/tmp/x'", true],
    ["INSERT INTO t FROM INFILE '/tmp/x' FORMAT CSV", true],
    ["SELECT 'INTO OUTFILE'", false],
  ])('files of %s: %s', (text, usesFile) => {
    expect(read(text).usesFile).toBe(usesFile);
  });
});

describe('an insert with data', () => {
  it('does not change the data', () => {
    const text = 'INSERT INTO db.t (a, b) FORMAT TabSeparated\n1\t2\n';
    const { insert } = read(text);
    expect(insert).toEqual({
      target: 'db.t (a, b)',
      plain: { table: 'db.t', columns: ['a', 'b'] },
      settings: '',
      format: 'TabSeparated',
      dataStart: text.indexOf('1\t2'),
    });
  });

  it.each([
    ['names without columns', 'insert into table t format CSV 1,2', { table: 't', columns: null }, '1,2'],
    ['quoted names', 'INSERT INTO `t` (`a b`) FORMAT CSV\r\n1', null, '1'],
    ['computed columns', 'INSERT INTO t (* EXCEPT (a)) FORMAT CSV\n1', null, '1'],
    ['a name of other letters', 'INSERT INTO tä FORMAT CSV\n1', null, '1'],
    [
      'data that begin with spaces on their own line',
      'INSERT INTO t FORMAT TSV\n  1',
      { table: 't', columns: null },
      '  1',
    ],
  ])('has %s', (_name, text, plain, data) => {
    const { insert } = read(text);
    expect(insert?.plain).toEqual(plain);
    expect(text.slice(Buffer.from(text).length === text.length ? insert?.dataStart : -1)).toBe(data);
  });

  it('keeps its settings', () => {
    const { insert } = read("INSERT INTO t SETTINGS insert_deduplication_token = 'a;b', x = 1 FORMAT TSV\n1");
    expect(insert).toMatchObject({ settings: "insert_deduplication_token = 'a;b', x = 1", format: 'TSV' });
  });

  it.each([
    'INSERT INTO t SELECT 1',
    'INSERT INTO t (a) VALUES (1)',
    'INSERT INTO t SETTINGS x = 1 VALUES (1)',
    "INSERT INTO FUNCTION file('x') FORMAT TSV\n1",
    'INSERT INTO t (a FORMAT TSV\n1',
    'INSERT',
  ])('is not %s', (text) => {
    expect(read(text).insert).toBeNull();
  });
});
