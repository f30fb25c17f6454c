import type { FastifyInstance } from 'fastify';

/** Metrics and health of a worker in the same process. */
export interface ProcessTelemetry {
  readonly contentType: string;
  /** All metrics in Prometheus' text format. */
  text(): Promise<string>;
  /** False when only a restart of the process helps. */
  isAlive(): boolean;
  health(): { state: 'ok' | 'degraded' | 'not_ready'; reasons: readonly { address?: string }[] };
}

/**
 * Serves `/metrics`, `/healthz` and `/readyz` with the same answers as a worker's own port. `/readyz` needs no token,
 * so it leaves out addresses unless `isOpen`, which means that only this machine can ask.
 */
export function addTelemetry(app: FastifyInstance, telemetry: ProcessTelemetry, isOpen: boolean): void {
  app.get('/metrics', async (_request, reply) =>
    reply.type(telemetry.contentType).send(await telemetry.text()),
  );
  app.get('/healthz', (_request, reply) =>
    telemetry.isAlive() ? reply.send({ state: 'ok' }) : reply.code(503).send({ state: 'stalled' }),
  );
  app.get('/readyz', (_request, reply) => {
    const health = telemetry.health();
    const reasons = isOpen ? health.reasons : health.reasons.map(withoutAddress);
    return reply.code(health.state === 'not_ready' ? 503 : 200).send({ ...health, reasons });
  });
}

function withoutAddress(reason: { address?: string }): object {
  const { address, ...rest } = reason;
  return address === undefined ? reason : rest;
}
