import { createHash } from 'node:crypto';
import {
  type Incident,
  type IncidentState,
  incident,
  type Party,
  type Scope,
} from '../../domain/incident.ts';
import type { IncidentKind } from '../../domain/incident-kind.ts';
import { onCluster } from '../cluster-ddl.ts';
import type { Store } from '../store.ts';
import { tsvRow, tsvTime } from '../tsv.ts';

export { readSampleRequestIds } from './sample-requests.ts';

/** One stored version of an incident. */
export interface StoredIncident {
  incident: Incident;
  /** Event time of the evaluation in ms. The highest version is the present state. */
  version: number;
  /** JSON with what the state machine remembers between evaluations. */
  memory: string;
}

/** Which incidents to read; absent fields mean "all". Times are epoch seconds. */
export interface IncidentFilter {
  id?: string;
  ids?: readonly string[];
  states?: readonly IncidentState[];
  kinds?: readonly IncidentKind[];
  /** Only incidents that are open or were resolved at this time or later. */
  since?: number;
  /** Only incidents that started before this time. */
  until?: number;
  severities?: readonly Incident['severity'][];
  parties?: readonly Party[];
  /** Conditions on the scope: each named dimension has one of these values, or, when negated, none of them. */
  scope?: readonly { name: keyof Scope; values: readonly string[]; negate: boolean }[];
  /** Sorts open incidents before resolved ones. */
  openFirst?: boolean;
  /** Only incidents after this position in the list. Needs `openFirst`. */
  after?: IncidentPlace;
  /** How many to read, newest first; 1,000 by default. */
  limit?: number;
}

/** The position of an incident in a list with open incidents first. */
export interface IncidentPlace {
  resolved: boolean;
  /** Epoch ms. */
  started: number;
  id: string;
}

/**
 * The present state of the incidents, newest first. Throws `StoreError`. A row with an unknown form is an error too,
 * unless `unreadable` is given: then `unreadable` is called with the id, and the row is left out.
 */
export async function readIncidents(
  store: Store,
  filter: IncidentFilter = {},
  unreadable?: (id: string) => void,
): Promise<StoredIncident[]> {
  const { versions, rows: present, params } = conditions(filter);
  const order = `${filter.openFirst === true ? `state = 'resolved', ` : ''}started_at DESC, id`;
  // The table may hold years, and its texts are most of its bytes. So the texts are read only for the incidents that
  // are returned.
  const rows = await store.query<IncidentRow>(
    `SELECT ${incidentColumns}
    FROM (
      SELECT * FROM incidents
      WHERE (started_at, id) GLOBAL IN (
        SELECT started_at, id
        FROM (
          SELECT id, version, started_at, state, severity, verdict_party, resolved_at, scope FROM incidents
          WHERE ${['true', ...versions].join(' AND ')}
          ORDER BY id, version DESC LIMIT 1 BY id
        )
        WHERE ${['true', ...present].join(' AND ')}
        ORDER BY ${order} LIMIT {limit:UInt32}
      )
      ORDER BY id, version DESC LIMIT 1 BY id
    )
    WHERE ${['true', ...present].join(' AND ')}
    ORDER BY ${order}`,
    { ...params, limit: filter.limit ?? 1_000 },
  );
  if (unreadable === undefined) return rows.map(incidentOfRow);
  return rows.flatMap((row) => {
    try {
      return [incidentOfRow(row)];
    } catch {
      unreadable(row.id);
      return [];
    }
  });
}

/**
 * The consequences of an incident that are still stored, in the order in which the incident lists them. A consequence
 * whose row has an unknown form is left out. Throws `StoreError`.
 */
export async function readRelated(store: Store, { related }: Pick<Incident, 'related'>): Promise<Incident[]> {
  if (related.length === 0) return [];
  const found = await readIncidents(store, { ids: related }, () => undefined);
  return related.flatMap((id) => found.flatMap(({ incident: one }) => (one.id === id ? [one] : [])));
}

/**
 * The conditions of a filter, with the values of their placeholders. `versions` apply to all versions, because these
 * fields never change; `rows` apply to the present version.
 */
function conditions(filter: IncidentFilter): {
  versions: string[];
  rows: string[];
  params: Record<string, unknown>;
} {
  const { id, ids, states, kinds, severities, parties, scope = [], since, until, after } = filter;
  const params: Record<string, unknown> = {};
  const given = (sql: string, values: Record<string, unknown>): string => {
    Object.assign(params, values);
    return sql;
  };
  const versions = [
    id !== undefined && given('id = {id:String}', { id }),
    ids !== undefined && given('id IN {ids:Array(String)}', { ids }),
    kinds !== undefined && given('kind IN {kinds:Array(String)}', { kinds }),
    until !== undefined &&
      given('started_at < fromUnixTimestamp64Milli(toInt64({until:Int64}))', {
        until: Math.round(until * 1_000),
      }),
  ];
  const rows = [
    states !== undefined && given('state IN {states:Array(String)}', { states }),
    severities !== undefined && given('severity IN {severities:Array(String)}', { severities }),
    parties !== undefined && given('verdict_party IN {parties:Array(String)}', { parties }),
    since !== undefined &&
      given('(resolved_at IS NULL OR resolved_at >= fromUnixTimestamp64Milli(toInt64({since:Int64})))', {
        since: Math.round(since * 1_000),
      }),
    ...scope.map(({ name, values, negate }, i) =>
      given(
        `JSONExtractString(scope, {scope${i}:String}) ${negate ? 'NOT ' : ''}IN {values${i}:Array(String)}`,
        { [`scope${i}`]: name, [`values${i}`]: values },
      ),
    ),
    after !== undefined &&
      given(
        `(state = 'resolved', -toUnixTimestamp64Milli(started_at), id) > ({resolved:Bool}, -toInt64({started:Int64}), {after:String})`,
        { resolved: after.resolved, started: after.started, after: after.id },
      ),
  ];
  const kept = (list: readonly (string | false)[]): string[] => list.filter((one) => one !== false);
  return { versions: kept(versions), rows: kept(rows), params };
}

