import type { Incident } from '../domain/incident.ts';
import type { Store } from '../store/store.ts';
import { writeIncidents } from '../store/queries/incidents.ts';
import type { IncidentChange, Evaluation, Live } from './evaluate.ts';
import type { LiveIncident } from './live-incident.ts';
import { toStored } from './to-stored.ts';

/** If the data ended less than this many seconds ago, more may come, so an open incident stays open. */
const MAY_GO_ON_SECONDS = 3_600;

/**
 * Closes the open incidents at the end of a history, because no further counts will come that could resolve them. If
 * the end (`end`) is close to the present (`now`, both epoch seconds), they stay open. A closed incident ends with its
 * last matching answer; `evidence.ended_with_data` says that nobody saw its end. Equal histories give equal versions.
 * Pure.
 */
export function endOfHistory(live: Live, end: number, now: number): Evaluation {
  if (now - end <= MAY_GO_ON_SECONDS) return { live, changes: [] };
  const next = new Map(live);
  const changes: IncidentChange[] = [];
  for (const [key, item] of live) {
    const { state } = item.memory.life;
    // Pending incidents are not in the store, so they only have to be forgotten.
    if (state === 'pending') next.delete(key);
    if (state !== 'firing') continue;
    const ended = endedWithData(item, end);
    next.set(key, ended);
    changes.push({ key, live: ended, reason: 'resolved' });
  }
  return { live: next, changes };
}

function endedWithData({ incident, memory }: LiveIncident, end: number): LiveIncident {
  const { life } = memory;
  const { no_data: _, data_incomplete: __, ...evidence } = incident.evidence;
  return {
    incident: {
      ...incident,
      state: 'resolved',
      resolved_at: new Date(life.last_at * 1000).toISOString(),
      evidence: { ...evidence, ended_with_data: true },
    },
    memory: {
      ...memory,
      life: {
        ...life,
        state: 'resolved',
        resolved_at: life.last_at,
        held: null,
        // The version number is made from this time. It must be higher than the stored one, or the store would keep the
        // old row.
        evaluated_at: Math.max(Math.ceil(end), life.evaluated_at + 1),
      },
    },
  };
}

/**
 * Closes the open incidents as `endOfHistory` decides, writes them to the store, and returns those that ended. Throws
 * `StoreError`.
 */
export async function closeHistory(store: Store, live: Live, end: number, now: number): Promise<Incident[]> {
  const { changes } = endOfHistory(live, end, now);
  await writeIncidents(
    store,
    changes.map((change) => toStored(change.live)),
  );
  return changes.map((change) => change.live.incident);
}
