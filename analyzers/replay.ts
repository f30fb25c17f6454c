import type { Incident } from '../domain/incident.ts';
import type { Store } from '../store/connect.ts';
import { type StoredIncident, writeIncidents } from '../store/queries/incidents.ts';
import type { AnalyzerSettings, Detector } from './detector.ts';
import { detectors as allDetectors } from './detectors/detectors.ts';
import type { Change } from './evaluate.ts';
import { stepRange, stepSeconds } from './step-range.ts';
import { toStored } from './to-stored.ts';

/** Versions written at once. */
const WRITE_ROWS = 500;

/** Told of each version of an incident as event time passes. */
export type OnIncident = (incident: Incident, reason: Change['reason']) => void;

/**
 * Evaluates a past span of event time `[from, to)` (epoch ms) as live ticks would have done, writes the incidents
 * to the store, and gives their last states in order of their start. What is still open when the
 * counts end stays open: the time after the end says nothing.
 */
export async function replayRange(
  store: Store,
  from: number,
  to: number,
  settings: AnalyzerSettings,
  onIncident?: OnIncident,
  detectors: readonly Detector[] = allDetectors,
): Promise<Incident[]> {
  const step = stepSeconds(settings);
  const last = new Map<string, Incident>();
  // The interval that holds the last request is complete at the next step.
  const end = Math.ceil(to / 1000 / step) * step;
  const range = { after: Math.floor(from / 1000 / step) * step, to: end, live: new Map() };
  const rows: StoredIncident[] = [];
  await stepRange(store, detectors, range, settings, async (changes) => {
    rows.push(...changes.map(({ live }) => toStored(live)));
    if (rows.length >= WRITE_ROWS) await writeIncidents(store, rows.splice(0));
    for (const { live, reason } of changes) {
      last.set(live.incident.id, live.incident);
      onIncident?.(live.incident, reason);
    }
  });
  await writeIncidents(store, rows);
  return [...last.values()].sort((a, b) =>
    a.started_at < b.started_at ? -1 : a.started_at > b.started_at ? 1 : 0,
  );
}
