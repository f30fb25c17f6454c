import { setTimeout as sleep } from 'node:timers/promises';
import { longest, type RetainedTable, retainedTables, type Retention } from '../domain/retention.ts';
import { localTable } from './cluster-ddl.ts';
import type { Store } from './store.ts';
import { StoreError } from './error.ts';

/** The time at which the retention of a row starts, as SQL. For imported history this is the import, not the event. */
const keptFrom: Readonly<Record<RetainedTable | 'ingest_days', string>> = {
  request_counts: 'greatest(ts, kept_from)',
  request_counts_1m: 'greatest(ts, kept_from)',
  request_counts_1h: 'greatest(ts, kept_from)',
  error_events: 'greatest(toDateTime(ts), inserted_at)',
  dead_letters: 'inserted_at',
  incidents: 'greatest(toDateTime(started_at), written_at)',
  notifications: 'toDateTime(decided_at)',
  ingest_batches: 'toDateTime(inserted_at)',
  ingest_days: "toDateTime(greatest(day, stored_on), 'UTC')",
};

/** Tables that delete old rows. The ledger by day is kept as long as any table that is compared with it. */
export type ForgettingTable = keyof typeof keptFrom;
export const forgettingTables: readonly ForgettingTable[] = [...retainedTables, 'ingest_days'];

/** The TTL of a table as ClickHouse prints it; empty: none. Pure. */
export function ttlOf(table: ForgettingTable, retention: Retention): string {
  // Messages are not compared with the ledger.
  const { notifications: _, ...compared } = retention;
  const most = longest(Object.values(compared));
  const after = (days: number): string => `${keptFrom[table]} + toIntervalDay(${days})`;
  if (table === 'ingest_days') return most === null ? '' : after(most);
  const days = retention[table];
  if (table !== 'ingest_batches') return days === null ? '' : after(days);
  // Batches that are not in the ledger by day, because they are older than it, are kept as long as the ledger by day.
  return [days === null ? '' : `${after(days)} WHERE by_day`, most === null ? '' : after(most)]
    .filter((part) => part !== '')
    .join(', ');
}

/**
 * How many days a TTL keeps rows; null: for ever. Where a TTL has two intervals, the first is the one for rows of the
 * present version.
 */
export function daysOf(ttl: string): number | null {
  const match = /toInterval(Day|Month|Year)\((\d+)\)/.exec(ttl);
  if (match === null) return null;
  return Number(match[2]) * (match[1] === 'Year' ? 365 : match[1] === 'Month' ? 30 : 1);
}

/** How one table deletes old rows. */
export interface Forgetting {
  table: ForgettingTable;
  /** The TTL as ClickHouse prints it; empty: nothing is deleted. */
  ttl: string;
  /** Null: for ever. */
  days: number | null;
  /**
   * Rows whose retention started before this (epoch seconds) may be deleted although `days` would still keep them; 0
   * when there are no such rows.
   */
  gone_before: number;
}

/** The present retention of all tables, and the server's clock in epoch seconds. Throws `StoreError`. */
export async function readForgetting(store: Store): Promise<{ now: number; tables: Forgetting[] }> {
  const names = forgettingTables.map((table) => localTable(store, table));
  const rows = await store.query<{ name: string; engine_full: string }>(
    'SELECT name, engine_full FROM system.tables WHERE database = {database:String} AND name IN {names:Array(String)}',
    { database: store.database, names },
  );
  const changes = await store.query<{ table: string; gone: number }>(
    'SELECT table, max(toUnixTimestamp(changed_at) - days * 86400) AS gone FROM retention_changes GROUP BY table',
  );
  const [clock] = await store.query<{ now: number }>('SELECT toUnixTimestamp(now()) AS now');
  const tables = forgettingTables.map((table) => {
    const engine = rows.find(({ name }) => name === localTable(store, table))?.engine_full ?? '';
    const ttl = / TTL (.*?)(?: SETTINGS |$)/.exec(engine)?.[1] ?? '';
    const gone = changes.find((row) => row.table === table)?.gone ?? 0;
    return { table, ttl, days: daysOf(ttl), gone_before: Math.max(0, gone) };
  });
  return { now: clock?.now ?? 0, tables };
}

/**
 * Sets the TTL of every table whose TTL differs from the settings, and returns these tables. Two processes at once do
 * no harm. ClickHouse checks stored rows against the new TTL only when the number of days changes. Throws `StoreError`.
 */
export async function applyRetention(store: Store, retention: Retention): Promise<ForgettingTable[]> {
  const { tables } = await readForgetting(store);
  const changed: ForgettingTable[] = [];
  for (const { table, ttl, days } of tables) {
    const wanted = ttlOf(table, retention);
    if (wanted === ttl) continue;
    const wantedDays = daysOf(wanted);
    // The shorter retention is recorded first: otherwise `reconcile` would report the rows that it deleted as missing.
    if (days !== null && (wantedDays === null || wantedDays > days)) await noteDropped(store, table, days);
    const on = store.cluster === '' ? '' : ` ON CLUSTER '${store.cluster}'`;
    const alter = `ALTER TABLE ${store.database}.${localTable(store, table)}${on}`;
    await alterTable(
      store,
      wanted === ''
        ? `${alter} REMOVE TTL`
        : `${alter} MODIFY TTL ${wanted} SETTINGS materialize_ttl_after_modify = ${wantedDays === days ? 0 : 1}`,
    );
    changed.push(table);
  }
  return changed;
}

async function noteDropped(store: Store, table: string, days: number): Promise<void> {
  const body = Buffer.from(`${table}\t${days}\n`);
  await store.insert({ table: 'retention_changes', columns: ['table', 'days'], body, token: '' });
}

const TRIES = 10;
/** 517 CANNOT_ASSIGN_ALTER: another process is altering the table. 36: another process has already removed the TTL. */
const ALTERED_BY_ANOTHER = 517;
const NO_TTL_TO_REMOVE = 36;

/** Runs an ALTER, and tries again while another process alters the same table. Throws `StoreError`. */
export async function alterTable(store: Pick<Store, 'command'>, statement: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await store.command(statement);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.serverCode === NO_TTL_TO_REMOVE && statement.endsWith('REMOVE TTL')) return;
      if (error.serverCode !== ALTERED_BY_ANOTHER || tries === TRIES) throw error;
      await sleep(100 * tries);
    }
  }
}
