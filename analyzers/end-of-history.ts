import type { Incident } from '../domain/incident.ts';
import type { Store } from '../store/store.ts';
import { writeIncidents } from '../store/queries/incidents.ts';
import type { Change, Evaluation, Live } from './evaluate.ts';
import type { LiveIncident } from './live-incident.ts';
import { toStored } from './to-stored.ts';

/** An incident of data that ended so lately may still go on: it stays open. Seconds. */
const MAY_GO_ON_SECONDS = 3_600;

/**
 * Closes what is open where the data of a history end (`end`), unless that is the present (`now`, both epoch seconds):
 * nothing will ever be counted that could resolve it. It ends with its last matching answers; `evidence.ended_with_data`
 * says that nobody saw it end. Equal histories give equal versions. Pure.
 */
export function endOfHistory(live: Live, end: number, now: number): Evaluation {
  if (now - end <= MAY_GO_ON_SECONDS) return { live, changes: [] };
  const next = new Map(live);
  const changes: Change[] = [];
  for (const [key, item] of live) {
    const { state } = item.memory.life;
    // What is pending was never shown.
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
        // The version comes from here, and must be after the one that is stored.
        evaluated_at: Math.max(Math.ceil(end), life.evaluated_at + 1),
      },
    },
  };
}

/** The same, written to the store; gives the incidents that ended. Throws `StoreError`. */
export async function closeHistory(store: Store, live: Live, end: number, now: number): Promise<Incident[]> {
  const { changes } = endOfHistory(live, end, now);
  await writeIncidents(
    store,
    changes.map((change) => toStored(change.live)),
  );
  return changes.map((change) => change.live.incident);
}
