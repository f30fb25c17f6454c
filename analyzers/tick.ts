import type { Store } from '../store/store.ts';
import { readCountsGone } from '../store/queries/counts.ts';
import { noteSettings } from '../store/queries/incident-versions.ts';
import { readIncidents, writeIncidents } from '../store/queries/incidents.ts';
import type { Shortage } from './count-window.ts';
import { detectors as allDetectors } from './kinds/kinds.ts';
import type { AnalyzerSettings, Detector } from './detector.ts';
import { holdIncomplete } from './evaluate.ts';
import { judgeUpTo, type TickState, type Write, type Written } from './judge.ts';
import { judgePipeline } from './kinds/pipeline/judge.ts';
import { stepSeconds } from './step-range.ts';
import { fromStored, toStored } from './to-stored.ts';

export type { TickState } from './judge.ts';

/** What one tick did, and the most organizations at once for which memory for counts (`analyzers.window_mib`) did not suffice. */
export interface Ticked extends Shortage {
  state: TickState;
  /** The incidents written, in order, with the reason. */
  written: readonly Written[];
  /** Ids of incidents that are no more: counts that came later show another course. Only histories have them. */
  withdrawn: readonly string[];
  /** Event time up to which everything was evaluated, epoch seconds. */
  evaluated_at: number;
}

/** Without a memory, so much event time is evaluated again, so that an incident that has begun is found; seconds. */
const WARM_UP_SECONDS = 900;
/** Counts that are missing for longer than this make what is known of open incidents incomplete; seconds. */
const BEHIND_SECONDS = 60;

/**
 * Evaluates event time up to `now`, or up to the ingest watermark (null: ingest is not behind) where that is earlier,
 * both epoch seconds, less the settle time, and writes the incidents that changed. Times missed since the last tick are evaluated one by one,
 * so that late ticks, a restarted analyzer and a replay come to the same. Throws `StoreError`; then nothing is
 * lost and the same state can be used again.
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
  // Nothing is left of these counts: what was found when they were there stays as it is.
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

/** What a tick says of the state it leads to. */
export function tickedOf(
  state: TickState,
  written: readonly Written[],
  withdrawn: readonly string[] = [],
): Ticked {
  const { left_out = 0, coarse = 0 } = state.window?.takeShortage() ?? {};
  return { state, written, withdrawn, evaluated_at: state.evaluated_at, left_out, coarse };
}

/**
 * Begins after the last day whose counts have been dropped, and after the time that detectors look back on: what is gone
 * is neither healthy nor silent. `gone`: nothing up to `to` can be judged. Not asked of an analyzer that goes on, nor of an
 * import, whose own counts are there beside others' that are gone.
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
      // All of them: an incident that is left out would be found anew.
      limit: 1_000_000,
    });
  const ages = [...fromStored(await since(to)).values()].map(({ memory }) => memory.life.evaluated_at);
  const start = Math.min(to - WARM_UP_SECONDS, ...ages);
  // Who was known then, also if forgotten by now: or an incident that was over would be found once more, by its last answers.
  return { evaluated_at: start, live: fromStored(await since(start)) };
}
