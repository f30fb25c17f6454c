import { setTimeout as sleep } from 'node:timers/promises';
import { type HistoryContext, runAnalyzers } from '../../analyzers/run.ts';
import type { Worker } from '../../ingest/worker.ts';
import { readFirstEvent } from '../../store/queries/ledger.ts';
import { readWatermark } from '../../store/queries/watermark.ts';
import type { Store } from '../../store/store.ts';
import type { CommandContext } from '../context.ts';
import { createShortageReport } from '../format/shortage.ts';
import type { LiveView } from '../format/live-view.ts';
import type { Running } from './running.ts';
import type { StartState } from './state.ts';

/**
 * Runs the analyzers up to the present of the source. After the worker has ended they run once more, to evaluate its
 * last batches.
 */
export async function analyse(
  { store, worker, state, source }: Running,
  view: LiveView,
  context: CommandContext,
): Promise<void> {
  const { analyzers } = context.settings;
  const reportShortage = createShortageReport(analyzers.window_mib);
  await runAnalyzers({
    store,
    settings: analyzers,
    now: () => context.now() / 1000,
    signal: context.signal,
    sleep: (ms) => sleep(ms, undefined, { signal: context.signal }).catch(() => undefined),
    watermark: (at) => readWatermark(store, at, analyzers.pipeline.hold_seconds),
    ...(source.isHistory ? { history: historyOf(store, worker, state) } : {}),
    hasEnded: () => state.ended,
    onTick: ({ written, withdrawn, ...shortage }) => {
      state.unjudged = '';
      const short = reportShortage(shortage);
      if (short !== null) view.notice(short);
      for (const id of withdrawn) state.open.delete(id);
      for (const { incident, reason } of written) {
        if (incident.state === 'firing') state.open.add(incident.id);
        else state.open.delete(incident.id);
        if (reason === 'fired' || reason === 'reopened' || reason === 'resolved') view.incident(incident);
      }
    },
    onError: (error) => {
      state.unjudged = `incidents are not judged: ${error instanceof Error ? error.message : String(error)}`;
    },
  });
}

/** The event times that the analyzers evaluate: those that the worker has stored. */
function historyOf(store: Store, worker: Worker, state: StartState): HistoryContext {
  return {
    // Only the topics of this run count, so that the times of an older import are not evaluated again.
    first: () => readFirstEvent(store, [...new Set(worker.status().partitions.map(({ topic }) => topic))]),
    newest: () => (state.watermark === null ? null : state.watermark / 1000),
    takeOldest: () => {
      const oldest = state.oldest;
      state.oldest = null;
      return oldest === null ? null : oldest / 1000;
    },
    monotonic: () => performance.now(),
    every_seconds: 0.5,
  };
}
