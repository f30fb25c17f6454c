import type { KnownOpen } from '../../domain/attention.ts';
import type { IncidentKind } from '../../domain/incident-kind.ts';
import type { Store } from '../store.ts';
import { tsvRow } from '../tsv.ts';
import { incidentColumns, type IncidentRow, incidentOfRow, type StoredIncident } from './incidents.ts';

/**
 * The versions of an incident, oldest first: one for each change of state, severity, scope, number of consequences,
 * number of times that it was opened again, or reason why nothing can be said, and otherwise the first of each ten
 * minutes. Versions that were written more than a week ago are deleted. Throws `StoreError`.
 */
export async function readVersions(store: Store, id: string): Promise<StoredIncident[]> {
  const rows = await store.query<IncidentRow>(
    `SELECT ${incidentColumns} FROM (
       SELECT * FROM incident_versions WHERE id = {id:String}
       ORDER BY version LIMIT 1 BY state, severity, scope, stage, span
     ) ORDER BY version`,
    { id },
  );
  return rows.map(incidentOfRow);
}

/**
 * When an incident was known as open, by the clock of the store and in epoch seconds; `to` null: it is still known as
 * open. The result is null when the versions of the incident were deleted, a week after they were written. Throws
 * `StoreError`.
 */
export async function readKnownOpen(store: Store, id: string): Promise<KnownOpen | null> {
  const [row] = await store.query<{ from: number; to: number; n: number; ends: number }>(
    `SELECT count() AS n, toUnixTimestamp(min(v.written_at)) AS from, countIf(${ENDS}) AS ends,
       toUnixTimestamp(minIf(v.written_at, ${ENDS})) AS to
     FROM incident_versions AS v WHERE v.id = {id:String}`,
    { id },
  );
  if (row === undefined || row.n === 0) return null;
  // The time of writing is rounded down to whole seconds.
  return { from: row.from, to: row.ends === 0 ? null : row.to + 1 };
}

/**
 * The versions since the last end: resolved ones after the last version that was not resolved. An incident may have
 * been opened again after earlier ends.
 */
const ENDS = `v.state = 'resolved' AND v.version > (
         SELECT max(version) FROM incident_versions WHERE id = {id:String} AND state != 'resolved')`;

/**
 * The incidents of a kind at a time (epoch seconds). `known` has the last version of each incident up to that time.
 * `pending` has the incidents that were pending at that time and fired later, each in the version in which it fired.
 * Throws `StoreError`.
 */
export async function readVersionsAt(
  store: Store,
  kind: IncidentKind,
  at: number,
): Promise<{ known: StoredIncident[]; pending: StoredIncident[] }> {
  const params = { kind, at: Math.round(at * 1000) };
  const known = await store.query<IncidentRow>(
    `SELECT ${incidentColumns} FROM (
       SELECT * FROM incident_versions WHERE kind = {kind:String} AND version <= {at:UInt64}
       ORDER BY id, version DESC LIMIT 1 BY id)`,
    params,
  );
  const pending = await store.query<IncidentRow>(
    `SELECT ${incidentColumns} FROM (
       SELECT * FROM incident_versions WHERE kind = {kind:String} AND state = 'firing' AND version > {at:UInt64}
         AND JSONExtractInt(memory, 'life', 'breach_at') * 1000 <= {at:UInt64} AND toUnixTimestamp64Milli(detected_at) > {at:UInt64}
       ORDER BY id, version LIMIT 1 BY id)`,
    params,
  );
  return { known: known.map(incidentOfRow), pending: pending.map(incidentOfRow) };
}

/**
 * Records the settings of the analyzers from a time on (epoch seconds of event time), unless the settings before that
 * time were the same. Two analyzers that record the same time leave one row. Throws `StoreError`.
 */
export async function noteSettings(store: Store, since: number, settings: string): Promise<void> {
  const last = await readSettingsAt(store, since);
  if (last?.settings === settings) return;
  const row = tsvRow([Math.max(0, Math.floor(since)), settings]);
  const columns = ['since', 'settings'];
  await store.insert({ table: 'analyzer_settings', columns, body: Buffer.from(row), token: '' });
}

/**
 * The settings at a time (epoch seconds), and since when they hold; null when no settings were recorded for that time.
 * Throws `StoreError`.
 */
export async function readSettingsAt(
  store: Store,
  at: number,
): Promise<{ since: number; settings: string } | null> {
  const [row] = await store.query<{ since: number; settings: string }>(
    `SELECT toUnixTimestamp(s.since) AS since, settings FROM analyzer_settings AS s
     WHERE s.since <= toDateTime({at:UInt32}, 'UTC') ORDER BY s.since DESC, written_at DESC LIMIT 1`,
    { at: Math.max(0, Math.floor(at)) },
  );
  return row ?? null;
}

const columnsOf: Readonly<Record<string, string>> = { key: 'api_key' };

/**
 * The last minute (epoch seconds) in `[from, to)` in which this scope sent requests; null when there is none. Throws
 * `StoreError`.
 */
export async function readLastRequest(
  store: Store,
  scope: Readonly<Record<string, string>>,
  { from, to }: { from: number; to: number },
): Promise<number | null> {
  const names = Object.keys(scope);
  const conditions = names.map((name) => `AND c.${columnsOf[name] ?? name} = {${name}:String}`).join(' ');
  const [row] = await store.query<{ n: number; last: number }>(
    `SELECT count() AS n, max(toUnixTimestamp(c.ts)) AS last FROM request_counts_1m AS c
     WHERE c.ts >= toDateTime({from:UInt32}, 'UTC') AND c.ts < toDateTime({to:UInt32}, 'UTC') ${conditions}`,
    { ...scope, from: Math.max(0, Math.floor(from)), to: Math.max(0, Math.floor(to)) },
  );
  return row === undefined || row.n === 0 ? null : row.last;
}

/**
 * Providers and organizations with requests of this scope in the span, the most requests first. Throws `StoreError`.
 */
export async function readOwners(
  store: Store,
  scope: Readonly<Record<string, string>>,
  { from, to }: { from: number; to: number },
  limit: number,
): Promise<{ provider: string; org: string }[]> {
  const conditions = Object.keys(scope).map((name) => `AND c.${columnsOf[name] ?? name} = {${name}:String}`);
  return store.query(
    `SELECT c.provider AS provider, c.org AS org FROM request_counts AS c
     WHERE c.ts >= toDateTime({from:UInt32}, 'UTC') AND c.ts < toDateTime({to:UInt32}, 'UTC') ${conditions.join(' ')}
     GROUP BY c.provider, c.org ORDER BY sum(c.requests) DESC, provider, org LIMIT {limit:UInt32}`,
    { ...scope, from: Math.max(0, Math.floor(from)), to: Math.max(0, Math.floor(to)), limit },
  );
}
