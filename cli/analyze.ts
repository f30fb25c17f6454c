import { setTimeout as sleep } from 'node:timers/promises';
import { runAnalyzers } from '../analyzers/run.ts';
import { type Ticked, tick } from '../analyzers/tick.ts';
import { readWatermark } from '../store/queries/watermark.ts';
import type { CommandContext } from './context.ts';
import { openMigrated } from './pipeline.ts';
import { parseWhen } from './when.ts';

export interface AnalyzeOptions {
  once?: boolean;
  now?: string;
}

/** Evaluates the counts until a signal, or once; what opens, changes or resolves is logged and stored. */
export async function run(options: AnalyzeOptions, context: CommandContext): Promise<number> {
  const { settings, logger, signal } = context;
  const fixed = options.now === undefined ? null : parseWhen(options.now, '--now', context.now()) / 1000;
  const now = (): number => fixed ?? context.now() / 1000;
  const store = await openMigrated({ ...settings.clickhouse, notice: context.err });
  const watermark = (at: number): Promise<number | null> =>
    readWatermark(store, at, settings.analyzers.pipeline.hold_seconds);
  const report = ({ written, left_out }: Ticked): void => {
    for (const { incident, reason } of written) {
      const { id, kind, state, severity, scope, verdict } = incident;
      logger.info({ id, kind, state, severity, scope, reason, party: verdict.party }, incident.summary);
    }
    if (left_out > 0)
      logger.warn(
        { organizations: left_out },
        'too many organizations fail at once: the smallest were not judged',
      );
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
    await runAnalyzers({
      store,
      settings: settings.analyzers,
      now,
      signal,
      sleep: (ms) => sleep(ms, undefined, { signal }).catch(() => undefined),
      watermark,
      onTick: report,
      onError: (error) =>
        logger.warn(
          { reason: error instanceof Error ? error.message : String(error) },
          'evaluation failed, incidents stay as they are',
        ),
    });
    return 0;
  } finally {
    await store.close();
  }
}
