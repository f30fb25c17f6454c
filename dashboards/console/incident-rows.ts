import { type Incident, incident } from '../../domain/incident.ts';
import type { Store } from '../../store/store.ts';
import type { IncidentQuery } from './parameters.ts';

interface IncidentRow {
  id: string;
  kind: string;
  state: string;
  severity: string;
  scope: string;
  started_at: string;
  detected_at: string;
  resolved_at: string | null;
  summary: string;
  verdict_party: string;
  verdict_why: string;
  evidence: string;
  remedy: string;
  sample_request_ids: string[];
  related: string[];
}

/**
 * The present state of incidents: open ones first, then the latest. `unreadable` holds the ids of rows that are no
 * incident as the contract has it. Throws `StoreError`.
 */
export async function readIncidents(
  store: Store,
  { state, limit }: IncidentQuery,
): Promise<{ incidents: Incident[]; unreadable: string[] }> {
  const states =
    state === undefined
      ? ['pending', 'firing', 'resolved']
      : state === 'open'
        ? ['pending', 'firing']
        : [state];
  const rows = await store.query<IncidentRow>(SELECT, { states, limit });
  const incidents: Incident[] = [];
  const unreadable: string[] = [];
  for (const row of rows) {
    const parsed = fromRow(row);
    if (parsed === null) unreadable.push(row.id);
    else incidents.push(parsed);
  }
  return { incidents, unreadable };
}

// The highest version of a row is chosen before the state is looked at: an older version may have another state.
const SELECT = `
SELECT * FROM (
  SELECT id, kind, state, severity, scope, started_at, detected_at, resolved_at, summary, verdict_party, verdict_why,
    evidence, remedy, sample_request_ids, related
  FROM incidents
  ORDER BY version DESC
  LIMIT 1 BY id
)
WHERE state IN {states:Array(String)}
ORDER BY state = 'resolved', started_at DESC, id
LIMIT {limit:UInt32}`;

function fromRow(row: IncidentRow): Incident | null {
  const { verdict_party: party, verdict_why: why, ...rest } = row;
  const parsed = incident.safeParse({
    ...rest,
    scope: json(row.scope),
    evidence: json(row.evidence),
    remedy: json(row.remedy),
    started_at: iso(row.started_at),
    detected_at: iso(row.detected_at),
    resolved_at: row.resolved_at === null ? null : iso(row.resolved_at),
    verdict: { party, why },
  });
  return parsed.success ? parsed.data : null;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** ClickHouse writes `2026-03-01 12:00:00.000` and means UTC. */
function iso(time: string): string {
  return time.includes('T') ? time : `${time.replace(' ', 'T')}Z`;
}
