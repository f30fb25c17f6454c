import type { Incident } from '../../../domain/incident.ts';
import type { Store } from '../../../store/store.ts';
import { readIncidents, type StoredIncident, writeIncidents } from '../../../store/queries/incidents.ts';
import { type IngestState, readIngestState } from '../../../store/queries/ingest-state.ts';
import { type Loss, readLosses } from '../../../store/queries/losses.ts';
import type { Policy } from '../../advance.ts';
import type { AnalyzerSettings } from '../../detector.ts';
import { isoTime } from '../../iso-time.ts';
import { liveKey, parseMemoryOf } from '../../live-incident.ts';
import { type Change, stepFindings, type Stepping } from '../../step-findings.ts';
import { toStored } from '../../to-stored.ts';
import {
  type PipelineIdentity,
  pipelineIdentity,
  type PipelineIncident,
  type PipelineLive,
} from './identity.ts';
import { LOSSES_SECONDS, lossFindings } from './losses.ts';
import { standingFindings } from './standing.ts';

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
/** When the store was away, workers need two reports to say so: what is seen once does not fire; seconds. */
const CONFIRMED_SECONDS = 20;
/** Longest time that one look can vouch for, and after which numbers are written again; seconds. */
const MINUTE = 60;

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
): { live: PipelineLive; changes: Change<PipelineIdentity>[] } {
  const at = Math.floor(state.now / STEP_SECONDS) * STEP_SECONDS;
  const next = new Map(live);
  const known = (problem: PipelineIdentity['problem']): PipelineIncident[] =>
    [...live.values()].filter(({ memory }) => memory.identity.problem === problem);
  const findings = [
    ...standingFindings(state, settings.pipeline, known('stands_still')),
    ...lossFindings(losses, known('lost'), at),
  ];
  const stepping: Stepping<PipelineIdentity> = {
    kind: 'pipeline',
    policy: (identity) => policyOf(identity, settings),
    moment: (_finding, previous) => ({
      now: at,
      refresh: Math.floor(at / MINUTE) > Math.floor((previous?.memory.life.evaluated_at ?? at) / MINUTE),
      summed_up: [],
    }),
  };
  const changes = stepFindings(stepping, findings, live, next);
  return { live: next, changes };
}

function policyOf({ problem }: PipelineIdentity, settings: AnalyzerSettings): Policy {
  // What is lost is lost at once; how long that is shown is part of the finding.
  if (problem === 'lost')
    return { pending_seconds: 0, clear_seconds: 0, reopen_seconds: LOSSES_SECONDS, window_seconds: MINUTE };
  return {
    pending_seconds: Math.max(settings.pending_seconds, CONFIRMED_SECONDS),
    clear_seconds: settings.pipeline.clear_seconds,
    reopen_seconds: settings.reopen_seconds,
    window_seconds: MINUTE,
  };
}

async function load(store: Store, now: number): Promise<PipelineLive> {
  const stored = await readIncidents(store, {
    kinds: ['pipeline'],
    states: ['firing', 'resolved'],
    since: now - LOSSES_SECONDS,
  });
  const live = new Map<string, PipelineIncident>();
  const foreign: StoredIncident[] = [];
  // Newest last: it is the one that goes on.
  for (const row of stored.toSorted((a, b) => a.version - b.version)) {
    const memory = parseMemoryOf(pipelineIdentity, row.memory);
    if (memory !== null) live.set(liveKey('pipeline', memory.identity), { incident: row.incident, memory });
    else if (row.incident.state === 'firing') foreign.push(row);
  }
  await writeIncidents(
    store,
    foreign.map((row) => closed(row, now)),
  );
  return live;
}

/** One of before losses had a memory: nobody would ever close it. What it is about is found again. */
function closed({ incident, version, memory }: StoredIncident, now: number): StoredIncident {
  const resolved = { ...incident, state: 'resolved' as const, resolved_at: isoTime(now) };
  return { incident: resolved, version: version + 1, memory };
}
