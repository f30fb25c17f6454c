import type { IncidentState } from '../../domain/incident.ts';
import type { Store } from '../store.ts';

/** What an evaluation said of an incident. */
export interface IncidentVersion {
  /** Event time of the evaluation, epoch milliseconds. */
  at: number;
  state: IncidentState;
  severity: string;
  summary: string;
  party: string;
}

/** More evaluations than these are not read: those that changed something come first in a bounded time. */
const MOST = 20_000;

/** The versions of an incident in which what is said of it differs from the one before, oldest first. Throws `StoreError`. */
export async function readIncidentVersions(store: Store, id: string): Promise<IncidentVersion[]> {
  return store.query<IncidentVersion>(
    `SELECT toFloat64(version) AS at, state, severity, summary, verdict_party AS party
     FROM (
       SELECT version, state, severity, summary, verdict_party,
         lagInFrame(concat(state, severity, verdict_party), 1, '') OVER (ORDER BY version ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS before
       FROM (SELECT * FROM incidents WHERE id = {id:String} ORDER BY version LIMIT 1 BY version LIMIT {most:UInt32})
     )
     WHERE before != concat(state, severity, verdict_party)
     ORDER BY version`,
    { id, most: MOST },
  );
}
