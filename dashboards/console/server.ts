import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Retention } from '../../domain/retention.ts';
import { withDeadline } from '../../store/deadline.ts';
import type { Store } from '../../store/store.ts';
import type { Dashboard } from '../panel.ts';
import { isForeign, isLoopback, isOwnHost, securityHeaders } from './access.ts';
import { type Asset, readAssets, readLogin } from './assets.ts';
import { ConsoleError, listenError } from './console-error.ts';
import { type LiveStatus, presentOf } from './live-status.ts';
import { addLogin } from './login.ts';
import { refuseBytes, sendProblem } from './problem.ts';
import { BadParameter } from './parameters.ts';
import { createQueryCache } from './query-cache.ts';
import type { ReplayLetters } from './replay-letters.ts';
import type { TryText } from './try.ts';
import { addApiV1 } from './v1/api-v1.ts';
import type { Explainer, Timeline } from './v1/options.ts';
import { addTelemetry, type ProcessTelemetry } from './telemetry-pages.ts';

export interface ConsoleOptions {
  store: Store;
  /** Address to listen on. Any address but loopback needs a token. */
  host: string;
  /** 0 picks a free port. */
  port: number;
  /** The token of the page and the API; empty: none is needed, unless `readToken` is set. */
  token: string;
  /** A token that only allows reading; empty: there is none. */
  readToken?: string;
  /** A query of the store that takes more seconds than this is given up; absent: 20. */
  querySeconds?: number;
  /** The clock, epoch milliseconds. */
  now: () => number;
  logger?: { warn(message: string): void; error(message: string): void };
  dashboards: readonly Dashboard[];
  /** What the process is doing now, for the header of the page. */
  live?: () => LiveStatus;
  /** Shows how a pasted text would be read, without storing it. */
  tryText?: TryText;
  /** Reads dead letters again and counts those that can be read. The command passes it in. */
  replayLetters?: ReplayLetters;
  /** How long the tables keep their rows. */
  retention: Retention;
  /** Ranks what differs. The command passes it in, because the console must not import the analyzers. */
  explain: Explainer;
  /** Tells how an incident came about. The command passes it in for the same reason. */
  timeline: Timeline;
  /** The worker of this process, if it has one: its metrics and health are served here too. */
  telemetry?: ProcessTelemetry;
}

/**
 * How long an answer of the store is reused, in milliseconds; shorter than the time between two refreshes of the page.
 */
const KEEP_MS = 1_000;

/** Longest time for a query of the store in seconds, unless `querySeconds` is given. */
const QUERY_SECONDS = 20;

/** A running console: its address, and how to stop it. */
export interface Console {
  url: string;
  close(): Promise<void>;
}

/** Serves the page and the API. Throws `ConsoleError` when the address must not or cannot be used. */
export async function startConsole(options: ConsoleOptions): Promise<Console> {
  const { host, port, token, readToken = '' } = options;
  if (token === '' && readToken === '' && !isLoopback(host)) {
    throw new ConsoleError(
      'token_required',
      `console.host ${host} can be reached from other machines: set console.token, or console.host to 127.0.0.1`,
    );
  }
  const app = await createConsole(options);
  try {
    await app.listen({ host: host.replace(/^\[|\]$/g, ''), port });
  } catch (error) {
    await app.close();
    throw listenError(error, host, port);
  }
  const address = app.server.address();
  const listening = typeof address === 'object' && address !== null ? address.port : port;
  const bare = host.replace(/^\[|\]$/g, '');
  return { url: `http://${bare.includes(':') ? `[${bare}]` : bare}:${listening}`, close: () => app.close() };
}

