import type { StoredIncident } from '../store/queries/incidents.ts';
import { versionOf } from './evaluate.ts';
import { type LiveIncident, liveKey, parseMemory } from './live-incident.ts';

/** The row to store for an open incident. Equal incidents give equal rows, because no value comes from a clock. */
export function toStored(live: LiveIncident): StoredIncident {
  return { incident: live.incident, version: versionOf(live), memory: JSON.stringify(live.memory) };
}

/** The live incidents among stored ones; rows of other parts of the program are ignored. */
export function fromStored(rows: readonly StoredIncident[]): Map<string, LiveIncident> {
  const live = new Map<string, LiveIncident>();
  // Newest last, so that the newest version of an incident replaces the others.
  for (const row of rows.toSorted((a, b) => a.version - b.version)) {
    const memory = parseMemory(row.memory);
    if (memory !== null)
      live.set(liveKey(row.incident.kind, memory.identity), { incident: row.incident, memory });
  }
  return live;
}
