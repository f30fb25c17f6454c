import type { Incident } from '../../../domain/incident.ts';
import type { Store } from '../../../store/store.ts';
import { readIncidents, type StoredIncident, writeIncidents } from '../../../store/queries/incidents.ts';
import { type IngestState, readIngestState } from '../../../store/queries/ingest-state.ts';
import { type Loss, readLosses } from '../../../store/queries/losses.ts';
import type { AnalyzerSettings } from '../../detector.ts';
import { type Change, evaluate, type Evaluation } from '../../evaluate.ts';
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
  written: readonly { incident: Incident; reason: Change['reason'] }[];
}

/**
 * The state of the pipeline is about the present: it is not judged if `now` differs from the store's clock by more than
 * this; seconds.
 */
const PRESENT_SECONDS = 300;
/** Evaluations happen at whole multiples of this by the store's clock, the same for every analyzer; seconds. */
const STEP_SECONDS = 10;

/**
 * Judges what workers report of their partitions and what the ledger reports of losses, and writes the incidents that
 * changed. It judges only the present: if `now` (epoch seconds) is another time, as in a replay of a file, it does
 * nothing. `live` null: the open incidents are read from the store. Throws `StoreError`; then the same call can be made
 * again.
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

/** Steps every incident of the pipeline by the state of ingest. Pure. */
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
 * Closes an incident of a version in which losses had no memory: nothing else would close it. If its loss is recent, it
 * is found again.
 */
function closed({ incident, version, memory }: StoredIncident, now: number): StoredIncident {
  const resolved = { ...incident, state: 'resolved' as const, resolved_at: isoTime(now) };
  return { incident: resolved, version: version + 1, memory };
}
