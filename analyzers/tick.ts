import type { Incident } from '../domain/incident.ts';
import type { Store } from '../store/connect.ts';
import { readCountsGone } from '../store/queries/counts.ts';
import { readIncidents, writeIncidents } from '../store/queries/incidents.ts';
import { detectors as allDetectors } from './detectors/detectors.ts';
import type { AnalyzerSettings, Detector } from './detector.ts';
import { type Change, holdIncomplete, type Live } from './evaluate.ts';
import type { PipelineLive } from './pipeline/identity.ts';
import { judgePipeline } from './pipeline/judge.ts';
import { stepRange, stepSeconds } from './step-range.ts';
import { fromStored, toStored } from './to-stored.ts';

/** What an analyzer carries from one tick to the next; null before the first. */
export interface TickState {
  /** Event time up to which everything was evaluated, epoch seconds. */
  evaluated_at: number;
  live: Live;
  /** Those of the pipeline; absent or null: they are read from the store. */
  pipeline?: PipelineLive | null;
}

/** What one tick did. */
export interface Ticked {
  state: TickState;
  /** The incidents written, in order, with the reason. */
  written: readonly { incident: Incident; reason: Change['reason'] }[];
  /** Event time up to which everything was evaluated, epoch seconds. */
  evaluated_at: number;
  /** Organizations that were not judged because there were too many with such answers. */
  left_out: number;
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
  const start =
    state === null
      ? await skipGone(store, await load(store, to, settings, detectors), to, settings, detectors)
      : { ...state, gone: false };
  // Nothing is left of these counts: what was found when they were there stays as it is.
  if (start.gone)
    return { state: { evaluated_at: to, live: start.live }, written: [], evaluated_at: to, left_out: 0 };
  const written: { incident: Incident; reason: Change['reason'] }[] = [];
  const write = async (changes: readonly Change[]): Promise<void> => {
    await writeIncidents(
      store,
      changes.map(({ live }) => toStored(live)),
    );
    written.push(...changes.map(({ live, reason }) => ({ incident: live.incident, reason })));
  };
  const range = { after: start.evaluated_at, to, live: start.live };
  const stepped = await stepRange(store, detectors, range, settings, write);
  let live = stepped.live;
  if (watermark !== null && now - watermark > BEHIND_SECONDS) {
    const held = holdIncomplete(detectors, live, now, settings);
    await write(held.changes);
    live = held.live;
  }
  const pipeline = await judgePipeline(store, now, start.pipeline ?? null, settings);
  written.push(...pipeline.written);
  const next = { evaluated_at: Math.max(start.evaluated_at, to), live, pipeline: pipeline.live };
  return { state: next, written, evaluated_at: next.evaluated_at, left_out: stepped.left_out };
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
  const stored = await readIncidents(store, {
    kinds: detectors.map(({ kind }) => kind),
    states: ['firing', 'resolved'],
    since: to - settings.reopen_seconds,
  });
  const live = fromStored(stored);
  const ages = [...live.values()].map(({ memory }) => memory.life.evaluated_at);
  return { evaluated_at: Math.min(to - WARM_UP_SECONDS, ...ages), live };
}
