import fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { addLogin } from './login.ts';
import { addTelemetry, type ProcessTelemetry } from './telemetry-pages.ts';

const well: ProcessTelemetry = {
  contentType: 'text/plain; version=0.0.4; charset=utf-8',
  text: async () => 'faultline_records_read_total 5\n',
  isAlive: () => true,
  health: () => ({ state: 'ok', reasons: [] }),
};

async function ask(path: string, telemetry: Partial<ProcessTelemetry> = {}, token = '') {
  const app = fastify();
  if (token !== '')
    addLogin(app, { tokens: { act: token, read: '' }, port: 7070, now: () => 0, page: () => '' });
  addTelemetry(app, { ...well, ...telemetry }, token === '');
  return app.inject({ path });
}

describe('the telemetry of a worker in the same process', () => {
  it('/metrics returns the metrics in the text format of Prometheus', async () => {
    const answer = await ask('/metrics');
    expect([answer.statusCode, answer.headers['content-type'], answer.body]).toEqual([
      200,
      well.contentType,
      'faultline_records_read_total 5\n',
    ]);
  });

  const states = [
    ['ok', 200],
    ['degraded', 200],
    ['not_ready', 503],
  ] as const;
  it.each(states)('/readyz of a worker that is %s is %d', async (state, status) => {
    const answer = await ask('/readyz', { health: () => ({ state, reasons: [] }) });
    expect([answer.statusCode, answer.json()]).toEqual([status, { state, reasons: [] }]);
  });

  it('/healthz is 503 only for a stalled worker', async () => {
    expect((await ask('/healthz')).statusCode).toBe(200);
    expect((await ask('/healthz', { isAlive: () => false })).statusCode).toBe(503);
  });

  it('/readyz names addresses only if no token is needed', async () => {
    const reasons = [{ code: 'missing', detail: 'Kafka is not there yet', address: 'kafka:9092' }];
    const waiting = { health: () => ({ state: 'not_ready' as const, reasons }) };
    expect((await ask('/readyz', waiting)).json()).toEqual({ state: 'not_ready', reasons });
    expect((await ask('/readyz', waiting, 'secret')).json()).toEqual({
      state: 'not_ready',
      reasons: [{ code: 'missing', detail: 'Kafka is not there yet' }],
    });
  });

  it('if a token is set, /metrics needs it and the probes do not', async () => {
    const codes = ['/metrics', '/healthz', '/readyz'].map(
      async (path) => (await ask(path, {}, 'secret')).statusCode,
    );
    expect(await Promise.all(codes)).toEqual([401, 200, 200]);
  });
});
