import type { Incident } from '../domain/incident.ts';
import type { Store } from '../store/store.ts';
import type { StoredIncident } from '../store/queries/incidents.ts';
import { CountWindow } from './count-window.ts';
import type { AnalyzerSettings, Detector } from './detector.ts';
import type { Change, Live } from './evaluate.ts';
import type { PipelineLive } from './kinds/pipeline/identity.ts';
import { stepRange } from './step-range.ts';
import { toStored } from './to-stored.ts';

/** What an analyzer carries from one tick to the next; null before the first. */
export interface TickState {
  /** Event time up to which everything was evaluated, epoch seconds. */
  evaluated_at: number;
  live: Live;
  /** Those of the pipeline; absent or null: they are read from the store. */
  pipeline?: PipelineLive | null;
  /** The counts that were read; read anew when it is absent. */
  window?: CountWindow;
}

/** A version of an incident, with the reason why it was written. */
export interface Written {
  incident: Incident;
  reason: Change['reason'];
}

/** Where versions go: given in order, some hundred at a time. */
export type Write = (versions: readonly StoredIncident[], changes: readonly Written[]) => Promise<void>;

/** Versions written at once. */
const WRITE_ROWS = 500;

/**
 * Evaluates event time from the state up to `to` (epoch seconds), hands over the versions to be written, and gives
 * the state that follows. This is what live ticks, histories and replays share. Throws `StoreError`; then the state
 * that was given can be used again: what was written is written again, and equal rows are one.
 */
export async function judgeUpTo(
  store: Store,
  to: number,
  settings: AnalyzerSettings,
  state: TickState,
  detectors: readonly Detector[],
  write: Write,
): Promise<TickState> {
  const window = state.window ?? new CountWindow();
  let waiting: Change[] = [];
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
