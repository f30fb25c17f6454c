import type { Incident } from '../../../domain/incident.ts';
import type { Store } from '../../../store/store.ts';
import { readIncidents, type StoredIncident, writeIncidents } from '../../../store/queries/incidents.ts';
import { type IngestState, readIngestState } from '../../../store/queries/ingest-state.ts';
import { type Loss, readLosses } from '../../../store/queries/losses.ts';
import type { AnalyzerSettings } from '../../detector.ts';
import { type IncidentChange, evaluate, type Evaluation } from '../../evaluate.ts';
import { isoTime } from '../../iso-time.ts';
import { parseMemory } from '../../live-incident.ts';
import { fromStored, toStored } from '../../to-stored.ts';
import type { PipelineLive } from './identity.ts';
import { LOSSES_SECONDS } from './losses.ts';
import { pipeline } from './pipeline.ts';

/** The result of one judgement. */
export interface JudgedPipeline {
  /** The incidents to pass to the next judgement; null: unknown. */
  live: PipelineLive | null;
  written: readonly { incident: Incident; reason: IncidentChange['reason'] }[];
}

/**
 * The state of the pipeline is only known for the present. If `now` differs from the store's clock by more than this
 * many seconds, nothing is judged.
 */
const PRESENT_SECONDS = 300;
/**
 * Evaluations happen at multiples of this many seconds by the store's clock, so that all analyzers judge the same
 * moments.
 */
const STEP_SECONDS = 10;

/**
 * Judges the workers' reports about their partitions and the losses in the ledger, and writes the incidents that
 * changed. Only the present can be judged: if `now` (epoch seconds) is another time, as in the replay of a file,
 * nothing happens. `live` null: the open incidents are read from the store. Throws `StoreError`; then the same call can
 * be made again.
 */
export async function judgePipeline(
  store: Store,
  now: number,
  live: PipelineLive | null,
  settings: AnalyzerSettings,
): Promise<JudgedPipeline> {
  const state = await readIngestState(store);
  if (Math.abs(now - state.now) > PRESENT_SECONDS) return { live, written: [] };
  const losses = await readLosses(store, state.now - LOSSES_SECONDS);
  const known = live ?? (await load(store, state.now));
  const judged = stepPipeline(state, losses, known, settings);
  await writeIncidents(
    store,
    judged.changes.map(({ live: changed }) => toStored(changed)),
  );
  return {
    live: judged.live,
    written: judged.changes.map(({ live: changed, reason }) => ({ incident: changed.incident, reason })),
  };
}

/** Moves every incident of the pipeline to its next state. Pure. */
export function stepPipeline(
  state: IngestState,
  losses: readonly Loss[],
  live: PipelineLive,
  settings: AnalyzerSettings,
): Evaluation {
  const at = Math.floor(state.now / STEP_SECONDS) * STEP_SECONDS;
  return evaluate([pipeline], { state, losses }, live, at, settings);
}

async function load(store: Store, now: number): Promise<PipelineLive> {
  const stored = await readIncidents(store, {
    kinds: ['pipeline'],
    states: ['firing', 'resolved'],
    since: now - LOSSES_SECONDS,
  });
  const foreign = stored.filter(
    ({ incident, memory }) => incident.state === 'firing' && parseMemory(memory) === null,
  );
  await writeIncidents(
    store,
    foreign.map((row) => closed(row, now)),
  );
  return fromStored(stored);
}

/**
 * Closes an incident whose memory this program cannot read: nothing else would close it. If its loss is recent, a new
 * incident is opened for it.
 */
function closed({ incident, version, memory }: StoredIncident, now: number): StoredIncident {
  const resolved = { ...incident, state: 'resolved' as const, resolved_at: isoTime(now) };
  return { incident: resolved, version: version + 1, memory };
}
