import type { Store } from '../store/store.ts';
import { readCountsGone } from '../store/queries/class-counts.ts';
import { noteSettings } from '../store/queries/incident-versions.ts';
import { readIncidents, writeIncidents } from '../store/queries/incidents.ts';
import type { Shortage } from './count-window.ts';
import { detectors as allDetectors } from './kinds/kinds.ts';
import type { AnalyzerSettings, Detector } from './detector.ts';
import { holdIncomplete } from './evaluate.ts';
import { judgeUpTo, type TickState, type Write, type Written } from './judge-up-to.ts';
import { judgePipeline } from './kinds/pipeline/judge.ts';
import { stepSeconds } from './step-range.ts';
import { fromStored, toStored } from './to-stored.ts';

export type { TickState } from './judge-up-to.ts';

/** The result of one tick, and the most organizations at one time that did not fit into `analyzers.window_mib`. */
export interface Ticked extends Shortage {
  state: TickState;
  /** The written incidents, in order, with the reasons. */
  written: readonly Written[];
  /** Ids of withdrawn incidents: later counts showed that they did not happen so. Only histories have them. */
  withdrawn: readonly string[];
  /** Event time up to which everything was evaluated, epoch seconds. */
  evaluated_at: number;
}

/**
 * Without a remembered state, this much event time is evaluated again, so that an incident that has begun is found;
 * seconds.
 */
const WARM_UP_SECONDS = 900;
/** When ingest is behind by more than this, open incidents are marked incomplete; seconds. */
const BEHIND_SECONDS = 60;

/**
 * Evaluates event time up to `now`, or up to the watermark if that is earlier (null: ingest is not behind), both epoch
 * seconds, less the settle time, and writes the incidents that changed. Times that were missed since the last tick are
 * evaluated one by one, so late ticks, a restarted analyzer and a replay have the same result. Throws `StoreError`;
 * then nothing is lost, and the same state can be used again.
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
  // None of these counts are left: the incidents from before stay as they are.
  if (gone) return tickedOf({ ...start, evaluated_at: to }, []);
  const written: Written[] = [];
  const write: Write = async (versions, changes) => {
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

/** Describes a tick by the state it leads to. */
export function tickedOf(
  state: TickState,
  written: readonly Written[],
  withdrawn: readonly string[] = [],
): Ticked {
  const { left_out = 0, coarse = 0 } = state.window?.takeShortage() ?? {};
  return { state, written, withdrawn, evaluated_at: state.evaluated_at, left_out, coarse };
}

/**
 * Moves the start after the last day whose counts were dropped, plus the time that detectors look back: dropped counts
 * prove neither health nor silence. `gone`: nothing up to `to` can be judged. Not used for an analyzer that continues,
 * nor for an import: its counts are present although older ones are gone.
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
      // A limit that never cuts: an incident that is left out would be found again.
      limit: 1_000_000,
    });
  const ages = [...fromStored(await since(to)).values()].map(({ memory }) => memory.life.evaluated_at);
  const start = Math.min(to - WARM_UP_SECONDS, ...ages);
  // Incidents that were known at that time, even if forgotten now: otherwise an incident that is over would be found
  // again by its last answers.
  return { evaluated_at: start, live: fromStored(await since(start)) };
}
