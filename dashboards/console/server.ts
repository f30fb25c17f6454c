import { randomBytes } from 'node:crypto';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Store } from '../../store/connect.ts';
import type { Dashboard } from '../panel.ts';
import {
  bearerToken,
  cookie,
  isLoopback,
  isOwnHost,
  isSession,
  issueSession,
  sameSecret,
  securityHeaders,
  SESSION_MS,
} from './access.ts';
import { addApi } from './api.ts';
import { type Asset, readAssets, readLogin } from './assets.ts';
import { ConsoleError, listenError } from './console-error.ts';
import type { LiveStatus } from './live-status.ts';
import { BadParameter } from './parameters.ts';

export interface ConsoleOptions {
  store: Store;
  /** Address to listen on; anything but loopback needs a token. */
  host: string;
  /** 0 picks a free port. */
  port: number;
  /** What page and API ask for; empty: nothing. */
  token: string;
  /** The clock, epoch milliseconds. */
  now: () => number;
  logger?: { warn(message: string): void; error(message: string): void };
  dashboards: readonly Dashboard[];
  /** What the process is doing now, for the page's header. */
  live?: () => LiveStatus;
}

/** A running console: where it is, and how to stop it. */
export interface Console {
  url: string;
  close(): Promise<void>;
}

/** Serves page and API. Throws `ConsoleError` when the address must not or cannot be used. */
export async function startConsole(options: ConsoleOptions): Promise<Console> {
  const { host, port, token } = options;
  if (token === '' && !isLoopback(host)) {
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
  const { store, now, logger, dashboards, live } = options;
  const [assets, login] = await Promise.all([readAssets(), readLogin()]);
  const app = fastify({
    logger: false,
    forceCloseConnections: true,
    bodyLimit: 16_384,
    routerOptions: { maxParamLength: 128, ignoreTrailingSlash: true },
  });

  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({ ...securityHeaders, 'cache-control': 'no-store' });
  });
  if (isLoopback(options.host)) app.addHook('onRequest', refuseForeignHosts);
  if (options.token !== '') addLogin(app, options, login);

  for (const [path, asset] of assets) {
    app.get(path, (request, reply) => sendAsset(asset, request, reply));
  }
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', async () => {
    await store.query('SELECT 1 AS one');
    return { status: 'ready' };
  });
  addApi(app, { store, now, dashboards, live, warn: (message) => logger?.warn(message) });

  app.setNotFoundHandler((request, reply) => {
    const path = request.url.replace(/\?.*$/s, '').slice(0, 128);
    return reply.code(404).send(problem('not_found', `${path}: there is nothing here`));
  });
  app.setErrorHandler((error, request, reply) => {
    if (error instanceof BadParameter) return reply.code(400).send(problem('bad_parameter', error.message));
    const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
    const message = (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
    if (status < 500) return reply.code(status).send(problem('bad_request', message));
    const path = request.url.replace(/\?.*$/s, '');
    logger?.error(`console: ${request.method} ${path}: ${message}`);
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'internal';
    const isWeather = code === 'unreachable' || code === 'busy';
    return reply.code(isWeather ? 503 : 500).send(problem(code, message));
  });
  return app;
}

/** Paths that answer without the token: no data is behind them. */
const openPaths = new Set(['/healthz', '/readyz', '/login', '/login.css', '/mark.svg']);
const ATTEMPTS_PER_MINUTE = 20;

function addLogin(
  app: FastifyInstance,
  options: ConsoleOptions,
  login: Awaited<ReturnType<typeof readLogin>>,
): void {
  const { token, now } = options;
  const secret = randomBytes(32);
  // Cookies do not know ports: two consoles on one host must not log each other out.
  const cookieName = `faultline_${options.port}`;
  let minute = 0;
  let attempts = 0;

  app.addHook('onRequest', async (request, reply) => {
    if (openPaths.has(request.routeOptions.url ?? '')) return;
    const bearer = bearerToken(request.headers.authorization);
    if (bearer !== '' && sameSecret(bearer, token)) return;
    if (isSession(cookie(request.headers.cookie, cookieName), secret, token, now())) return;
    if (request.routeOptions.url === '/') return reply.redirect('/login', 303);
    reply.header('www-authenticate', 'Bearer realm="faultline"');
    const message = 'Authorization: send "Bearer" and the value of console.token, or log in at /login';
    return reply.code(401).send(problem('token_required', message));
  });
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, new URLSearchParams(String(body)).get('token') ?? ''),
  );
  app.get('/login', (_request, reply) => reply.type('text/html; charset=utf-8').send(login('first')));
  app.post('/login', (request, reply) => {
    const page = reply.type('text/html; charset=utf-8');
    if (Math.floor(now() / 60_000) !== minute) {
      minute = Math.floor(now() / 60_000);
      attempts = 0;
    }
    attempts += 1;
    if (attempts > ATTEMPTS_PER_MINUTE) return page.code(429).send(login('too_many'));
    if (typeof request.body !== 'string' || !sameSecret(request.body, token))
      return page.code(401).send(login('wrong'));
    const session = issueSession(secret, token, now());
    reply.header(
      'set-cookie',
      `${cookieName}=${session}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${SESSION_MS / 1_000}`,
    );
    return reply.redirect('/', 303);
  });
}

async function refuseForeignHosts(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  if (isOwnHost(request.headers.host)) return undefined;
  const message = 'Host: is not this machine; open the page as http://127.0.0.1 or http://localhost';
  return reply.code(421).send(problem('foreign_host', message));
}

function sendAsset(asset: Asset, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.headers({ etag: asset.etag, 'cache-control': 'no-cache' });
  if (request.headers['if-none-match'] === asset.etag) return reply.code(304).send();
  return reply.type(asset.type).send(asset.body);
}

function problem(code: string, message: string): { error: { code: string; message: string } } {
  return { error: { code, message } };
}
