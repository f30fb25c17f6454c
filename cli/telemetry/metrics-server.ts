import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isLoopback, isOwnHost } from '../../dashboards/console/access.ts';
import type { Telemetry } from '../../ingest/telemetry/telemetry.ts';
import { UserError } from '../errors.ts';

/** The part of telemetry that the server needs. */
export type Served = Pick<Telemetry, 'text' | 'contentType' | 'health' | 'isAlive'>;

export interface MetricsServer {
  /** Its address: `http://127.0.0.1:7071`. */
  url: string;
  close(): Promise<void>;
}

/** Serves `/metrics`, `/healthz` and `/readyz`. Throws a `UserError` that names the setting when it cannot listen. */
export async function startMetricsServer(
  { host, port }: { host: string; port: number },
  telemetry: Served,
): Promise<MetricsServer> {
  const bare = host.replace(/^\[|\]$/g, '');
  const server = createServer((request, response) => {
    answer(request, telemetry, isLoopback(host)).then(
      (reply) => send(request, response, reply),
      () => send(request, response, json(500, { error: 'the metrics could not be gathered' })),
    );
  });
  // Probes and Prometheus send small requests without bodies, so a slower request is refused.
  server.requestTimeout = 10_000;
  await listen(server, bare, port).catch((error: unknown) => {
    throw cannotListen(error, host, port);
  });
  const address = server.address();
  const listening = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://${bare.includes(':') ? `[${bare}]` : bare}:${listening}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Reply {
  status: number;
  type: string;
  body: string;
}

/** `ownOnly`: refuses requests that name another host, so that no web page can read the numbers of this machine. */
async function answer(request: IncomingMessage, telemetry: Served, ownOnly: boolean): Promise<Reply> {
  if (ownOnly && !isOwnHost(request.headers.host))
    return json(421, { error: 'Host: is not this machine; ask 127.0.0.1 or localhost' });
  if (request.method !== 'GET' && request.method !== 'HEAD') return json(405, { error: 'only GET and HEAD' });
  switch ((request.url ?? '').replace(/\?.*$/s, '')) {
    case '/metrics':
      return { status: 200, type: telemetry.contentType, body: await telemetry.text() };
    case '/healthz':
      return telemetry.isAlive() ? json(200, { state: 'ok' }) : json(503, { state: 'stalled' });
    case '/readyz': {
      const health = telemetry.health();
      return json(health.state === 'not_ready' ? 503 : 200, health);
    }
    default:
      return json(404, { error: 'there is /metrics, /healthz and /readyz' });
  }
}

function json(status: number, body: object): Reply {
  return { status, type: 'application/json; charset=utf-8', body: `${JSON.stringify(body)}\n` };
}

function send(request: IncomingMessage, response: ServerResponse, { status, type, body }: Reply): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function cannotListen(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  const message = messages[String(code)];
  return message === undefined ? error : new UserError(message(host, port), 1, error);
}

const noAddress = (host: string): string =>
  `metrics.host ${host} is not an address of this machine: set metrics.host to 127.0.0.1 or to an address it has`;

const messages: Readonly<Record<string, (host: string, port: number) => string>> = {
  EADDRINUSE: (host, port) =>
    `metrics.port ${port} on ${host} is in use, perhaps by another worker: set metrics.port (FAULTLINE_METRICS_PORT) to another port, or to 0 for a free one`,
  EACCES: (host, port) =>
    `metrics.port ${port} on ${host} is not permitted: set metrics.port to 1024 or higher`,
  EADDRNOTAVAIL: noAddress,
  ENOTFOUND: noAddress,
  EAI_AGAIN: noAddress,
  EINVAL: noAddress,
};
