import type { Incident } from '../domain/incident.ts';
import type { Store } from '../store/store.ts';
import type { StoredIncident } from '../store/queries/incidents.ts';
import { CountWindow } from './count-window.ts';
import type { AnalyzerSettings, Detector } from './detector.ts';
import type { IncidentChange, Live } from './evaluate.ts';
import type { PipelineLive } from './kinds/pipeline/identity.ts';
import { stepRange } from './step-range.ts';
import { toStored } from './to-stored.ts';

/** The state of an analyzer between two ticks. */
export interface TickState {
  /** Event time up to which everything was evaluated, epoch seconds. */
  evaluated_at: number;
  live: Live;
  /** Live incidents of the pipeline; absent or null: they are read from the store. */
  pipeline?: PipelineLive | null;
  /** The counts that were read; when absent, they are read again. */
  window?: CountWindow;
}

/** A version of an incident, with the reason why it was written. */
export interface Written {
  incident: Incident;
  reason: IncidentChange['reason'];
}

/** Where versions go: in order, some hundreds at a time. */
export type WriteVersions = (
  versions: readonly StoredIncident[],
  changes: readonly Written[],
) => Promise<void>;

/** Versions are written when at least this many wait. */
const WRITE_ROWS = 500;

/**
 * Evaluates event time from the given state up to `to` (epoch seconds), passes on the incident versions to write, and
 * returns the next state. Live ticks, histories and replays all use this function. Throws `StoreError`; the call can
 * then be repeated with the same state, because versions that were already written are written again as equal rows and
 * count once.
 */
export async function judgeUpTo(
  store: Store,
  to: number,
  settings: AnalyzerSettings,
  state: TickState,
  detectors: readonly Detector[],
  write: WriteVersions,
): Promise<TickState> {
  const window = state.window ?? new CountWindow();
  let waiting: IncidentChange[] = [];
  const flush = async (): Promise<void> => {
    const changes = waiting;
    waiting = [];
    if (changes.length === 0) return;
    await write(
      changes.map(({ live }) => toStored(live)),
      changes.map(({ live, reason }) => ({ incident: live.incident, reason })),
    );
  };
  const range = { after: state.evaluated_at, to, live: state.live, window };
  const live = await stepRange(store, detectors, range, settings, async (changes) => {
    waiting.push(...changes);
    if (waiting.length >= WRITE_ROWS) await flush();
  });
  await flush();
  return { evaluated_at: Math.max(state.evaluated_at, to), live, window };
}
