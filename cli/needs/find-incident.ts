import type { Incident } from '../../domain/incident.ts';
import { readIncidents } from '../../store/queries/incidents.ts';
import type { Store } from '../../store/store.ts';
import { UserError } from '../errors.ts';

const ALL = 10_000;

/** The incident whose id is `id` or starts with it. Throws a `UserError` when there is none, or several. */
export async function findIncident(store: Store, id: string): Promise<Incident> {
  const [exact] = await readIncidents(store, { id });
  if (exact !== undefined) return exact.incident;
  const all = await readIncidents(store, { limit: ALL });
  const matching = all.map(({ incident }) => incident).filter((one) => one.id.startsWith(id));
  const [only, second] = matching;
  if (only === undefined)
    throw new UserError(`there is no incident ${id}; faultline incidents lists them`, 1);
  if (second !== undefined) {
    throw new UserError(
      `${matching.length} incidents begin with ${id}: ${only.id}, ${second.id}…; give more of the id`,
      1,
    );
  }
  return only;
}
