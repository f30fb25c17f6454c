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

/** What one judgement did. */
export interface JudgedPipeline {
  /** To be given to the next one; null: nothing is known yet. */
  live: PipelineLive | null;
  written: readonly { incident: Incident; reason: Change['reason'] }[];
}

/** The state of the pipeline is that of the present: further from the store's clock, `now` is another time. Seconds. */
const PRESENT_SECONDS = 300;
/** Evaluations lie on whole multiples of this, by the store's clock, for every analyzer the same; seconds. */
const STEP_SECONDS = 10;

/**
 * Judges what workers say of their partitions, and what the ledger says of losses, and writes the incidents that
 * changed. An evaluation of another time than the present (`now` in epoch seconds) says nothing about it: a replay of
 * a file makes none. `live` null: what is open is read from the store. Throws `StoreError`; then the same can be tried again.
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

/** Steps every incident of the pipeline by what is known of ingest. Pure. */
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

/** One of before losses had a memory: nobody would ever close it. What it is about is found again. */
function closed({ incident, version, memory }: StoredIncident, now: number): StoredIncident {
  const resolved = { ...incident, state: 'resolved' as const, resolved_at: isoTime(now) };
  return { incident: resolved, version: version + 1, memory };
}
