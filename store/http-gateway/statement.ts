import { createLexer, type Lexer } from './lexer.ts';

/** A statement as far as one must know it to choose who may run it, and how. */
export interface Statement {
  /** Its first word in upper case, `(` for a parenthesis, empty for nothing at all. */
  verb: string;
  /** Bytes of the statement without the final semicolon: `[0, end)`. */
  end: number;
  /** True when another statement follows. */
  hasMore: boolean;
  /** The answer's format when the statement names one, else empty. */
  format: string;
  /** INTO OUTFILE or FROM INFILE: files of the engine's machine. */
  usesFile: boolean;
  /** A call that reads a file or an address although the session only reads; empty when there is none. */
  opens: string;
  /** Set when data follow the statement: `INSERT … FORMAT Name`. */
  insert: InsertHead | null;
}

/** The beginning of `INSERT … FORMAT Name`, whose data stand from `dataStart` on. */
export interface InsertHead {
  /** Table and columns as written. */
  target: string;
  /** The same when they are plain names; null when quoted or computed. */
  plain: { table: string; columns: string[] | null } | null;
  /** The SETTINGS clause without its first word; empty when there is none. */
  settings: string;
  format: string;
  dataStart: number;
}

/** Reads one statement. Data after `FORMAT Name` of an INSERT are not looked at. Pure. */
export function readStatement(bytes: Buffer): Statement {
  const lexer = createLexer(bytes);
  const statement: Statement = {
    verb: lexer.kind === 'end' ? '' : lexer.kind === 'word' ? lexer.word() : lexer.text(),
    end: 0,
    hasMore: false,
    format: '',
    usesFile: false,
    opens: '',
    insert: null,
  };
  if (statement.verb === 'INSERT') {
    statement.insert = readInsert(bytes);
    if (statement.insert !== null) return { ...statement, end: statement.insert.dataStart };
  }
  scan(bytes, lexer, statement);
  return statement;
}

/** Walks over the whole statement and notes what stands in it. */
function scan(bytes: Buffer, lexer: Lexer, statement: Statement): void {
  const describes = statement.verb === 'DESCRIBE' || statement.verb === 'DESC';
  let depth = 0;
  let before = '';
  let name = '';
  for (let index = 0; lexer.kind !== 'end'; index += 1) {
    const word = lexer.word();
    const sign = lexer.kind === 'sign' ? bytes[lexer.start] : 0;
    if (sign === 0x3b) {
      lexer.next();
      while (lexer.kind === 'sign' && bytes[lexer.start] === 0x3b) lexer.next();
      statement.hasMore = lexer.kind !== 'end';
      return;
    }
    if (sign === 0x28) {
      if (opensSomething(name) || (describes && depth === 0 && name !== '' && index > 1))
        statement.opens ||= `${name}()`;
      depth += 1;
    } else if (sign === 0x29) depth -= 1;
    if ((before === 'INTO' && word === 'OUTFILE') || (before === 'FROM' && word === 'INFILE'))
      statement.usesFile = true;
    if (before === 'FORMAT' && depth === 0 && lexer.kind === 'word') statement.format = lexer.text();
    // Only SETTINGS or nothing may stand behind the format; otherwise the word was a name.
    else if (statement.format !== '' && before !== 'FORMAT' && word !== 'SETTINGS' && depth === 0 && !afterFormat(before))
      statement.format = '';
    name = lexer.kind === 'word' || lexer.kind === 'quoted' ? nameOf(lexer.text(), describes) : '';
    before = word;
    statement.end = lexer.end;
    lexer.next();
  }
}
