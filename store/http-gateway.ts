import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { StoreError } from './error.ts';
import type { Store } from './store.ts';
import { type Admit, createAdmission } from './http-gateway/admission.ts';
import { readBody } from './http-gateway/body.ts';
import { contentType } from './http-gateway/content-type.ts';
import { Exception, exceptionText, toException } from './http-gateway/exception.ts';
import { execute, type StatementResult } from './http-gateway/execute.ts';
import { greetingAnswer, isGreeting } from './http-gateway/native-hello.ts';
import { functionsQuery, readerRights } from './http-gateway/reader-rights.ts';
import { type GatewayRequest, readRequest, refuseBrowsers } from './http-gateway/request.ts';
import { createSessions, type Sessions } from './http-gateway/sessions.ts';

export interface GatewayOptions {
  host?: '127.0.0.1';
  /** 0 picks a free port. */
  port: number;
  /** Password that a client needs to write; empty: nobody can write. */
  token: string;
  /** Database of requests that name none. */
  database: string;
}

/** A running endpoint. `close` first answers the requests that are running. */
export interface Gateway {
  /** `http://127.0.0.1:8123` */
  url: string;
  port: number;
  close(): Promise<void>;
}

/** Largest body of a request with the token, and without it, in bytes. The engine reads at most 256 KiB of a query. */
const LIMITS = { write: 256 * 1024 * 1024, read: 512 * 1024 };
/**
 * Limits on bodies in memory and on requests at once, separately for writers and readers. Requests beyond them are
 * refused, and the error says to try again.
 */
const MOST_BYTES = 512 * 1024 * 1024;
const MOST_REQUESTS = 200;

/**
 * Offers the embedded engine of the store over ClickHouse's HTTP interface. Without the token a client can only read.
 * Throws `StoreError` when the port is taken or the store is itself a server.
 */
export async function serveClickHouse(store: Store, options: GatewayOptions): Promise<Gateway> {
  const { engine } = store;
  if (engine === undefined)
    throw new StoreError(
      'unavailable',
      `--clickhouse-http serves the embedded engine, but ClickHouse is at ${store.where}: connect to that directly`,
    );
  const host = options.host ?? '127.0.0.1';
  const sessions = createSessions(engine);
  const ask = async (sql: string): Promise<string> =>
    (await sessions.readers.use((session) => session.run(sql))).bytes.toString();
  const gateway: GatewayParts = {
    sessions,
    admit: createAdmission(readerRights(options.database, await ask(functionsQuery))),
    options,
    about: await aboutEngine(ask),
    loads: { write: { requests: 0, bytes: 0 }, read: { requests: 0, bytes: 0 } },
    closing: false,
  };
  const server = createServer({ keepAliveTimeout: 30_000, headersTimeout: 10_000, requestTimeout: 120_000 });
  server.on('request', (request, response) => void serve(gateway, request, response));
  await listen(server, host, options.port);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return { url: `http://${host}:${port}`, port, close: () => close(server, gateway) };
}

interface Load {
  requests: number;
  bytes: number;
}

interface GatewayParts {
  sessions: Sessions;
  admit: Admit;
  options: GatewayOptions;
  about: { displayName: string; version: string; timezone: string };
  /** Counted separately, so that clients without the token cannot lock out those with it. */
  loads: Record<'write' | 'read', Load>;
  closing: boolean;
}

async function aboutEngine(ask: (sql: string) => Promise<string>): Promise<GatewayParts['about']> {
  const answer = await ask('SELECT displayName(), version(), timezone()');
  const [displayName = '', version = '', timezone = ''] = answer.trim().split('\t');
  return { displayName, version, timezone };
}

async function serve(
  gateway: GatewayParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // A client that disconnects is not an error; its statement ends by itself.
  response.on('error', () => undefined);
  request.on('error', () => undefined);
  if (gateway.closing) response.shouldKeepAlive = false;
  response.on('finish', () => gateway.closing && request.socket.end());
  try {
    refuseBrowsers(request);
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (isPlain(url)) {
      send(response, 200, { 'Content-Type': 'text/html; charset=UTF-8' }, Buffer.from('Ok.\n'));
      return;
    }
    if (url.pathname !== '/')
      throw new Exception(1001, 'STD_EXCEPTION', `There is no handle ${url.pathname}`, 404);
    if (!['GET', 'HEAD', 'POST'].includes(request.method ?? ''))
      throw new Exception(
        48,
        'NOT_IMPLEMENTED',
        `method ${request.method ?? ''} is not served: use POST or GET`,
      );
    const asked = readRequest(request, url, gateway.options.token, gateway.options.database);
    const rights = asked.mayWrite ? 'write' : 'read';
    await within(gateway.loads[rights], async (load) => {
      const body = await readBody(request, LIMITS[rights]);
      load.bytes += body.length;
      try {
        answer(gateway, asked, response, await respond(gateway, asked, body));
      } finally {
        load.bytes -= body.length;
      }
    });
  } catch (error) {
    refuse(gateway, request, response, toException(error));
  }
}

