import type { ReplayLetters } from '../../dashboards/console/replay-letters.ts';
import { createRecordReader } from '../../ingest/read-record.ts';
import { replayDeadLetters } from '../../ingest/replay-dead-letters.ts';
import type { Store } from '../../store/store.ts';
import type { CommandContext } from '../context.ts';
import { workerName } from '../needs/worker.ts';

/**
 * Longest time in which one request of the page reads dead letters, ms. The page asks for the rest with further
 * requests.
 */
const LONGEST_MS = 4_000;

/**
 * Answers "Count what can be read now" of the page: runs `faultline dead-letters replay` with the settings of this
 * process.
 */
export function letterReplay(
  store: Store,
  { settings, now }: Pick<CommandContext, 'settings' | 'now'>,
): ReplayLetters {
  const reader = createRecordReader(settings);
  return async ({ topic, reason, dryRun, after }) => {
    const began = now();
    const { input, ...rest } = await replayDeadLetters(
      store,
      { topic, reason, since: 0 },
      {
        reader,
        now: began,
        worker: workerName(),
        dryRun,
        after,
        isEnough: () => now() - began >= LONGEST_MS,
      },
    );
    const reasons = input.dead.map((one) => ({
      reason: one.reason,
      count: one.count,
      detail: one.first.detail,
    }));
    return { ...rest, reasons };
  };
}