/**
 * Ids of incidents that were written since a time of the store's clock and evaluated since another; both are epoch
 * seconds. The second condition is necessary because rows of the first release have no time of writing: for these rows
 * every query reads the present time instead. Throws `StoreError`.
 */
export async function readChangedIds(store: Store, since: number, evaluatedSince: number): Promise<string[]> {
  const rows = await store.query<{ id: string }>(
    `SELECT DISTINCT id FROM incidents
     WHERE written_at >= toDateTime({since:UInt32}) AND version >= {evaluated:UInt64}`,
    { since: Math.max(0, Math.floor(since)), evaluated: Math.max(0, Math.floor(evaluatedSince * 1000)) },
  );
  return rows.map(({ id }) => id);
}

/**
 * Stores versions of incidents. Equal rows from two analyzers are stored once. Pass another `occasion` to store rows
 * again after they were deleted. Throws `StoreError`.
 */
export async function writeIncidents(
  store: Store,
  incidents: readonly StoredIncident[],
  occasion = '',
): Promise<void> {
  if (incidents.length === 0) return;
  const body = Buffer.from(incidents.map(toTsv).join(''));
  const token = createHash('sha256').update(body).update(occasion).digest('hex');
  await store.insert({ table: 'incidents', columns, body, token });
}

/** How many ids one statement names. */
const IDS_AT_ONCE = 200;

/**
 * Deletes the versions of these incidents whose number is above `version`. Resolves when they are deleted. Throws
 * `StoreError`.
 */
export async function deleteIncidentVersions(
  store: Store,
  ids: readonly string[],
  version: number,
): Promise<void> {
  for (let i = 0; i < ids.length; i += IDS_AT_ONCE) {
    for (const name of ['incidents', 'incident_versions']) {
      const table = store.cluster === '' ? name : `${name}_local ${onCluster(store.cluster)}`;
      await store.command(
        `ALTER TABLE ${table} DELETE WHERE id IN {ids:Array(String)} AND version > {version:UInt64}
        SETTINGS mutations_sync = 2`,
        { ids: ids.slice(i, i + IDS_AT_ONCE), version },
      );
    }
  }
}

const columns = [
  'id',
  'version',
  'kind',
  'state',
  'severity',
  'provider',
  'org',
  'project',
  'model',
  'scope',
  'started_at',
  'detected_at',
  'resolved_at',
  'summary',
  'verdict_party',
  'verdict_why',
  'evidence',
  'remedy',
  'sample_request_ids',
  'related',
  'memory',
] as const;

function toTsv({ incident: it, version, memory }: StoredIncident): string {
  return tsvRow([
    it.id,
    version,
    it.kind,
    it.state,
    it.severity,
    it.scope.provider ?? '',
    it.scope.org ?? '',
    it.scope.project ?? '',
    it.scope.model ?? '',
    JSON.stringify(it.scope),
    tsvTime(Date.parse(it.started_at)),
    tsvTime(Date.parse(it.detected_at)),
    it.resolved_at === null ? null : tsvTime(Date.parse(it.resolved_at)),
    it.summary,
    it.verdict.party,
    it.verdict.why,
    JSON.stringify(it.evidence),
    JSON.stringify(it.remedy),
    it.sample_request_ids,
    it.related,
    memory,
  ]);
}

/** The columns that `incidentOfRow` needs, as SQL for the tables `incidents` and `incident_versions`. */
export const incidentColumns = `id, version, kind, state, severity, scope, toUnixTimestamp64Milli(started_at) AS started_ms,
      toUnixTimestamp64Milli(detected_at) AS detected_ms, toUnixTimestamp64Milli(resolved_at) AS resolved_ms,
      summary, verdict_party, verdict_why, evidence, remedy, sample_request_ids, related, memory`;

/** A row with `incidentColumns`. */
export interface IncidentRow {
  id: string;
  version: number;
  kind: string;
  state: string;
  severity: string;
  scope: string;
  started_ms: number;
  detected_ms: number;
  resolved_ms: number | null;
  summary: string;
  verdict_party: string;
  verdict_why: string;
  evidence: string;
  remedy: string;
  sample_request_ids: string[];
  related: string[];
  memory: string;
}

/** Turns a row into an incident. Throws when the row has an unknown form. */
export function incidentOfRow(row: IncidentRow): StoredIncident {
  const read = incident.parse({
    id: row.id,
    kind: row.kind,
    state: row.state,
    severity: row.severity,
    scope: JSON.parse(row.scope),
    started_at: new Date(row.started_ms).toISOString(),
    detected_at: new Date(row.detected_ms).toISOString(),
    resolved_at: row.resolved_ms === null ? null : new Date(row.resolved_ms).toISOString(),
    summary: row.summary,
    verdict: { party: row.verdict_party, why: row.verdict_why },
    evidence: JSON.parse(row.evidence),
    remedy: JSON.parse(row.remedy),
    sample_request_ids: row.sample_request_ids,
    related: row.related,
  });
  return { incident: read, version: row.version, memory: row.memory };
}
