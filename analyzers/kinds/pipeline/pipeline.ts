import type { IngestState } from '../../../store/queries/ingest-state.ts';
import type { Loss } from '../../../store/queries/losses.ts';
import type { Judge, Known } from '../../detector.ts';
import { closing } from '../../closing.ts';
import type { Problem } from './identity.ts';
import { LOSSES_SECONDS, lossFindings } from './losses.ts';
import { standingFindings } from './standing.ts';

/** The state of ingest at one moment. */
export interface IngestReading {
  state: IngestState;
  /** The losses of the last `LOSSES_SECONDS`. */
  losses: readonly Loss[];
}

/**
 * A state must last this many seconds before it fires. After the store was away, workers need two reports until the
 * store is up to date again.
 */
const CONFIRMED_SECONDS = 20;
/** Longest healthy time that one evaluation may add, in seconds. */
const MINUTE = 60;

/** A partition stands still, or records were deleted before they were read. */
export const pipeline: Judge<IngestReading> = {
  kind: 'pipeline',
  policy({ pending_seconds, reopen_seconds, pipeline: { clear_seconds } }, { problem }) {
    // A loss fires at once; its finding decides how long it is shown.
    if (problem === 'lost')
      return { pending_seconds: 0, clear_seconds: 0, reopen_seconds: LOSSES_SECONDS, window_seconds: MINUTE };
    return {
      pending_seconds: Math.max(pending_seconds, CONFIRMED_SECONDS),
      clear_seconds,
      reopen_seconds,
      window_seconds: MINUTE,
    };
  },
  detect({ state, losses }, settings, now, known) {
    if (!settings.pipeline.enabled) return [...known.values()].map(closing);
    const of = (problem: Problem): Known[] =>
      [...known.values()].filter(({ identity }) => identity['problem'] === problem);
    return [
      ...standingFindings(state, settings.pipeline, of('stands_still')),
      ...lossFindings(losses, of('lost'), now),
    ];
  },
};
