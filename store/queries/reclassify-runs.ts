import type { Store } from '../store.ts';
import { tsvRow, tsvSeconds } from '../tsv.ts';
import type { CountTable } from './reconcile.ts';

/** One judgement of the stored errors, as its last holder told it. Times are epoch seconds by the store's clock. */
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
  /** Since its holder spoke last. */
  silent_seconds: number;
}

const runColumns = ['term', 'run', 'holder', 'since', 'until', 'rules', 'started_at', 'state'] as const;

/** The run of the highest term; null: there has been none. Throws `StoreError`. */
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
 * Says how a run stands. With a token, only the first to say it is stored: so one of several gets a term. Throws
 * `StoreError`.
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
  const told = { ...row, ...times };
  const body = Buffer.from(tsvRow(runColumns.map((name) => told[name])));
  await store.insert({ table: 'reclassify_runs', columns: runColumns, body, token });
}

/** What the unit of a run has come to. */
export interface UnitRow {
  run: string;
  /** Event times `[from, to)`, epoch seconds, within one day. */
  from: number;
  to: number;
  step: 1 | 2 | 3;
  tables: CountTable[];
  changed: number;
  /** JSON. */
  report: string;
}

const unitColumns = ['run', 'from', 'to', 'step', 'tables', 'changed', 'report'] as const;

/** Writes how far a unit is. Throws `StoreError`. */
export async function writeUnit(store: Store, unit: UnitRow): Promise<void> {
  const told = { ...unit, from: tsvSeconds(unit.from), to: tsvSeconds(unit.to) };
  const body = Buffer.from(tsvRow(unitColumns.map((name) => told[name])));
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
 * Blocks that batches have added to a table since a unit was begun, about: so many tokens may have displaced its own.
 */
export async function readBlocksSince(store: Store, unit: UnitRow): Promise<number> {
  const [row] = await store.query<{ blocks: number }>(
    `SELECT sum(greatest(1, length(b.days))) AS blocks FROM ingest_batches AS b WHERE b.inserted_at >= (
       SELECT min(u.at) FROM reclassify_units AS u WHERE u.run = {run:String} AND u.from = toDateTime({from:UInt32}, 'UTC'))`,
    { run: unit.run, from: unit.from },
  );
  return row?.blocks ?? 0;
}
