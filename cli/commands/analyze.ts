import { setTimeout as sleep } from 'node:timers/promises';
import { runAnalyzers } from '../../analyzers/run.ts';
import { type Ticked, tick } from '../../analyzers/tick.ts';
import { readWatermark } from '../../store/queries/watermark.ts';
import { type AnalyzerHealth, createAnalyzerHealth } from '../telemetry/analyzer-health.ts';
import type { CommandContext } from '../context.ts';
import { describeError } from '../errors.ts';
import { createNotifyTelemetry, type NotifyTelemetry } from '../telemetry/notify-telemetry.ts';
import { type MetricsServer, startMetricsServer } from '../telemetry/metrics-server.ts';
import { neededStore, waitingOf } from '../needs/needs.ts';
import { notifyReceivers } from '../needs/notifications.ts';
import { checkSecrets } from '../needs/secrets.ts';
import { openWhenThere } from '../needs/wait-until-there.ts';
import { createShortageReport } from '../format/shortage.ts';
import { parseWhen } from '../options/when.ts';

export interface AnalyzeOptions {
  once?: boolean;
  now?: string;
  /** How long to wait for ClickHouse at the start, ms. */
  wait?: number;
}

/** Evaluates the counts until a signal, or once. Stores and logs incidents that open, change or resolve. */
export async function run(options: AnalyzeOptions, context: CommandContext): Promise<number> {
  const fixed = options.now === undefined ? null : parseWhen(options.now, '--now', context.now()) / 1000;
  const now = (): number => fixed ?? context.now() / 1000;
  await checkSecrets(context.settings.notify, context);
  const notify = createNotifyTelemetry(context.settings.notify.receivers, context.logger);
  const health = createAnalyzerHealth(notify, () => performance.now());
  const server = options.once === true ? null : await serveHealth(health, context);
  try {
    return await analyze(options, { now, health, notify }, context);
  } finally {
    await server?.close();
  }
}

async function analyze(
  options: AnalyzeOptions,
  { now, health, notify }: { now: () => number; health: AnalyzerHealth; notify: NotifyTelemetry },
  context: CommandContext,
): Promise<number> {
  const { settings, logger, signal } = context;
  const store = await openWhenThere(
    neededStore({ ...settings.clickhouse, notice: context.err }),
    waitingOf(context, options.once === true ? { wait: 0, ...options } : options, {
      say: (line) => logger.warn(line),
      missing: health.lack,
    }),
  );
  const watermark = (at: number): Promise<number | null> =>
    readWatermark(store, at, settings.analyzers.pipeline.hold_seconds);
  const reportShortage = createShortageReport(settings.analyzers.window_mib);
  const report = ({ written, left_out, coarse }: Ticked): void => {
    health.evaluated(null);
    for (const { incident, reason } of written) {
      const { id, kind, state, severity, scope, verdict } = incident;
      logger.info({ id, kind, state, severity, scope, reason, party: verdict.party }, incident.summary);
    }
    const short = reportShortage({ left_out, coarse });
    if (short !== null) logger.warn({ left_out, coarse }, short);
  };
  try {
    if (options.once === true) {
      report(await tick(store, now(), settings.analyzers, null, await watermark(now())));
      return 0;
    }
    logger.info(
      { clickhouse: store.where, every_seconds: settings.analyzers.every_seconds },
      'analyzers start',
    );
    // With --now no messages are sent, because the evaluation is not about the present.
    const notifying = options.now === undefined ? notifyReceivers(store, notify, context) : null;
    await runAnalyzers({
      store,
      settings: settings.analyzers,
      now,
      signal,
      sleep: (ms) => sleep(ms, undefined, { signal }).catch(() => undefined),
      watermark,
      onTick: report,
      onError: (error) => {
        health.evaluated(error);
        logger.warn(
          { reason: error instanceof Error ? error.message : String(error) },
          'evaluation failed, incidents stay as they are',
        );
      },
    });
    await notifying;
    return 0;
  } finally {
    await store.close();
  }
}

/**
 * Serves /metrics and the health of the analyzers; null if the server cannot start. The analyzers start even without
 * this server, because a worker on the same machine may already use the port.
 */
async function serveHealth(health: AnalyzerHealth, context: CommandContext): Promise<MetricsServer | null> {
  try {
    const server = await startMetricsServer(context.settings.metrics, health);
    context.logger.info({ url: server.url }, 'serving /metrics, /healthz and /readyz');
    return server;
  } catch (error) {
    context.logger.warn({ reason: describeError(error).line }, 'health is not served');
    return null;
  }
}
