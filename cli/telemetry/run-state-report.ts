import { setTimeout as sleep } from 'node:timers/promises';
import { createStateReport } from '../../ingest/state-report.ts';
import type { Worker } from '../../ingest/worker.ts';
import type { WorkerEvents } from '../../ingest/worker-events.ts';
import type { Store } from '../../store/store.ts';
import type { CommandContext } from '../context.ts';
import { workerName } from '../needs/worker.ts';

/** Stores reports about the partitions of a worker until it is closed. */
export interface RunningStateReport {
  /** The name of the worker in its reports. */
  readonly name: string;
  /** Receives the events of the worker. */
  readonly events: WorkerEvents;
  watch(worker: Worker): void;
  /** Reports that the worker was shut down cleanly, if the store accepts the report within 2 s. */
  leave(): Promise<void>;
  close(): void;
}

/** Time between two reports, ms. */
const EVERY_MS = 10_000;
/** Time between two checks whether a report is urgent, ms. */
const LOOK_MS = 1_000;
/** Longest wait for the last report, ms. */
const LAST_WORD_MS = 2_000;

/** Stores reports by the clock of the process. When reports fail, the first failure and the next success are logged. */
export function runStateReport(
  store: Store,
  context: Pick<CommandContext, 'now' | 'logger'>,
): RunningStateReport {
  const { now, logger } = context;
  const name = workerName();
  let watched: Worker | null = null;
  let timer: NodeJS.Timeout | undefined;
  let fails = false;
  let reportedAt = 0;
  const status = () => watched?.status() ?? { partitions: [], held_bytes: 0, ticked_at: null };
  const reports = createStateReport({ store, name, now, worker: () => ({ status }) });

  const attempt = async (act: () => Promise<void>): Promise<void> => {
    try {
      await act();
      if (fails) logger.info('the state of the partitions is reported again');
      fails = false;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!fails) logger.warn({ reason }, 'the state of the partitions could not be reported, trying again');
      fails = true;
    }
  };
  const look = (): void => {
    if (!reports.isUrgent() && now() - reportedAt < EVERY_MS) return;
    reportedAt = now();
    void attempt(reports.report);
  };

  return {
    name,
    events: reports.events,
    watch(worker) {
      watched = worker;
      timer = setInterval(look, LOOK_MS);
      timer.unref();
    },
    async leave() {
      clearInterval(timer);
      await Promise.race([attempt(reports.leave), sleep(LAST_WORD_MS, undefined, { ref: false })]);
    },
    close: () => clearInterval(timer),
  };
}
