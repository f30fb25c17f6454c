import { createLexer, type Lexer } from './lexer.ts';

/** The parts of a statement that decide who may run it, and how. */
export interface Statement {
  /**
   * The first word of the statement in upper case, or its first sign, such as `(`; empty when there is no statement.
   */
  verb: string;
  /** Bytes of the statement without the final semicolon: `[0, end)`. */
  end: number;
  /** True when another statement follows. */
  hasMore: boolean;
  /** The format of the answer, when the statement names one; otherwise empty. */
  format: string;
  /** INTO OUTFILE or FROM INFILE: the statement uses files of the engine's machine. */
  usesFile: boolean;
  /** Set when data follows the statement: `INSERT … FORMAT Name`. */
  insert: InsertHead | null;
}

/** The head of `INSERT … FORMAT Name`. Its data starts at `dataStart`. */
export interface InsertHead {
  /** Table and columns as they are written. */
  target: string;
  /** Table and columns when all are plain names; null when a name is quoted or computed. */
  plain: { table: string; columns: string[] | null } | null;
  /** The SETTINGS clause without the word SETTINGS; empty when there is none. */
  settings: string;
  format: string;
  dataStart: number;
}

/** Reads one statement. It does not read the data after `FORMAT Name` of an INSERT. Pure. */
export function readStatement(bytes: Buffer): Statement {
  const lexer = createLexer(bytes);
  const statement: Statement = {
    verb: lexer.is('end') ? '' : lexer.is('word') ? lexer.word() : lexer.text(),
    end: 0,
    hasMore: false,
    format: '',
    usesFile: false,
    insert: null,
  };
  if (statement.verb === 'INSERT') {
    statement.insert = readInsert(bytes);
    if (statement.insert !== null) return { ...statement, end: statement.insert.dataStart };
  }
  scan(lexer, statement);
  return statement;
}

const semicolon = 0x3b;
const open = 0x28;
const close = 0x29;
const comma = 0x2c;
const dot = 0x2e;

/** Walks over the whole statement and sets the fields of `statement`. */
function scan(lexer: Lexer, statement: Statement): void {
  let depth = 0;
  let before = '';
  let formatAt = -2;
  let index = 0;
  for (; !lexer.is('end'); index += 1) {
    const word = lexer.word();
    const sign = lexer.sign();
    if (sign === semicolon) {
      while (lexer.sign() === semicolon) lexer.next();
      statement.hasMore = !lexer.is('end');
      break;
    }
    if (sign === open) depth += 1;
    else if (sign === close) depth -= 1;
    const pair = `${before} ${word}`;
    if (pair === 'INTO OUTFILE' || pair === 'FROM INFILE') statement.usesFile = true;
    if (before === 'FORMAT' && word !== '' && depth === 0) {
      statement.format = lexer.text();
      formatAt = index;
    } else if (formatAt === index - 1 && word !== 'SETTINGS') formatAt = -2;
    before = word;
    statement.end = lexer.end;
    lexer.next();
  }
  // After the format only SETTINGS can follow; otherwise the word FORMAT was a name.
  if (formatAt === -2) statement.format = '';
}

/** Null when no data follows: INSERT … SELECT, VALUES, FROM INFILE, or an INSERT that this code does not understand. */
function readInsert(bytes: Buffer): InsertHead | null {
  const lexer = createLexer(bytes);
  lexer.next();
  if (lexer.word() === 'INTO') lexer.next();
  if (lexer.word() === 'TABLE') lexer.next();
  if (lexer.word() === 'FUNCTION') return null;
  const from = lexer.start;
  let to = from;
  let isPlain = true;
  const take = (): void => {
    if (lexer.is('quoted')) isPlain = false;
    to = lexer.end;
    lexer.next();
  };
  if (!lexer.is('word') && !lexer.is('quoted')) return null;
  take();
  while (lexer.sign() === dot) {
    take();
    if (!lexer.is('word') && !lexer.is('quoted')) return null;
    take();
  }
  const table = bytes.toString('utf8', from, to).replaceAll(/\s/g, '');
  let columns: string[] | null = null;
  if (lexer.sign() === open) {
    take();
    columns = [];
    for (let depth = 1; depth > 0; ) {
      if (lexer.is('end')) return null;
      if (lexer.sign() === open) depth += 1;
      else if (lexer.sign() === close) depth -= 1;
      else if (lexer.is('word')) columns.push(lexer.text());
      // `* EXCEPT (a)`, `t.a`: only the engine knows what they mean.
      else if (lexer.sign() !== comma) isPlain = false;
      if (depth > 1) isPlain = false;
      take();
    }
  }
  let settings = '';
  if (lexer.word() === 'SETTINGS') {
    lexer.next();
    const begin = lexer.start;
    let last = begin;
    while (!lexer.is('end') && lexer.word() !== 'FORMAT' && !startsRows(lexer.word())) {
      last = lexer.end;
      lexer.next();
    }
    settings = bytes.toString('utf8', begin, last);
  }
  if (lexer.word() !== 'FORMAT') return null;
  lexer.next();
  if (!lexer.is('word')) return null;
  const target = bytes.toString('utf8', from, to);
  const plain = isPlain && isAscii(target) ? { table, columns } : null;
  return { target, plain, settings, format: lexer.text(), dataStart: dataStart(bytes, lexer.end) };
}

function startsRows(word: string): boolean {
  return word === 'SELECT' || word === 'VALUES' || word === 'WITH';
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e\s]*$/.test(text);
}

/** Data starts on the next line, or after the spaces that follow the format. */
function dataStart(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at] === 0x20 || bytes[at] === 0x09 || bytes[at] === 0x0c) at += 1;
  if (bytes[at] === 0x0d) at += 1;
  if (bytes[at] === 0x0a) at += 1;
  return at;
}
