import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { bearerToken, cookie, isSession, issueSession, sameSecret, SESSION_MS } from './access.ts';
import { createAttempts } from './attempts.ts';
import { problem } from './problem.ts';

/** Paths that answer without the token: no data is behind them. */
const openPaths = new Set(['/healthz', '/readyz', '/login', '/login.css', '/mark.svg']);

export interface LoginOptions {
  token: string;
  port: number;
  now: () => number;
  /** The page that asks for the token. */
  page: (reason: 'first' | 'wrong' | 'too_many') => string;
}

/**
 * Asks for the token on every path that has data: as `Authorization: Bearer`, or as a session cookie that the form
 * at /login gives for it. Of wrong tokens, by either way, an address has only so many a minute.
 */
export function addLogin(app: FastifyInstance, { token, port, now, page }: LoginOptions): void {
  const secret = randomBytes(32);
  // Cookies do not know ports: two consoles on one host must not log each other out.
  const cookieName = `faultline_${port}`;
  const attempts = createAttempts();

  app.addHook('onRequest', async (request, reply) => {
    if (openPaths.has(request.routeOptions.url ?? '')) return undefined;
    const bearer = bearerToken(request.headers.authorization);
    if (bearer !== '' && attempts.mayTry(request.ip, now())) {
      if (sameSecret(bearer, token)) return undefined;
      attempts.noteWrong(request.ip, now());
    }
    if (isSession(cookie(request.headers.cookie, cookieName), secret, token, now())) return undefined;
    if (request.routeOptions.url === '/') return reply.redirect('/login', 303);
    if (bearer !== '' && !attempts.mayTry(request.ip, now())) {
      const message = 'too many wrong tokens came from this address: wait a minute';
      return reply.code(429).header('retry-after', '60').send(problem('too_many_attempts', message));
    }
    reply.header('www-authenticate', 'Bearer realm="faultline"');
    const message = 'Authorization: send "Bearer" and the value of console.token, or log in at /login';
    return reply.code(401).send(problem('token_required', message));
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
    if (typeof request.body !== 'string' || !sameSecret(request.body, token)) {
      attempts.noteWrong(request.ip, now());
      return html.code(401).send(page('wrong'));
    }
    const session = issueSession(secret, token, now());
    reply.header(
      'set-cookie',
      `${cookieName}=${session}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${SESSION_MS / 1_000}`,
    );
    return reply.redirect('/', 303);
  });
}
