import type { RequestClass } from '../../domain/error-class.ts';
import { type InputTally, tallyInput } from '../../ingest/input-report.ts';
import type { WorkerEvents } from '../../ingest/worker-events.ts';
import type { CommandContext } from '../context.ts';
import { heldNotice } from '../input/held-notice.ts';
import type { StartSource } from '../input/start-source.ts';
import { logEvents } from '../telemetry/log-events.ts';

/** What worker, analyzers, live view and page of one run know of each other. */
export interface StartState {
  records: number;
  dead: number;
  byClass: Map<RequestClass, number>;
  /** Event time of the newest counted record, epoch ms. */
  watermark: number | null;
  /** Event time of the oldest record that was counted since the analyzers last asked, epoch ms. */
  oldest: number | null;
  trouble: string;
  /** Why the analyzers cannot evaluate at present; empty when they can. */
  unjudged: string;
  open: Set<string>;
  rate: number;
  ended: boolean;
  /** One line for each thing that the start waits for. */
  waitsFor: readonly string[];
  /** Null while it is not open. */
  source: StartSource | null;
  input: InputTally;
  /**
   * The notice about old data. It is printed when the first record is counted, so never for a file that was counted
   * before.
   */
  notice: string | null;
}

/** The state before anything is open. */
export function initialState(): StartState {
  return {
    records: 0,
    dead: 0,
    byClass: new Map(),
    watermark: null,
    oldest: null,
    trouble: '',
    unjudged: '',
    open: new Set(),
    rate: 0,
    ended: false,
    waitsFor: [],
    source: null,
    input: tallyInput(),
    notice: null,
  };
}

/** What keeps records from being stored or judged, in one line; empty when nothing does. */
export function troubleOf({ trouble, unjudged }: StartState): string {
  return trouble === '' ? unjudged : trouble;
}

/** Adds what the worker reports to the state, and logs problems. `held`: topics that the data directory already contains. */
export function watchWorker(
  state: StartState,
  source: StartSource,
  held: readonly string[],
  context: CommandContext,
): WorkerEvents {
  const data = context.settings.clickhouse.path;
  let isSaid = false;
  // The live view shows the ordinary course, so only problems are logged.
  const log = logEvents(context.logger.child({}, { level: 'warn' }));
  return {
    ...log,
    started(id, at, reason) {
      if (source.isTopic) log.started(id, at, reason);
      else if (reason !== '') context.err(reason);
      const others = isSaid ? null : heldNotice(id.topic, held, { data, source });
      isSaid = true;
      if (others !== null) context.err(others);
    },
    written(id, batch, age, duration) {
      log.written(id, batch, age, duration);
      state.input.add(batch);
      const { counted, dead, skipped, first_ts, last_ts } = batch.rows.totals;
      state.records += counted + dead + skipped;
      state.dead += dead;
      for (const [name, n] of batch.rows.classes())
        state.byClass.set(name, (state.byClass.get(name) ?? 0) + n);
      if (first_ts !== null) state.oldest = Math.min(state.oldest ?? first_ts, first_ts);
      if (last_ts !== null) state.watermark = Math.max(state.watermark ?? 0, last_ts);
    },
    storeFailed(reason, error) {
      state.trouble = reason;
      log.storeFailed(reason, error);
    },
    brokerFailed(reason) {
      state.trouble = reason;
      log.brokerFailed(reason);
    },
    storeAnswered() {
      state.trouble = '';
      log.storeAnswered();
    },
  };
}