/** The console's routes without a socket. */
export async function createConsole(options: ConsoleOptions): Promise<FastifyInstance> {
  const { now, logger, dashboards, live } = options;
  const store = withDeadline(options.store, options.querySeconds ?? QUERY_SECONDS);
  const [assets, login] = await Promise.all([readAssets(), readLogin()]);
  const app = fastify({
    logger: false,
    forceCloseConnections: true,
    clientErrorHandler: refuseBytes,
    bodyLimit: 16_384,
    routerOptions: { maxParamLength: 128, ignoreTrailingSlash: true },
  });

  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({ ...securityHeaders, 'cache-control': 'no-store' });
  });
  if (isLoopback(options.host)) app.addHook('onRequest', refuseForeignHosts);
  app.addHook('onRequest', refuseForeignPages);
  const tokens = { act: options.token, read: options.readToken ?? '' };
  const isOpen = tokens.act === '' && tokens.read === '';
  if (!isOpen) addLogin(app, { tokens, port: options.port, now, page: login });

  for (const [path, asset] of assets) {
    app.get(path, (request, reply) => sendAsset(asset, request, reply));
  }
  if (options.telemetry === undefined) addOwnHealth(app, { ...options, store });
  else addTelemetry(app, options.telemetry, isOpen);
  const { retention, explain, timeline } = options;
  const present = (): number => presentOf(live?.(), now());
  const cache = createQueryCache(KEEP_MS, now);
  const { tryText, replayLetters } = options;
  const warn = (message: string): void => logger?.warn(message);
  addApiV1(app, {
    store,
    now,
    present,
    retention,
    explain,
    timeline,
    dashboards,
    live,
    cache,
    tryText,
    replayLetters,
    warn,
  });

  app.setNotFoundHandler((request, reply) => {
    const path = request.url.replace(/\?.*$/s, '').slice(0, 128);
    return sendProblem(reply, 404, 'not_found', `${path}: there is nothing here`);
  });
  app.setErrorHandler((error, request, reply) => {
    if (error instanceof BadParameter) return sendProblem(reply, 400, 'bad_parameter', error.message);
    const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
    const message = (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
    if (status < 500) return sendProblem(reply, status, 'bad_request', refusalOf(error, message));
    const path = request.url.replace(/\?.*$/s, '');
    logger?.error(`console: ${request.method} ${path}: ${message}`);
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'internal';
    return sendProblem(reply, statusOf[code] ?? 500, code, message);
  });
  return app;
}

/**
 * Messages for requests that fastify refuses before a route runs. Unlike those of fastify, they name the part of the
 * request.
 */
const refusals: Readonly<Record<string, string>> = {
  FST_ERR_CTP_EMPTY_JSON_BODY: 'body: is empty; send JSON, at least {}',
  FST_ERR_CTP_INVALID_JSON_BODY: 'body: is not JSON',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body: is larger than this route takes',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'Content-Length: is not the length of the body',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'Content-Type: must be application/json, or text/plain for /api/v1/try',
};

function refusalOf(error: unknown, message: string): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return refusals[code] ?? message;
}

/** HTTP status for errors of the store after which the same request can succeed later. */
const statusOf: Readonly<Record<string, number>> = { unreachable: 503, busy: 503, slow: 504 };

/** Without a worker, the console is ready when the store answers. */
function addOwnHealth(app: FastifyInstance, { store, logger }: ConsoleOptions): void {
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    try {
      await store.query('SELECT 1 AS one');
      return { status: 'ready' };
    } catch (error) {
      // The reason names hosts and directories, and this path answers without a token, so the reason is only logged.
      logger?.error(`console: /readyz: ${error instanceof Error ? error.message : String(error)}`);
      return reply.code(503).send({ status: 'store_unavailable' });
    }
  });
}

async function refuseForeignHosts(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  if (isOwnHost(request.headers.host)) return undefined;
  const message = 'Host: is not this machine; open the page as http://127.0.0.1 or http://localhost';
  return sendProblem(reply, 421, 'foreign_host', message);
}

/**
 * Refuses requests from pages of other sites. Such a page cannot read the answers, but it could make a browser send
 * changes, ask costly questions and hold connections open. Its links are allowed: for a link, the browser asks for a
 * document.
 */
async function refuseForeignPages(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const { method, headers } = request;
  if (!isForeign(headers) || (method === 'GET' && headers['sec-fetch-dest'] === 'document')) return undefined;
  const message = 'Origin: this is for pages of this server and for programs';
  return sendProblem(reply, 403, 'foreign_site', message);
}

function sendAsset(asset: Asset, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.headers({ etag: asset.etag, 'cache-control': 'no-cache' });
  if (request.headers['if-none-match'] === asset.etag) return reply.code(304).send();
  return reply.type(asset.type).send(asset.body);
}
