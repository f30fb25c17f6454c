import type { Logger } from 'pino';
import { createTelemetry, SAMPLE_MS, type Telemetry } from '../../ingest/telemetry/telemetry.ts';
import type { CommandContext } from '../context.ts';

/** Telemetry of this process; it is sampled until it is closed. */
export interface RunningTelemetry extends Telemetry {
  close(): void;
}

/** Runs telemetry by the process's clocks. Each change of health is logged once. */
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

/** Makes a function that logs changes of health since its last call. */
export function tellChanges(
  telemetry: Pick<Telemetry, 'health'>,
  logger: Pick<Logger, 'info' | 'warn'>,
): () => void {
  let before = 'ok';
  return () => {
    const { state, reasons } = telemetry.health();
    // Whatever waits for a store or broker logs that itself.
    if (state === before || reasons[0]?.code === 'missing') return;
    before = state;
    if (state === 'ok') logger.info('health: ok again');
    else
      logger.warn({ reasons: reasons.map(({ code, detail }) => `${code}: ${detail}`) }, `health: ${state}`);
  };
}
