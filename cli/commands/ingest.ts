import type { Batch } from '../../ingest/batcher.ts';
import { tallyInput } from '../../ingest/input-report.ts';
import { reportToBoth, silentEvents } from '../../ingest/worker-events.ts';
import type { CommandContext } from '../context.ts';
import { sumOfInput } from '../format/input-report.ts';
import { logEvents } from '../telemetry/log-events.ts';
import { startMetricsServer } from '../telemetry/metrics-server.ts';
import { neededKafka, neededStore, served, waitingOf } from '../needs/needs.ts';
import { workerFor } from '../needs/worker.ts';
import { type RunningStateReport, runStateReport } from '../telemetry/run-state-report.ts';
import { type RunningTelemetry, runTelemetry } from '../telemetry/run-telemetry.ts';
import { openBoth } from '../needs/wait-until-there.ts';

export interface IngestOptions {
  clickhouseHttp?: number;
  /** How long to wait for Kafka and ClickHouse at the start, ms. */
  wait?: number;
}

/**
 * Runs a worker until a signal. Then the worker writes and acknowledges everything that it has read, and leaves the
 * group.
 */
export async function run(options: IngestOptions, context: CommandContext): Promise<number> {
  const telemetry = runTelemetry(context);
  try {
    // The server starts first and stops last, so that probes and Prometheus see the start and the end of the worker.
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
  const database = neededStore({ ...settings.clickhouse, notice: context.err });
  const storage = served(database, options.clickhouseHttp, context);
  const [store, source] = await openBoth(
    storage,
    neededKafka(context),
    waitingOf(context, options, { say: (line) => logger.warn(line), missing: telemetry.lack }),
  );
  let reports: RunningStateReport | null = null;
  try {
    reports = runStateReport(store, context);
    const input = tallyInput();
    const counting = { ...silentEvents, written: (_id: unknown, batch: Batch) => input.add(batch) };
    const events = reportToBoth(reportToBoth(logEvents(logger), telemetry.events), reports.events);
    const worker = workerFor(context, settings, {
      store,
      source,
      events: reportToBoth(counting, events),
      onRefused: 'halt',
      name: reports.name,
    });
    telemetry.watch(worker, store);
    reports.watch(worker);
    // Stopping must end before the session in the group does: when the session ends, the group gives the partitions to
    // other workers.
    const stop = (): void => {
      telemetry.enter('stopping');
      // When stopping fails, `worker.run` fails with the same error.
      void worker.stop(settings.kafka.session_timeout_ms * 0.8);
    };
    context.signal.addEventListener('abort', stop, { once: true });
    if (context.signal.aborted) stop();
    logger.info(
      { topics: settings.kafka.topics, group: settings.kafka.group, clickhouse: store.where },
      'worker starts',
    );
    await worker.run();
    await reports.leave();
    const report = input.report();
    logger.info({ input: report }, `worker stopped: ${sumOfInput(report, 'record')}`);
    return 0;
  } finally {
    reports?.close();
    await storage.close(store);
  }
}
