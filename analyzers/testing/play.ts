import type { CountRow } from '../../domain/count-row.ts';
import type { Incident } from '../../domain/incident.ts';
import { settingsSchema } from '../../domain/settings.ts';
import { countView } from '../count-view.ts';
import type { AnalyzerSettings, Detector } from '../detector.ts';
import { detectors as allDetectors } from '../detectors/detectors.ts';
import { type Change, evaluate, type Live } from '../evaluate.ts';

/** The settings of the analyzers as they are without a settings file. */
export const defaults: AnalyzerSettings = settingsSchema.parse({}).analyzers;

export interface Played {
  /** Last version of each incident, in order of their start. */
  incidents: Incident[];
  changes: Change[];
  live: Live;
}

/** Evaluates every ten seconds over all the counts and collects what would be written. */
export function play(
  rows: readonly CountRow[],
  options: { settings?: AnalyzerSettings; detectors?: readonly Detector[]; until?: number } = {},
): Played {
  const { settings = defaults, detectors = allDetectors } = options;
  const counts = countView(rows);
  const first = rows.reduce((least, row) => Math.min(least, row.ts), Infinity);
  const until = options.until ?? rows.reduce((most, row) => Math.max(most, row.ts), 0) + 10;
  const changes: Change[] = [];
  let live: Live = new Map();
  for (let now = Math.ceil(first / 10) * 10 + 10; now <= until; now += 10) {
    const evaluation = evaluate(detectors, counts, live, now, settings);
    live = evaluation.live;
    changes.push(...evaluation.changes);
  }
  const last = new Map(changes.map(({ live: { incident } }) => [incident.id, incident]));
  const incidents = [...last.values()].sort((a, b) => (a.started_at < b.started_at ? -1 : 1));
  return { incidents, changes, live };
}
