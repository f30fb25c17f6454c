import type { Acknowledgement, Marks, Silence } from '../../domain/attention.ts';
import { scope } from '../../domain/incident.ts';
import type { Store } from '../store.ts';
import { tsvRow, tsvTime } from '../tsv.ts';

/**
 * Acknowledgements that nobody withdrew, and all silences except those that do not repeat and whose planned end was
 * more than a week ago. There are few rows, because people make them. Times are epoch seconds. Throws `StoreError`.
 */
export async function readMarks(store: Store): Promise<Marks> {
  const acknowledgements = await store.query<Acknowledgement>(
    `SELECT incident, toUnixTimestamp64Milli(a.at) / 1000 AS at, reopened, by, note
     FROM acknowledgements AS a FINAL WHERE NOT withdrawn ORDER BY a.at DESC`,
  );
  const rows = await store.query<Omit<Silence, 'scope'> & { scope: string }>(
    `SELECT id, kinds, scope, toUnixTimestamp64Milli(s.starts_at) / 1000 AS starts_at,
       toUnixTimestamp64Milli(s.ends_at) / 1000 AS ends_at, every_seconds, planned, by, note,
       toUnixTimestamp64Milli(s.ended_at) / 1000 AS ended_at
     FROM silences AS s FINAL
     WHERE every_seconds > 0 OR s.ends_at > now64(3, 'UTC') - toIntervalDay(7) ORDER BY s.starts_at, id`,
  );
  const silences = rows.map((row) => ({
    ...row,
    scope: scope.parse(JSON.parse(row.scope)),
  }));
  return { acknowledgements: new Map(acknowledgements.map((one) => [one.incident, one])), silences };
}

/**
 * Records that a person took an incident over, or that the acknowledgement was withdrawn. The store sets the time.
 * Throws `StoreError`.
 */
export async function writeAcknowledgement(
  store: Store,
  { incident, reopened, by, note }: Omit<Acknowledgement, 'at'>,
  withdrawn = false,
): Promise<void> {
  const columns = ['incident', 'reopened', 'by', 'note', 'withdrawn'] as const;
  const body = Buffer.from(tsvRow([incident, reopened, by, note, withdrawn]));
  await store.insert({ table: 'acknowledgements', columns, body, token: '' });
}

/** Stores a silence, which replaces earlier versions with the same id. Throws `StoreError`. */
export async function writeSilence(store: Store, silence: Silence): Promise<void> {
  const columns = [
    'id',
    'kinds',
    'scope',
    'starts_at',
    'ends_at',
    'every_seconds',
    'planned',
    'by',
    'note',
    'ended_at',
  ] as const;
  const row = tsvRow([
    silence.id,
    silence.kinds,
    JSON.stringify(silence.scope),
    tsvTime(silence.starts_at * 1000),
    tsvTime(silence.ends_at * 1000),
    silence.every_seconds,
    silence.planned,
    silence.by,
    silence.note,
    silence.ended_at === null ? null : tsvTime(silence.ended_at * 1000),
  ]);
  await store.insert({ table: 'silences', columns, body: Buffer.from(row), token: '' });
}
