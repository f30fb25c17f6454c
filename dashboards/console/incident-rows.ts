import type { Incident } from '../../domain/incident.ts';
import { readIncidents } from '../../store/queries/incidents.ts';
import type { Store } from '../../store/store.ts';
import type { IncidentQuery } from './parameters.ts';

/**
 * Incidents for the page, open ones first. `unreadable` has the ids of rows with an unknown form, which are left out.
 * Throws `StoreError`.
 */
export async function listIncidents(
  store: Store,
  { state, limit }: IncidentQuery,
): Promise<{ incidents: Incident[]; unreadable: string[] }> {
  const unreadable: string[] = [];
  const states =
    state === 'open' ? (['pending', 'firing'] as const) : state === undefined ? undefined : [state];
  const found = await readIncidents(
    store,
    { ...(states === undefined ? {} : { states }), openFirst: true, limit },
    (id) => unreadable.push(id),
  );
  return { incidents: found.map(({ incident }) => incident), unreadable };
}
