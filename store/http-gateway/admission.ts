import type { EngineSession } from '../engine-session.ts';
import { Exception, toException } from './exception.ts';
import { judge, type ParsedStatement, refuseInsert } from './judge.ts';
import { createLexer } from './lexer.ts';
import type { ReaderRights } from './reader-rights.ts';
import { quoteText } from './sessions.ts';

/** A statement that a client without the token wants to run. */
export interface ReaderStatement {
  sql: string;
  database: string;
  params: Readonly<Record<string, string>>;
}

/**
 * Checks a statement; throws when it is not allowed. The session must be the one that will run the statement, with its
 * database and placeholders: the engine parses the statement in this session and executes nothing of it.
 */
export type Admit = (session: EngineSession, statement: ReaderStatement) => Promise<void>;

/** Allowed statements are remembered, so that those of a dashboard are checked only once. */
const MOST_REMEMBERED = 1_000;
const LONGEST_REMEMBERED = 8_192;

/** Creates the check of statements that clients without the token send. */
export function createAdmission(rights: ReaderRights): Admit {
  const passed = new Set<string>();
  return async (session, statement) => {
    const { sql, database, params } = statement;
    const key = JSON.stringify([database, sql, params]);
    if (passed.has(key)) return;
    refuseOtherThanAscii(sql);
    judge({ ...(await parse(session, sql)), database, params }, rights);
    if (key.length > LONGEST_REMEMBERED) return;
    if (passed.size >= MOST_REMEMBERED) passed.clear();
    passed.add(key);
  };
}

/** The engine's own parse of exactly one statement. Throws the engine's error for anything else. */
export async function parse(
  session: EngineSession,
  sql: string,
): Promise<Pick<ParsedStatement, 'text' | 'tree'>> {
  // `formatQuerySingleLine` gets the statement as a text, so nothing of it runs. It must come first: it refuses a text
  // with two statements. After EXPLAIN AST the engine would run the second one.
  const text = await write(session, sql);
  refuseInsert(text);
  return { text, tree: await answer(session, `EXPLAIN AST ${sql}`) };
}

async function write(session: EngineSession, sql: string): Promise<string> {
  try {
    return (await answer(session, `SELECT formatQuerySingleLine(${quoteText(sql)})`)).trim();
  } catch (error) {
    const { code, label, message } = toException(error);
    throw new Exception(code, label, message.replace(/:? In scope SELECT formatQuerySingleLine.*$/s, ''));
  }
}

async function answer(session: EngineSession, sql: string): Promise<string> {
  return (await session.run(sql, 'TSVRaw')).bytes.toString();
}

/**
 * Refuses non-ASCII characters outside quotes and comments, and zero bytes anywhere. The engine treats many of these
 * characters as blanks or quotes; readers do not need them, so they do not even reach the parser. Throws `Exception`.
 */
export function refuseOtherThanAscii(sql: string): void {
  if (sql.includes('\0')) throw new Exception(62, 'SYNTAX_ERROR', 'a statement holds a zero byte');
  const bytes = Buffer.from(sql);
  for (const lexer = createLexer(bytes); !lexer.is('end'); lexer.next()) {
    const first = bytes[lexer.start] ?? 0;
    const isQuoted = first < 0x80 && (lexer.is('string') || lexer.is('quoted'));
    if (isQuoted) continue;
    for (let at = lexer.start; at < lexer.end; at += 1) {
      if ((bytes[at] ?? 0) >= 0x80)
        throw new Exception(
          62,
          'SYNTAX_ERROR',
          `${JSON.stringify(lexer.text().slice(0, 40))} is not plain ASCII: put it in quotes`,
        );
    }
  }
}