/** Runs `act`. Throws `Exception` when too many requests are running, or their bodies hold too many bytes. */
async function within(load: Load, act: (load: Load) => Promise<void>): Promise<void> {
  if (load.requests >= MOST_REQUESTS || load.bytes > MOST_BYTES)
    throw new Exception(202, 'TOO_MANY_SIMULTANEOUS_QUERIES', 'too many requests at once: try again', 503);
  load.requests += 1;
  try {
    await act(load);
  } finally {
    load.requests -= 1;
  }
}

/** `/ping` and `/replicas_status` only show that the endpoint runs. */
function isPlain(url: URL): boolean {
  return url.pathname === '/ping' || url.pathname === '/replicas_status';
}

async function respond(gateway: GatewayParts, asked: GatewayRequest, body: Buffer): Promise<StatementResult> {
  const isEmpty = asked.query === '' && body.length === 0 && !asked.isPost;
  if (isEmpty) return { ...silence, bytes: Buffer.from('Ok.\n') };
  if (asked.nativeRevision > 0 && asked.format === 'Native') {
    const statement = asked.query === '' ? body.toString('utf8', 0, 200) : asked.query;
    if (isGreeting(statement)) return { ...silence, bytes: greetingAnswer(gateway.about), format: 'Native' };
  }
  return execute(asked, body, gateway.sessions, gateway.admit);
}

const silence: StatementResult = {
  bytes: Buffer.alloc(0),
  format: '',
  readRows: 0,
  readBytes: 0,
  writtenRows: 0,
  writtenBytes: 0,
  seconds: 0,
};

function answer(
  gateway: GatewayParts,
  asked: GatewayRequest,
  response: ServerResponse,
  outcome: StatementResult,
): void {
  const headers: Record<string, string> = {
    'Content-Type': contentType(outcome.format),
    'X-ClickHouse-Query-Id': asked.queryId,
    'X-ClickHouse-Timezone': gateway.about.timezone,
    'X-ClickHouse-Server-Display-Name': gateway.about.displayName,
    'X-ClickHouse-Summary': summary(outcome),
  };
  if (outcome.format !== '') headers['X-ClickHouse-Format'] = outcome.format;
  send(response, 200, headers, outcome.bytes);
}

function summary(outcome: StatementResult): string {
  return JSON.stringify({
    read_rows: String(outcome.readRows),
    read_bytes: String(outcome.readBytes),
    written_rows: String(outcome.writtenRows),
    written_bytes: String(outcome.writtenBytes),
    total_rows_to_read: '0',
    result_rows: '0',
    result_bytes: String(outcome.bytes.length),
    elapsed_ns: String(Math.round(outcome.seconds * 1e9)),
  });
}

function refuse(
  gateway: GatewayParts,
  request: IncomingMessage,
  response: ServerResponse,
  exception: Exception,
): void {
  const headers: Record<string, string> = {
    'Content-Type': 'text/plain; charset=UTF-8',
    'X-ClickHouse-Timezone': gateway.about.timezone,
    'X-ClickHouse-Server-Display-Name': gateway.about.displayName,
    'X-ClickHouse-Exception-Code': String(exception.code),
  };
  // Closes the connection: otherwise the unread rest of the body would be taken for the next request.
  if (!request.complete) headers['Connection'] = 'close';
  send(response, exception.status, headers, Buffer.from(exceptionText(exception, gateway.about.version)));
}

function send(response: ServerResponse, status: number, headers: Record<string, string>, body: Buffer): void {
  if (response.headersSent || response.destroyed) return;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, headerSafe(value));
  response.setHeader('Content-Length', body.length);
  response.writeHead(status);
  response.end(body);
}

function headerSafe(value: string): string {
  return value.replaceAll(/[^\x20-\x7e]/g, '?');
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen(port, host, resolve);
  });
  server.on('error', () => undefined);
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): StoreError {
  const reason =
    error.code === 'EADDRINUSE' ? 'is in use' : `cannot be opened (${error.code ?? error.message})`;
  return new StoreError(
    'unavailable',
    `port ${port} of ${host} ${reason}: choose another with --clickhouse-http (--port of faultline clickhouse)`,
    0,
    error,
  );
}

/** Answers the requests that are running, and closes idle connections. */
async function close(server: Server, gateway: GatewayParts): Promise<void> {
  gateway.closing = true;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  await gateway.sessions.close();
}
