import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { UserError } from '../errors.ts';
import { type MetricsServer, type Served, startMetricsServer } from './metrics-server.ts';

const open: MetricsServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

const well: Served = {
  contentType: 'text/plain; version=0.0.4; charset=utf-8',
  text: async () => 'faultline_up 1\n',
  isAlive: () => true,
  health: () => ({ state: 'ok', reasons: [], partitions: 3, lag_records: 0, lag_seconds: 0 }),
};

async function start(telemetry: Partial<Served> = {}, host = '127.0.0.1'): Promise<string> {
  const server = await startMetricsServer({ host, port: 0 }, { ...well, ...telemetry });
  open.push(server);
  return server.url;
}

/** Unlike `fetch`, this lets a test name another host. */
async function statusFor(url: string, headers: Record<string, string>, method = 'GET'): Promise<number> {
  const asked = request(url, { headers, method });
  asked.end();
  const [response] = await once(asked, 'response');
  response.resume();
  return response.statusCode;
}

describe('the pages of a worker', () => {
  it('/metrics returns the text format of Prometheus', async () => {
    const answer = await fetch(`${await start()}/metrics?x=1`);
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
      200,
      well.contentType,
      'faultline_up 1\n',
    ]);
  });

  const states = [
    ['ok', 200],
    ['degraded', 200],
    ['not_ready', 503],
  ] as const;
  it.each(states)('/readyz of a worker that is %s is %d', async (state, status) => {
    const answer = await fetch(`${await start({ health: () => ({ ...well.health(), state }) })}/readyz`);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toEqual({ ...well.health(), state });
  });

  it('/healthz is 503 only for a worker whose loop does not run', async () => {
    expect((await fetch(`${await start()}/healthz`)).status).toBe(200);
    expect((await fetch(`${await start({ isAlive: () => false })}/healthz`)).status).toBe(503);
  });

  it('metrics that cannot be gathered give an answer, not a crash', async () => {
    const url = await start({ text: () => Promise.reject(new Error('a path, /home/x')) });
    const answer = await fetch(`${url}/metrics`);
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('/home/x');
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('another path, another method and another host are refused', async () => {
    const url = await start();
    expect(await statusFor(`${url}/`, {})).toBe(404);
    expect(await statusFor(`${url}/metrics`, {}, 'POST')).toBe(405);
    expect(await statusFor(`${url}/metrics`, {}, 'HEAD')).toBe(200);
    expect(await statusFor(`${url}/metrics`, { host: 'evil.example:80' })).toBe(421);
  });

  it('a server that listens on more than loopback accepts any host name', async () => {
    const port = new URL(await start({}, '0.0.0.0')).port;
    expect(await statusFor(`http://127.0.0.1:${port}/metrics`, { host: 'worker-1:7071' })).toBe(200);
  });
});

describe('an address that cannot be used is one line that names the setting', () => {
  it('a port in use, as with two workers on one machine', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const failed = await startMetricsServer({ host: '127.0.0.1', port }, well).catch(
      (error: unknown) => error,
    );
    other.close();
    expect(failed).toBeInstanceOf(UserError);
    expect(failed).toMatchObject({
      exitCode: 1,
      message: `metrics.port ${port} on 127.0.0.1 is in use, perhaps by another worker: set metrics.port (FAULTLINE_METRICS_PORT) to another port, or to 0 for a free one`,
    });
  });

  it('an address of another machine', async () => {
    const failed = await startMetricsServer({ host: '192.0.2.1', port: 0 }, well).catch(
      (error: unknown) => error,
    );
    expect(failed).toMatchObject({
      exitCode: 1,
      message:
        'metrics.host 192.0.2.1 is not an address of this machine: set metrics.host to 127.0.0.1 or to an address it has',
    });
  });
});
