import type { Store } from '../store/store.ts';
import { readCountsGone } from '../store/queries/class-counts.ts';
import { noteSettings } from '../store/queries/incident-versions.ts';
import { readIncidents, writeIncidents } from '../store/queries/incidents.ts';
import type { Shortage } from './count-window.ts';
import { detectors as allDetectors } from './kinds/kinds.ts';
import type { AnalyzerSettings, Detector } from './detector.ts';
import { holdIncomplete } from './evaluate.ts';
import { judgeUpTo, type TickState, type WriteVersions, type Written } from './judge-up-to.ts';
import { judgePipeline } from './kinds/pipeline/judge.ts';
import { stepSeconds } from './step-range.ts';
import { fromStored, toStored } from './to-stored.ts';

export type { TickState } from './judge-up-to.ts';

/** The result of one tick, and the most organizations at one time that did not fit into `analyzers.window_mib`. */
export interface Ticked extends Shortage {
  state: TickState;
  /** The written incidents, in order, with the reasons. */
  written: readonly Written[];
  /** Ids of deleted incidents: later counts showed that they had not happened. Only histories have such incidents. */
  withdrawn: readonly string[];
  /** Event time up to which everything was evaluated, epoch seconds. */
  evaluated_at: number;
}

/**
 * An analyzer that starts without a remembered state evaluates this many seconds again, so that it finds incidents that
 * have already begun.
 */
const WARM_UP_SECONDS = 900;
/** When ingest is behind by more than this, open incidents are marked incomplete; seconds. */
const BEHIND_SECONDS = 60;

/**
 * Evaluates event time up to `now`, or up to the watermark if that is earlier (null: ingest is up to date), less the
 * settle time, and writes the incidents that changed. Times are epoch seconds. Times that were missed since the last
 * tick are evaluated one by one, so that late ticks, a restarted analyzer and a replay give the same result. Throws
 * `StoreError`; the same state can then be used again, and nothing is lost.
 */
export async function tick(
  store: Store,
  now: number,
  settings: AnalyzerSettings,
  state: TickState | null = null,
  watermark: number | null = null,
  detectors: readonly Detector[] = allDetectors,
): Promise<Ticked> {
  const step = stepSeconds(settings);
  const to = Math.floor((Math.min(now, watermark ?? now) - settings.settle_seconds) / step) * step;
  const { gone, ...start } =
    state === null
      ? await skipGone(store, await load(store, to, settings, detectors), to, settings, detectors)
      : { ...state, gone: false };
  if (state === null) await noteSettings(store, start.evaluated_at, JSON.stringify(settings));
  // The store has deleted all counts of this time, so the incidents stay as they are.
  if (gone) return tickedOf({ ...start, evaluated_at: to }, []);
  const written: Written[] = [];
  const write: WriteVersions = async (versions, changes) => {
    await writeIncidents(store, versions);
    written.push(...changes);
  };
  const judged = await judgeUpTo(store, to, settings, start, detectors, write);
  let { live } = judged;
  if (watermark !== null && now - watermark > BEHIND_SECONDS) {
    const held = holdIncomplete(detectors, live, now, settings);
    await write(
      held.changes.map((change) => toStored(change.live)),
      held.changes.map(({ live: { incident }, reason }) => ({ incident, reason })),
    );
    live = held.live;
  }
  const pipeline = await judgePipeline(store, now, start.pipeline ?? null, settings);
  written.push(...pipeline.written);
  return tickedOf({ ...judged, live, pipeline: pipeline.live }, written);
}

/** Makes the result of a tick from the state after it. */
export function tickedOf(
  state: TickState,
  written: readonly Written[],
  withdrawn: readonly string[] = [],
): Ticked {
  const { left_out = 0, coarse = 0 } = state.window?.takeShortage() ?? {};
  return { state, written, withdrawn, evaluated_at: state.evaluated_at, left_out, coarse };
}

/**
 * Moves the start of the evaluation to a time whose counts are all still stored: after the last day that retention
 * deleted, plus the time that detectors look back. Missing counts must not be taken for silence. `gone`: no such time
 * exists up to `to`. Not used when an analyzer continues from its state, nor for imports, whose counts are present
 * although older ones are deleted.
 */
async function skipGone(
  store: Store,
  start: TickState,
  to: number,
  settings: AnalyzerSettings,
  detectors: readonly Detector[],
): Promise<TickState & { gone: boolean }> {
  const lookback = Math.max(...detectors.map((detector) => detector.lookback(settings)));
  const end = await readCountsGone(store, { from: start.evaluated_at - lookback, to });
  if (end === null || end + lookback <= start.evaluated_at) return { ...start, gone: false };
  return { ...start, evaluated_at: end + lookback, gone: end + lookback >= to };
}

async function load(
  store: Store,
  to: number,
  settings: AnalyzerSettings,
  detectors: readonly Detector[],
): Promise<TickState> {
  const since = (time: number): ReturnType<typeof readIncidents> =>
    readIncidents(store, {
      kinds: detectors.map(({ kind }) => kind),
      states: ['firing', 'resolved'],
      since: time - settings.reopen_seconds,
      // No limit in practice: an incident that is not read would be detected a second time.
      limit: 1_000_000,
    });
  const ages = [...fromStored(await since(to)).values()].map(({ memory }) => memory.life.evaluated_at);
  const start = Math.min(to - WARM_UP_SECONDS, ...ages);
  // Includes incidents that were known at that time but are forgotten now. Otherwise an incident that is over would be
  // detected again by its last answers.
  return { evaluated_at: start, live: fromStored(await since(start)) };
}
