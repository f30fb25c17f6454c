import type { Store } from '../store.ts';
import { tsvRow, tsvSeconds } from '../tsv.ts';
import type { CountTable } from './reconcile.ts';

/** One run of `faultline reclassify`, as its last holder reported it. Times are epoch seconds. */
export interface RunRow {
  term: number;
  run: string;
  holder: string;
  /** Event times `[since, until)`. */
  since: number;
  until: number;
  rules: number;
  started_at: number;
  state: 'running' | 'left' | 'finished';
  /** Time since the last report of its holder. */
  silent_seconds: number;
}

const runColumns = ['term', 'run', 'holder', 'since', 'until', 'rules', 'started_at', 'state'] as const;

/** The run with the highest term; null when there has been none. Throws `StoreError`. */
export async function readLastRun(store: Store): Promise<RunRow | null> {
  const [row] = await store.query<RunRow>(
    `SELECT term, run, holder, toUnixTimestamp(r.since) AS since, toUnixTimestamp(r.until) AS until, rules,
       toUnixTimestamp(r.started_at) AS started_at, state,
       (toUnixTimestamp64Milli(now64(3, 'UTC')) - toUnixTimestamp64Milli(r.at)) / 1000 AS silent_seconds
     FROM reclassify_runs AS r FINAL ORDER BY term DESC LIMIT 1`,
  );
  return row ?? null;
}

/**
 * Stores the state of a run. Of several reports with the same token only the first is stored, so that only one of
 * several processes gets a term. Throws `StoreError`.
 */
export async function writeRun(
  store: Store,
  row: Omit<RunRow, 'silent_seconds'>,
  token: string,
): Promise<void> {
  const times = {
    since: tsvSeconds(row.since),
    until: tsvSeconds(row.until),
    started_at: tsvSeconds(row.started_at),
  };
  const values = { ...row, ...times };
  const body = Buffer.from(tsvRow(runColumns.map((name) => values[name])));
  await store.insert({ table: 'reclassify_runs', columns: runColumns, body, token });
}

/** How far a unit of a run is. */
export interface UnitRow {
  run: string;
  /** Event times `[from, to)`, epoch seconds, within one day. */
  from: number;
  to: number;
  /** What is done: 1, the changes are staged; 2, the counts are corrected too; 3, `error_events` is corrected too. */
  step: 1 | 2 | 3;
  tables: CountTable[];
  changed: number;
  /** JSON. */
  report: string;
}

const unitColumns = ['run', 'from', 'to', 'step', 'tables', 'changed', 'report'] as const;

/** Stores how far a unit is. Throws `StoreError`. */
export async function writeUnit(store: Store, unit: UnitRow): Promise<void> {
  const values = { ...unit, from: tsvSeconds(unit.from), to: tsvSeconds(unit.to) };
  const body = Buffer.from(tsvRow(unitColumns.map((name) => values[name])));
  await store.insert({ table: 'reclassify_units', columns: unitColumns, body, token: '' });
}

/** The units of a run in order of time. Throws `StoreError`. */
export async function readUnits(store: Store, run: string): Promise<UnitRow[]> {
  return store.query<UnitRow>(
    `SELECT run, toUnixTimestamp(u.from) AS from, toUnixTimestamp(u.to) AS to, step, tables, changed, report
     FROM reclassify_units AS u FINAL WHERE run = {run:String} ORDER BY u.from`,
    { run },
  );
}

/**
 * About how many blocks batches have added to a table since a unit started. Each block has a token, and a table forgets
 * its oldest tokens. So after many blocks it may have forgotten the tokens of this unit. Throws `StoreError`.
 */
export async function readBlocksSince(store: Store, unit: UnitRow): Promise<number> {
  const [row] = await store.query<{ blocks: number }>(
    `SELECT sum(greatest(1, length(b.days))) AS blocks FROM ingest_batches AS b WHERE b.inserted_at >= (
       SELECT min(u.at) FROM reclassify_units AS u WHERE u.run = {run:String} AND u.from = toDateTime({from:UInt32}, 'UTC'))`,
    { run: unit.run, from: unit.from },
  );
  return row?.blocks ?? 0;
}
