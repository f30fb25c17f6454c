import type { Incident } from '../domain/incident.ts';
import type { Store } from '../store/store.ts';
import { writeIncidents } from '../store/queries/incidents.ts';
import type { Shortage } from './count-window.ts';
import type { AnalyzerSettings, Detector } from './detector.ts';
import { detectors as allDetectors } from './kinds/kinds.ts';
import type { IncidentChange } from './evaluate.ts';
import { judgeUpTo, type TickState } from './judge-up-to.ts';
import { stepSeconds } from './step-range.ts';

/** What was found in a past span. */
export interface Replayed extends Shortage {
  /** The incidents in their last state, in order of their start. */
  incidents: Incident[];
}

/** Called for each version of an incident as event time passes. */
export type OnIncident = (incident: Incident, reason: IncidentChange['reason']) => void;

/**
 * Evaluates a past span `[from, to)` (epoch ms) as live ticks would have done at that time, and writes the incidents to
 * the store. Incidents that are open at the end stay open, because nothing is known about later times. Throws
 * `StoreError`.
 */
export async function replayRange(
  store: Store,
  from: number,
  to: number,
  settings: AnalyzerSettings,
  onIncident?: OnIncident,
  detectors: readonly Detector[] = allDetectors,
): Promise<Replayed> {
  const last = new Map<string, Incident>();
  const start = firstState(from / 1000, settings);
  const { window } = await judgeUpTo(
    store,
    lastStepOf(to / 1000, settings),
    settings,
    start,
    detectors,
    async (versions, changes) => {
      await writeIncidents(store, versions);
      for (const { incident, reason } of changes) {
        last.set(incident.id, incident);
        onIncident?.(incident, reason);
      }
    },
  );
  const incidents = [...last.values()].sort((a, b) =>
    a.started_at < b.started_at ? -1 : a.started_at > b.started_at ? 1 : 0,
  );
  return { left_out: 0, coarse: 0, ...window?.takeShortage(), incidents };
}

/** The state before the first counts, which lie in the interval that contains `from` (epoch seconds). */
export function firstState(from: number, settings: AnalyzerSettings): TickState {
  const step = stepSeconds(settings);
  return { evaluated_at: Math.floor(from / step) * step, live: new Map() };
}

/** The last step to evaluate: from then on all counts before `to` (epoch seconds) are complete. */
export function lastStepOf(to: number, settings: AnalyzerSettings): number {
  const step = stepSeconds(settings);
  return Math.ceil(to / step) * step;
}
