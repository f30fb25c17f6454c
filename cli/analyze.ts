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
  let before = { left_out: 0, coarse: 0 };
  const report = ({ written, left_out, coarse }: Ticked): void => {
    for (const { incident, reason } of written) {
      const { id, kind, state, severity, scope, verdict } = incident;
      logger.info({ id, kind, state, severity, scope, reason, party: verdict.party }, incident.summary);
    }
    if (left_out !== before.left_out || coarse !== before.coarse)
      logger.warn(
        { left_out, coarse, window_mib: settings.analyzers.window_mib },
        memoryText(left_out, coarse),
      );
    before = { left_out, coarse };
  };
  try {
    if (options.once === true) {
      report(await tick(store, now(), settings.analyzers, null, await readWatermark(store, now())));
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
      watermark: (at) => readWatermark(store, at),
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

function memoryText(leftOut: number, coarse: number): string {
  if (leftOut === 0 && coarse === 0)
    return 'memory for counts suffices again: every organization is judged in full';
  return `memory for counts (analyzers.window_mib) is full: ${leftOut} organizations are not judged, ${coarse} are judged without key, client and region`;
}
