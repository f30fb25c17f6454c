import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { bearerToken, cookie, isSession, issueSession, sameSecret, SESSION_MS } from './access.ts';
import { createAttempts } from './login-attempts.ts';
import { sendProblem } from './problem.ts';

/** Paths that answer without the token, because they show no data. */
const openPaths = new Set(['/healthz', '/readyz', '/login', '/login.css', '/mark.svg']);

/** What a client may do: read, or also act (acknowledge and silence incidents, count dead letters). */
export type Role = 'read' | 'act';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The role that a route needs; absent: `read`. */
    role?: Role;
  }
  interface FastifyRequest {
    /** The role of the token that was sent; absent: this console asks for none. */
    role?: Role;
  }
}

export interface LoginOptions {
  /** The token of each role; empty: nobody has the role. */
  tokens: Readonly<Record<Role, string>>;
  port: number;
  now: () => number;
  /** Returns the page that asks for the token. */
  page: (reason: 'first' | 'wrong' | 'too_many') => string;
}

/**
 * Asks for a token on every path that shows data. A client sends it as `Authorization: Bearer`, or as the session
 * cookie that the form at /login sets. Wrong tokens are limited per address and minute, whichever way they are sent.
 * Routes whose config has the role `act` need the token of that role.
 */
export function addLogin(app: FastifyInstance, { tokens, port, now, page }: LoginOptions): void {
  const secret = randomBytes(32);
  // A cookie is not bound to a port, so two consoles on one host would log each other out under a common name.
  const cookieName = `faultline_${port}`;
  const attempts = createAttempts();
  const known = (['act', 'read'] as const)
    .map((role) => ({ role, token: tokens[role] }))
    .filter(({ token }) => token !== '');

  /** Compares with all tokens, so that the time does not reveal which of them exist. */
  const ownerOf = (given: string) => known.filter(({ token }) => sameSecret(given, token)).at(0);
  const roleOf = (request: FastifyRequest, bearer: string): Role | null => {
    if (bearer !== '' && attempts.mayTry(request.ip, now())) {
      const owner = ownerOf(bearer);
      if (owner !== undefined) return owner.role;
      attempts.noteWrong(request.ip, now());
    }
    const session = cookie(request.headers.cookie, cookieName);
    return known.find(({ token }) => isSession(session, secret, token, now()))?.role ?? null;
  };

  app.addHook('onRequest', async (request, reply) => {
    if (openPaths.has(request.routeOptions.url ?? '')) return undefined;
    const bearer = bearerToken(request.headers.authorization);
    const role = roleOf(request, bearer);
    if (role === 'act' || (role === 'read' && neededRole(request) === 'read')) {
      request.role = role;
      return undefined;
    }
    if (role === 'read')
      return sendProblem(
        reply,
        403,
        'read_only',
        'Authorization: this token only reads; send the value of console.token',
      );
    if (isForPage(request)) return reply.redirect(loginFor(request.url), 303);
    if (bearer !== '' && !attempts.mayTry(request.ip, now())) {
      reply.header('retry-after', '60');
      const line = 'too many wrong tokens came from this address: wait a minute';
      return sendProblem(reply, 429, 'too_many_attempts', line);
    }
    reply.header('www-authenticate', 'Bearer realm="faultline"');
    const line =
      'Authorization: send "Bearer" and the value of console.token or console.read_token, or log in at /login';
    return sendProblem(reply, 401, 'token_required', line);
  });
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, new URLSearchParams(String(body)).get('token') ?? ''),
  );
  app.get('/login', (_request, reply) => reply.type('text/html; charset=utf-8').send(page('first')));
  app.post('/login', (request, reply) => {
    const html = reply.type('text/html; charset=utf-8');
    if (!attempts.mayTry(request.ip, now())) return html.code(429).send(page('too_many'));
    const owner = typeof request.body === 'string' ? ownerOf(request.body) : undefined;
    if (owner === undefined) {
      attempts.noteWrong(request.ip, now());
      return html.code(401).send(page('wrong'));
    }
    const session = issueSession(secret, owner.token, now());
    reply.header(
      'set-cookie',
      `${cookieName}=${session}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${SESSION_MS / 1_000}`,
    );
    return reply.redirect(pageAfter(request.query), 303);
  });
}

/** True when a browser asks for a page, false when a program asks for data. */
function isForPage({ method, url, routeOptions, headers }: FastifyRequest): boolean {
  if (routeOptions.url === '/') return true;
  return method === 'GET' && !url.startsWith('/api/') && (headers.accept ?? '').includes('text/html');
}

/** The address of the form, which leads back to the page. */
function loginFor(url: string): string {
  return url === '/' ? '/login' : `/login?to=${encodeURIComponent(url)}`;
}

/** The address of the page that the browser asked for before the login. Pure. */
export function pageAfter(query: unknown): string {
  const to = typeof query === 'object' && query !== null && 'to' in query ? query.to : '/';
  // A browser takes `//host` and `/\\host` for another server, and it removes control characters first.
  return typeof to === 'string' && /^\/(?![/\\])[\x20-\x7e]*$/.test(to) ? to : '/';
}

/** The role that a route needs; `read` unless its config says otherwise. */
function neededRole(request: FastifyRequest): Role {
  return request.routeOptions.config?.role ?? 'read';
}
