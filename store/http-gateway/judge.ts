import { Exception } from './exception.ts';
import { type ReaderRights, systemTables, tableFunctions } from './reader-rights.ts';
import { type TreeNode, readTree } from './tree.ts';

/** A statement as the engine parsed it. */
export interface ParsedStatement {
  /** The statement as the engine formats it: one line, no comments, names in backticks where necessary. */
  text: string;
  /** The answer to EXPLAIN AST: one node per line, each child indented by one more space. */
  tree: string;
  /** Database of names that are written without one. */
  database: string;
  /** Values of placeholders, under `param_` and the name. */
  params: Readonly<Record<string, string>>;
}

/**
 * Refuses a statement unless everything in it may be read without the token: kinds of nodes, tables, table functions,
 * functions. Unknown names are refused. Throws `Exception`. Pure.
 */
export function judge(parsed: ParsedStatement, rights: ReaderRights): void {
  const names = readNames(parsed.text);
  refuseHiddenNames(names, parsed.params);
  const nodes = readTree(parsed.tree);
  const [root] = nodes;
  if (root === undefined || !roots.has(root.kind))
    throw refusal(`A statement of kind ${root?.kind ?? 'none'}`);
  if (root.kind === 'Explain' && !explains.test(root.rest)) throw refusal(root.rest);
  if (nodes.some((node) => node.depth === 1 && node.kind === 'Literal')) throw outfile();
  const check: StatementCheck = {
    ...parsed,
    rights,
    mayHoldDot: names.quoted.some((name) => name.includes('.')) || names.bare.includes(':Identifier}'),
    lambdas: new Set(
      nodes.flatMap(({ kind, name, alias }) => (kind === 'Function' && name === 'lambda' ? [alias] : [])),
    ),
  };
  if (opaque.test(root.kind)) return judgeShape(check);
  for (const node of nodes) judgeNode(node, check);
}

interface StatementCheck extends ParsedStatement {
  rights: ReaderRights;
  /** A single name may contain a dot, so `a.b` in the tree may be one name or two. */
  mayHoldDot: boolean;
  /** Names of the functions that the statement itself defines. */
  lambdas: ReadonlySet<string>;
}

function judgeNode(node: TreeNode, check: StatementCheck): void {
  const { kind, name, parent } = node;
  if (!kinds.has(kind)) throw refusal(hints[kind] ?? `A statement with ${kind}`);
  if (kind === 'TableIdentifier') judgeTable(name, check);
  if (kind === 'Function') {
    if (parent?.kind === 'TableExpression' && node.index === 0) judgeTableFunction(name);
    else judgeFunction(name, check);
  }
  // An identifier directly below the root is the name of a format.
  if (kind === 'Identifier' && node.depth > 1) {
    // A function can be passed by its bare name: `arrayMap(file, …)`.
    if (check.rights.known.has(name.toLowerCase())) judgeFunction(name, check);
    const call = parent?.parent;
    if (call?.kind === 'Function' && memberships.test(call.name) && node.index === 1) judgeTable(name, check);
  }
  if (kind === 'Set' && node.depth > 0 && parent?.kind !== 'Explain')
    throw refusal('SETTINGS in a query, other than in the address,');
}

function judgeTableFunction(name: string): void {
  if (!tableFunctions.has(name.toLowerCase())) throw refusal(`The table function ${name}`);
}

function judgeFunction(written: string, { rights, lambdas }: StatementCheck): void {
  const name = written.toLowerCase();
  if (rights.functions.has(name)) return;
  if (isAggregate(name, rights)) return;
  if (rights.known.has(name)) throw refusal(`The function ${written}`);
  if (!lambdas.has(written))
    throw new Exception(
      46,
      'UNKNOWN_FUNCTION',
      `Function with name ${JSON.stringify(written)} does not exist`,
    );
}

/** Whether the name is an aggregate, with or without suffixes such as `IfOrNull`. */
function isAggregate(name: string, { aggregates }: Pick<ReaderRights, 'aggregates'>): boolean {
  if (name.length > LONGEST_FUNCTION) return false;
  if (aggregates.has(name)) return true;
  const shorter = name.replace(combinators, '');
  return shorter !== name && isAggregate(shorter, { aggregates });
}

/** When `a.b` may be a table of a database or a table whose name contains a dot, both readings must be allowed. */
function judgeTable(written: string, { rights, database, mayHoldDot }: StatementCheck): void {
  const dot = written.indexOf('.');
  if (dot === -1 || mayHoldDot) judgePlace(database, written, rights);
  if (dot !== -1) judgePlace(written.slice(0, dot), written.slice(dot + 1), rights);
}

function judgePlace(database: string, table: string, rights: ReaderRights): void {
  if (database === rights.database) return;
  if (database !== 'system')
    throw new Exception(
      81,
      'UNKNOWN_DATABASE',
      `Database ${JSON.stringify(database)} does not exist, or needs the token as password: what anybody may read is in ${rights.database}`,
    );
  if (!systemTables.has(table)) throw refusal(`The table system.${table}`);
}

