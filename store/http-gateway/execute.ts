import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type EngineInsert, rawFormats } from '../engine-session.ts';
import type { Admit } from './admission.ts';
import { Exception, toException } from './exception.ts';
import type { GatewayRequest } from './request.ts';
import { quoteText, type Session, type Sessions } from './sessions.ts';
import { type InsertHead, readStatement, type Statement } from './statement.ts';
import { readSettings } from './url-settings.ts';

/** The result of a statement. */
export interface StatementResult {
  bytes: Buffer;
  /** Format of the bytes; empty when the statement has no answer. */
  format: string;
  readRows: number;
  readBytes: number;
  writtenRows: number;
  writtenBytes: number;
  seconds: number;
}

/** First words of statements that only read. All others need the token, except those of `passing`. */
const looking = new Set([
  'SELECT',
  'WITH',
  'FROM',
  '(',
  'SHOW',
  'DESCRIBE',
  'DESC',
  'EXPLAIN',
  'EXISTS',
  'VALUES',
]);
/** Statements whose effect ends with the request. */
const passing = new Set(['USE', 'SET']);

/**
 * Runs the statement of a request on a session with the rights of the request. Without the token, `admit` must allow
 * the statement. Throws the engine's error, or `Exception`.
 */
export async function execute(
  request: GatewayRequest,
  body: Buffer,
  sessions: Sessions,
  admit: Admit,
): Promise<StatementResult> {
  const { bytes, statement, data } = compose(request.query, body);
  if (statement.verb === '') throw new Exception(62, 'SYNTAX_ERROR', 'Empty query');
  if (statement.hasMore) throw new Exception(62, 'SYNTAX_ERROR', 'Multi-statements are not allowed');
  if (statement.usesFile)
    throw new Exception(
      48,
      'NOT_IMPLEMENTED',
      'INTO OUTFILE and FROM INFILE are not served: files would be those of this machine',
    );
  if (statement.insert !== null) return insert(request, statement.insert, data, sessions);
  const sql = bytes.toString('utf8', 0, statement.end);
  if (!looking.has(statement.verb) && !passing.has(statement.verb))
    return write(request, sql, statement, sessions);
  return read(request, sql, statement, sessions, admit);
}

/**
 * Joins the query of the address and the body into one statement; the body starts on a new line. The data of an insert
 * stay unchanged bytes.
 */
function compose(query: string, body: Buffer): { bytes: Buffer; statement: Statement; data: Buffer } {
  if (query === '') return withData(body);
  const head = Buffer.from(`${query}\n`);
  const { statement } = withData(head);
  if (statement.insert === null) return withData(body.length === 0 ? head : Buffer.concat([head, body]));
  const inline = head.subarray(statement.insert.dataStart);
  return { bytes: head, statement, data: isBlank(inline) ? body : Buffer.concat([inline, body]) };
}

function withData(bytes: Buffer): { bytes: Buffer; statement: Statement; data: Buffer } {
  const statement = readStatement(bytes);
  return { bytes, statement, data: bytes.subarray(statement.insert?.dataStart ?? bytes.length) };
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte <= 32);
}

async function read(
  request: GatewayRequest,
  sql: string,
  statement: Statement,
  sessions: Sessions,
  admit: Admit,
): Promise<StatementResult> {
  const { database, params, mayWrite } = request;
  const settings = { ...readSettings(request.settings, mayWrite), ...params };
  const act = async (session: Session) => {
    await session.enter(database);
    if (!mayWrite) await admit(session, { sql, database, params });
    return run(session, request, sql, statement);
  };
  try {
    if (passing.has(statement.verb) || Object.keys(settings).length > 0)
      return await sessions.fresh('read', settings, act);
    return await sessions.readers.use(act);
  } catch (error) {
    // The read-only session or the limits of its parser refused the statement: nothing of it has run, so it can run
    // again.
    if (mayWrite && [164, 718].includes(toException(error).code))
      return write(request, sql, statement, sessions);
    throw error;
  }
}

async function write(
  request: GatewayRequest,
  sql: string,
  statement: Statement,
  sessions: Sessions,
): Promise<StatementResult> {
  refuseReader(request);
  return sessions.fresh('write', everything(request), (session) => {
    const act = () => run(session, request, sql, statement);
    return statement.verb === 'INSERT' ? sessions.guard(act) : act();
  });
}

async function run(
  session: Session,
  request: GatewayRequest,
  sql: string,
  statement: Statement,
): Promise<StatementResult> {
  await session.enter(request.database);
  const answer = await session.run(sql, request.format);
  const format =
    looking.has(statement.verb) || answer.bytes.length > 0 ? statement.format || request.format : '';
  return { ...answer, format, writtenRows: 0, writtenBytes: 0 };
}

async function insert(
  request: GatewayRequest,
  head: InsertHead,
  data: Buffer,
  sessions: Sessions,
): Promise<StatementResult> {
  refuseReader(request);
  const format = rawFormats.find((name) => name === head.format);
  const hasParams = Object.keys(request.params).length > 0;
  // Without data, the quick way would not even check that the table exists.
  if (format === undefined || head.plain === null || head.settings !== '' || hasParams || data.length === 0)
    return sessions.fresh('write', everything(request), (session) =>
      sessions.guard(() => insertFile(session, request, head, data)),
    );
  const rows: EngineInsert = { ...head.plain, body: data, format, settings: request.settings };
  const done = await sessions.inserters.use(async (session) => {
    await session.enter(request.database);
    return session.insert(rows);
  });
  return { ...nothing, writtenRows: done.rows, writtenBytes: done.bytes, seconds: done.seconds };
}

const nothing: StatementResult = {
  bytes: Buffer.alloc(0),
  format: '',
  readRows: 0,
  readBytes: 0,
  writtenRows: 0,
  writtenBytes: 0,
  seconds: 0,
};

/**
 * Inserts data from a file. It serves what the quick way cannot do: other formats, quoted names, placeholders, settings
 * in the statement, and inserts without data.
 */
async function insertFile(
  session: Session,
  request: GatewayRequest,
  head: InsertHead,
  data: Buffer,
): Promise<StatementResult> {
  const folder = await mkdtemp(path.join(tmpdir(), 'faultline-insert-'));
  try {
    const file = path.join(folder, 'data');
    await writeFile(file, data, { mode: 0o600 });
    const settings = head.settings === '' ? '' : ` SETTINGS ${head.settings}`;
    const sql = `INSERT INTO ${head.target} FROM INFILE ${quoteText(file)} COMPRESSION 'none'${settings} FORMAT ${head.format}`;
    await session.enter(request.database);
    const answer = await session.run(sql);
    return { ...nothing, seconds: answer.seconds };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function everything(request: GatewayRequest): Record<string, string> {
  return { ...request.settings, ...request.params };
}

function refuseReader(request: GatewayRequest): void {
  if (!request.mayWrite)
    throw new Exception(
      164,
      'READONLY',
      'Cannot execute query in readonly mode: it needs the token of clickhouse.http_token as password',
    );
  if (!request.isPost)
    throw new Exception(
      164,
      'READONLY',
      'Cannot execute query in readonly mode: GET changes nothing, use POST',
    );
}
