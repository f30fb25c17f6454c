import type { Batch } from '../ingest/gather.ts';
import { openKafka } from '../ingest/sources/kafka.ts';
import { tallyInput } from '../ingest/input-report.ts';
import { reportToBoth, silentEvents } from '../ingest/worker-events.ts';
import type { Gateway } from '../store/http-gateway.ts';
import type { CommandContext } from './context.ts';
import { reportInput } from './format/input-report.ts';
import { kafkaLog, logEvents } from './log-events.ts';
import { startMetricsServer } from './metrics-server.ts';
import { openMigrated, workerFor } from './pipeline.ts';
import { type RunningTelemetry, runTelemetry } from './run-telemetry.ts';
import { serveWhenAsked } from './serve-clickhouse.ts';

export interface IngestOptions {
  clickhouseHttp?: number;
}

/** Runs a worker until a signal: then it writes and acknowledges what it has read, and leaves the group. */
export async function run(options: IngestOptions, context: CommandContext): Promise<number> {
  const telemetry = runTelemetry(context);
  try {
    // First up and last down, so that probes and Prometheus see the start and the end.
    const server = await startMetricsServer(context.settings.metrics, telemetry);
    context.logger.info({ url: server.url }, 'serving /metrics, /healthz and /readyz');
    try {
      return await work(options, telemetry, context);
    } finally {
      await server.close();
    }
  } finally {
    telemetry.close();
  }
}

async function work(
  options: IngestOptions,
  telemetry: RunningTelemetry,
  context: CommandContext,
): Promise<number> {
  const { settings, logger } = context;
  const store = await openMigrated({ ...settings.clickhouse, notice: context.err });
  let gateway: Gateway | null = null;
  try {
    gateway = await serveWhenAsked(store, options.clickhouseHttp, context);
    const source = await openKafka(settings.kafka, kafkaLog(logger));
    const input = tallyInput();
    const counting = { ...silentEvents, written: (_id: unknown, batch: Batch) => input.add(batch) };
    const worker = workerFor(context, settings, {
      store,
      source,
      events: reportToBoth(counting, reportToBoth(logEvents(logger), telemetry.events)),
      onRefused: 'halt',
    });
    telemetry.watch(worker, store);
    // The group waits for a leaving member at most as long as its session lasts.
    const stop = (): void => {
      telemetry.enter('stopping');
      // When it fails, so does `worker.run`.
      void worker.stop(settings.kafka.session_timeout_ms * 0.8);
    };
    context.signal.addEventListener('abort', stop, { once: true });
    if (context.signal.aborted) stop();
    logger.info(
      { topics: settings.kafka.topics, group: settings.kafka.group, clickhouse: store.where },
      'worker starts',
    );
    await worker.run();
    const report = input.report();
    logger.info({ input: report }, `worker stopped: ${reportInput(report, 'record')}`);
    return 0;
  } finally {
    await gateway?.close();
    await store.close();
  }
}