/** Judges SHOW and EXISTS. The tree leaves out their conditions, so only the forms in `shapes` are allowed. */
function judgeShape(check: StatementCheck): void {
  const shape = shapes.map((pattern) => pattern.exec(check.text)).find((match) => match !== null);
  if (shape === undefined) throw refusal(`This form of ${check.text.split(' ', 2).join(' ')}`);
  const { database = check.database, table } = shape?.groups ?? {};
  if (table !== undefined) judgePlace(unquote(database), unquote(table), check.rights);
}

function unquote(name: string): string {
  return name.replace(/^`(.*)`$/, '$1');
}

/**
 * Refuses names that could hide a node: a line end in a name would start another node in the tree. Applies to quoted
 * names and to names in placeholders.
 */
function refuseHiddenNames({ bare, quoted }: StatementNames, params: ParsedStatement['params']): void {
  if (quoted.some((name) => name.includes('\\')))
    throw refusal('A name with a backslash, a backtick or a line end');
  for (const [, name = ''] of bare.matchAll(/\{(\w+):Identifier\}/g)) {
    const value = params[`param_${name}`] ?? '';
    if (!/^[\w.]*$/.test(value)) throw refusal(`The name ${JSON.stringify(value)} in a placeholder`);
  }
}

/**
 * Refuses an insert, because the engine does not format what follows its rows: a second statement could hide there.
 * `text` is the statement as the engine formats it.
 */
export function refuseInsert(text: string): void {
  if (/\bINSERT\b/.test(readNames(text).bare)) throw refusal('INSERT');
}

interface StatementNames {
  /** The statement without string literals and quoted names. */
  bare: string;
  /** Quoted names, including their backticks. */
  quoted: string[];
}

/** Separates the quoted names from the rest of the text that the engine formatted. */
function readNames(text: string): StatementNames {
  const quoted: string[] = [];
  const bare = text.replaceAll(/'[^'\\]*(?:\\.[^'\\]*)*'|`[^`\\]*(?:\\.[^`\\]*)*`/gs, (part) => {
    if (part.startsWith('`')) quoted.push(part);
    return ' ';
  });
  return { bare, quoted };
}

function refusal(what: string): Exception {
  return new Exception(164, 'READONLY', `${what} needs the token as password`);
}

function outfile(): Exception {
  return new Exception(
    48,
    'NOT_IMPLEMENTED',
    'INTO OUTFILE is not served: the file would be one of this machine',
  );
}

const selects = 'SelectWithUnionQuery SelectIntersectExceptQuery SelectQuery';
const others = 'Explain DescribeQuery UseQuery Set';
const shows = 'ShowTables ShowColumns ShowFunctions ShowCreateTableQuery ExistsTableQuery';
const roots: ReadonlySet<string> = new Set(`${selects} ${others} ${shows}`.split(' '));
/** Kinds of nodes whose parts all appear in the tree. */
const kinds: ReadonlySet<string> = new Set(
  `${selects} ${others} Subquery WithElement ExpressionList TablesInSelectQuery TablesInSelectQueryElement
  TableExpression TableIdentifier TableJoin ArrayJoin SampleRatio Function Identifier Literal Asterisk QualifiedAsterisk
  ColumnsRegexpMatcher ColumnsListMatcher QualifiedColumnsRegexpMatcher QualifiedColumnsListMatcher
  ColumnsTransformerList ColumnsExceptTransformer ColumnsReplaceTransformer ColumnsReplaceTransformer::Replacement
  OrderByElement InterpolateElement WindowListElement WindowDefinition`.split(/\s+/),
);
const hints: Readonly<Record<string, string>> = {
  ColumnsApplyTransformer: 'APPLY, other than written out column by column,',
};
const explains = /^EXPLAIN(?: (?:AST|SYNTAX|QUERY TREE|PIPELINE|ESTIMATE))?(?: \(|$)/;
const memberships = /^(?:global)?(?:not)?(?:null)?in(?:ignoreset)?$/i;
const LONGEST_FUNCTION = 128;
const combinators =
  /(?:simplestate|ordefault|distinct|resample|foreach|argmax|argmin|ornull|tuple|merge|state|array|null|map|if)$/;

const opaque = /^(?:Show|Exists)/;
const name = '(?:\\w+|`[^`\\\\]*`)';
const place = `(?:(?<database>${name})\\.)?(?<table>${name})`;
const ending = "(?: (?:NOT )?I?LIKE '(?:[^'\\\\]|\\\\.)*')?(?: LIMIT \\d+)?(?: FORMAT \\w+)?$";
const shapes = [
  `^SHOW (?:FULL )?(?:TABLES|DICTIONARIES)(?: FROM ${name})?${ending}`,
  `^SHOW (?:DATABASES|FUNCTIONS|SETTINGS)${ending}`,
  `^SHOW (?:EXTENDED )?(?:FULL )?COLUMNS FROM ${name}(?: FROM ${name})?${ending}`,
  `^(?:SHOW CREATE|EXISTS) (?:TABLE|VIEW) ${place}(?: FORMAT \\w+)?$`,
].map((source) => new RegExp(source, 's'));
