import { describe, expect, it } from 'vitest';
import { refuseOtherThanAscii } from './admission.ts';
import { judge, refuseInsert } from './judge.ts';
import { readerRights } from './reader-rights.ts';

const rights = readerRights(
  'faultline',
  [
    ['lower', 'String', '', 0],
    ['LCASE', '', 'lower', 0],
    ['sum', '', '', 1],
    ['in', 'Comparison', '', 0],
    ['file', 'Other', '', 0],
    ['dictGet', 'Dictionary', '', 0],
  ]
    .map((row) => row.join('\t'))
    .join('\n'),
);
/** Judges a tree that is given with its indentation. */
const judged =
  (tree: string, { text = 'SELECT', database = 'faultline', params = {} } = {}) =>
  (): void =>
    judge({ tree, text, database, params }, rights);
const select = (...lines: string[]): string => ['SelectWithUnionQuery (children 1)', ...lines].join('\n');

describe('a parsed statement', () => {
  it.each([
    ['a function of an allowed category', select('  Function lower (alias x) (children 1)')],
    ['the alias of that function', select('  Function LCASE (children 1)')],
    ['an aggregate with suffixes', select('  Function sumIfOrNull (children 1)')],
    [
      'a function that it defines',
      select('  Function lambda (alias f) (children 1)', '  Function f (children 1)'),
    ],
    ['a table of its database', select('  TableIdentifier t (alias x)', '  TableIdentifier faultline.t')],
    ['a table about tables', select('  TableIdentifier system.columns')],
    ['rows that are computed', select('  TableExpression (children 1)', '   Function numbers (children 1)')],
    ['a format with the name of a function', select(' Identifier file')],
  ])('passes with %s', (_name, tree) => {
    expect(judged(tree)).not.toThrow();
  });

  it.each([
    ['the function file', select('  Function file (alias x) (children 1)'), 164],
    ['the bare name of that function', select('  Identifier file'), 164],
    ['an unknown function', select('  Function nothing (children 1)'), 46],
    ['a table of another database', select('  TableIdentifier default./etc/passwd'), 81],
    ['a table of the engine', select('  TableIdentifier system.users'), 164],
    ['a table function', select('  TableExpression (children 1)', '   Function url (children 1)'), 164],
    [
      'a scalar function in its place',
      select('  TableExpression (children 1)', '   Function lower (children 1)'),
      164,
    ],
    [
      'a set that is a table',
      select(
        '  Function in (children 1)',
        '   ExpressionList (children 2)',
        '    Identifier a',
        '    Identifier system.users',
      ),
      164,
    ],
    ['APPLY, whose function the tree leaves out', select('  ColumnsApplyTransformer'), 164],
    ['settings', select('  Set'), 164],
    ['an unknown kind of node', select('  SomethingNew'), 164],
    ['an output file', select(" Literal '/tmp/x'"), 48],
    ['another statement', 'InsertQuery   (children 1)', 164],
    ['EXPLAIN of an address', 'Explain EXPLAIN TABLE OVERRIDE (children 2)', 164],
    ['nothing', '', 164],
  ])('is refused with %s', (_name, tree, code) => {
    expect(judged(tree)).toThrow(expect.objectContaining({ code }));
  });

  it.each([
    ["SHOW TABLES FROM `a b` NOT ILIKE 'x\\'y' LIMIT 5 FORMAT JSON", 'ShowTables', true],
    ["SHOW TABLES WHERE file('/etc/passwd') = ''", 'ShowTables', false],
    ["SHOW TABLES LIKE '' WHERE ' LIKE '", 'ShowTables', false],
    ['SHOW PROCESSLIST', 'ShowProcesslistQuery', false],
    ['EXISTS TABLE `t`', 'ExistsTableQuery', true],
    ['EXISTS TABLE default.`/etc/passwd`', 'ExistsTableQuery', false],
    ['SHOW CREATE TABLE system.users', 'ShowCreateTableQuery', false],
  ])('%s passes: %s %s', (text, kind, passes) => {
    const act = judged(`${kind} (children 1)`, { text });
    if (passes) expect(act).not.toThrow();
    else expect(act).toThrow();
  });

  it('hides no node behind a line end in a name', () => {
    expect(judged(select('  Identifier x'), { text: 'SELECT `x\\n`' })).toThrow('backslash');
    expect(judged(select('  Identifier x'), { text: "SELECT '`\\n', `x`" })).not.toThrow();
    const text = 'SELECT {p:Identifier}';
    expect(judged(select('  Identifier x'), { text, params: { param_p: 'x\\ny' } })).toThrow(
      'in a placeholder',
    );
    expect(judged(select('  Identifier x'), { text, params: { param_p: 'x' } })).not.toThrow();
  });

  it('checks a dotted name in both of its meanings', () => {
    const tree = select('  TableIdentifier faultline.t');
    expect(judged(tree, { database: 'default' })).not.toThrow();
    expect(judged(tree, { database: 'default', text: 'SELECT * FROM `faultline.t`' })).toThrow('"default"');
  });
});

it.each([
  ['aliases in a literal', select(`  Literal '${' (alias )'.repeat(30_000)}'`), 'SELECT'],
  ['aliases in a name', select(`  Identifier ${' (alias )'.repeat(30_000)}`), 'SELECT'],
  ['suffixes', select(`  Function ${'if'.repeat(130_000)} (children 1)`), 'SELECT'],
  ['dots after a name', select('  Asterisk'), `SELECT \`a\` ${'a.b, '.repeat(50_000)}`],
  ['quotes', select('  Asterisk'), `SELECT ${"'\\'', `a`, ".repeat(20_000)}`],
  ['braces', select('  Asterisk'), `SELECT ${'{a'.repeat(120_000)}`],
])('takes time in proportion to the bytes: %s', (_name, tree, text) => {
  const started = performance.now();
  expect(() => {
    try {
      judge({ tree, text, database: 'faultline', params: {} }, rights);
    } catch (error) {
      if (!(error instanceof Error && error.name === 'Exception')) throw error;
    }
  }).not.toThrow();
  expect(performance.now() - started).toBeLessThan(2_000);
});

describe('letters other than ASCII', () => {
  it.each(["SELECT 'ä\u2028'", 'SELECT 1 AS `größe`, 2 AS "größe"', 'SELECT 1 /* ä */ -- ä', 'SELECT $$ä$$'])(
    'stand in %s',
    (sql) => {
      expect(() => refuseOtherThanAscii(sql)).not.toThrow();
    },
  );

  it.each([
    'SELECT file\u2028(1)',
    'SELECT “file”(1)',
    'SELECT ‘a’',
    'SELECT\u00a01',
    'SELECT ä',
    'SELECT 1\0',
  ])('are refused in %j', (sql) => {
    expect(() => refuseOtherThanAscii(sql)).toThrow(expect.objectContaining({ code: 62 }));
  });
});

describe('an insert, whose rows nobody parses,', () => {
  it.each([
    'INSERT INTO t FORMAT Values',
    'EXPLAIN INSERT INTO t FORMAT Values',
    'WITH 1 AS x INSERT INTO t SELECT x',
  ])('is refused: %s', (text) => {
    expect(() => refuseInsert(text)).toThrow('INSERT needs the token');
  });

  it("is not found in SELECT 'INSERT', `INSERT`", () => {
    expect(() => refuseInsert("SELECT 'INSERT', `INSERT`, inserted")).not.toThrow();
  });
});
