import type { Logger } from 'pino';
import { createTelemetry, SAMPLE_MS, type Telemetry } from '../../ingest/telemetry/telemetry.ts';
import type { CommandContext } from '../context.ts';

/** Telemetry of this process, sampled until it is closed. */
export interface RunningTelemetry extends Telemetry {
  close(): void;
}

/** Telemetry with the process's clocks. Changes of health go to the log, once each. */
export function runTelemetry(context: Pick<CommandContext, 'now' | 'logger'>): RunningTelemetry {
  const telemetry = createTelemetry({ monotonic: () => performance.now(), now: context.now, process: true });
  const tell = tellChanges(telemetry, context.logger);
  const timer = setInterval(() => void telemetry.sample().then(tell), SAMPLE_MS);
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

/** Says what has changed since it was last called. */
export function tellChanges(
  telemetry: Pick<Telemetry, 'health'>,
  logger: Pick<Logger, 'info' | 'warn'>,
): () => void {
  let before = 'ok';
  return () => {
    const { state, reasons } = telemetry.health();
    // Who waits for something says so himself.
    if (state === before || reasons[0]?.code === 'missing') return;
    before = state;
    if (state === 'ok') logger.info('health: ok again');
    else
      logger.warn({ reasons: reasons.map(({ code, detail }) => `${code}: ${detail}`) }, `health: ${state}`);
  };
}
