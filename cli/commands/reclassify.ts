import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { TAXONOMY_VERSION } from '../../domain/classification.ts';
import { judgeStored } from '../../ingest/reclassify/judge-again.ts';
import { planReclassification, reclassify } from '../../ingest/reclassify/reclassify.ts';
import { StoreError } from '../../store/error.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../errors.ts';
import { reclassifiedInFull } from '../format/reclassify.ts';
import { formatCount } from '../format/numbers.ts';
import { openReader } from '../needs/open-reader.ts';
import { parseWhen } from '../options/when.ts';
import { workerName } from '../needs/worker.ts';

export interface ReclassifyCommandOptions {
  since?: string;
  dryRun?: boolean;
  json?: boolean;
}

/** Time between two lines of progress, ms. */
const PROGRESS_MS = 5_000;

/**
 * Judges stored errors again by the present rules and corrects events and counts. Exit code 130 when a signal stopped
 * it before its end.
 */
export async function run(options: ReclassifyCommandOptions, context: CommandContext): Promise<number> {
  const since = options.since === undefined ? 0 : parseWhen(options.since, '--since', context.now()) / 1000;
  const isPlan = options.dryRun === true;
  const store = await openReader(context);
  try {
    const name = randomBytes(4).toString('hex');
    let reportedAt = context.now();
    const result = await (isPlan ? planReclassification : reclassify)(store, {
      since,
      judge: judgeStored,
      rules: TAXONOMY_VERSION,
      name,
      holder: workerName(),
      now: context.now() / 1000,
      notice: context.err,
      progress: (judged, of) => {
        if (context.now() - reportedAt < PROGRESS_MS) return;
        reportedAt = context.now();
        context.err(`judged ${formatCount(judged)} of ${formatCount(of)} stored errors`);
      },
      isStopped: () => context.signal.aborted,
      sleep: (ms) => sleep(ms),
    });
    if (options.json === true) context.out(JSON.stringify({ dry_run: isPlan, ...result }));
    else {
      const terminal = { width: context.width, color: context.color, now: context.now() };
      for (const line of reclassifiedInFull(result, isPlan, terminal)) context.out(line);
    }
    if (result.finished) return 0;
    context.err(isPlan ? 'stopped' : 'stopped: run it again, and it continues where it ended');
    return EXIT.interrupted;
  } catch (error) {
    if (!isPlan && error instanceof StoreError)
      context.err('what was begun is not lost: run it again, and it continues where it ended');
    throw error;
  } finally {
    await store.close();
  }
}
