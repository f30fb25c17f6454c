import type { StoredIncident } from '../store/queries/incidents.ts';
import { versionOf } from './evaluate.ts';
import { type LiveIncident, liveKey, parseMemory } from './live-incident.ts';

/** The row of a live incident. Equal incidents give equal rows: nothing in it comes from a wall clock. */
export function toStored(live: LiveIncident): StoredIncident {
  return { incident: live.incident, version: versionOf(live), memory: JSON.stringify(live.memory) };
}

/** The live incidents among stored ones; those that other parts of the program wrote are left alone. */
export function fromStored(rows: readonly StoredIncident[]): Map<string, LiveIncident> {
  const live = new Map<string, LiveIncident>();
  // Newest last: it is the one that goes on.
  for (const row of rows.toSorted((a, b) => a.version - b.version)) {
    const memory = parseMemory(row.memory);
    if (memory !== null)
      live.set(liveKey(row.incident.kind, memory.identity), { incident: row.incident, memory });
  }
  return live;
}
