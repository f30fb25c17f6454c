import type { Logger } from 'pino';
import { createTelemetry, SAMPLE_MS, type Telemetry } from '../../ingest/telemetry/telemetry.ts';
import type { CommandContext } from '../context.ts';

/** Telemetry of this process, which takes samples until it is closed. */
export interface RunningTelemetry extends Telemetry {
  close(): void;
}

/** Runs telemetry by the clocks of the process, and logs each change of health once. */
export function runTelemetry(context: Pick<CommandContext, 'now' | 'logger'>): RunningTelemetry {
  const telemetry = createTelemetry({ monotonic: () => performance.now(), now: context.now, process: true });
  const logHealth = createHealthLog(telemetry, context.logger);
  const timer = setInterval(() => void telemetry.sample().then(logHealth), SAMPLE_MS);
  timer.unref();
  return {
    ...telemetry,
    watch(worker, store) {
      telemetry.watch(worker, store);
      void telemetry.sample();
    },
    close: () => clearInterval(timer),
  };
}

/** Makes a function that logs the health if it has changed since the last call. */
export function createHealthLog(
  telemetry: Pick<Telemetry, 'health'>,
  logger: Pick<Logger, 'info' | 'warn'>,
): () => void {
  let before = 'ok';
  return () => {
    const { state, reasons } = telemetry.health();
    // The command itself logs that it waits for ClickHouse or Kafka.
    if (state === before || reasons[0]?.code === 'missing') return;
    before = state;
    if (state === 'ok') logger.info('health: ok again');
    else
      logger.warn({ reasons: reasons.map(({ code, detail }) => `${code}: ${detail}`) }, `health: ${state}`);
  };
}
