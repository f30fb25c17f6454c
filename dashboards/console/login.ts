import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { bearerToken, cookie, isSession, issueSession, sameSecret, SESSION_MS } from './access.ts';
import { problem } from './problem.ts';

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

