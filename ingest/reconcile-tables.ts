import type { Forgetting } from '../store/retention.ts';
import type { Horizons, LedgerDay, StoredDay } from '../store/queries/reconcile.ts';
import type { LedgerDead, StoredDead } from '../store/queries/reconcile-rows.ts';
import type { Difference, Unfinished } from './reconcile-report.ts';
import { partitionKey } from './partition-id.ts';

/** How long the tables keep rows, and which rows they may hold that the ledger does not know yet. */
export interface TableFacts {
  horizons: Horizons;
  forgetting: readonly Forgetting[];
  pending: readonly (Unfinished & { outcomes: number })[];
  /** Dead letters of all batches that are still single rows in the ledger. */
  all_dead: number;
  /** Failures of all days in the ledger. */
  all_failed: number;
}

interface Compared {
  differences: Difference[];
  notes: string[];
}

const DAY = 86_400;
/** How many days one difference names. */
const NAMED_DAYS = 5;

/** Epoch seconds as a date such as `2026-11-27`. */
export function isoDay(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}

/** The first day that starts at or after the time. */
function firstDay(seconds: number): string {
  return isoDay(Math.ceil(seconds / DAY) * DAY);
}

interface Bounds extends StoredDay {
  least: number;
  most: number;
}

/**
 * Compares each day of event time separately. A day that a table still holds completely must have exactly the number in
 * the ledger; a day that may be partly dropped may have less, but never more. Days are separate so that rows missing on
 * one day are found although a table has dropped another day, or holds one very old record. Pure.
 */
export function compareDays(
  days: { before: readonly LedgerDay[]; stored: readonly StoredDay[]; after: readonly LedgerDay[] },
  { horizons, forgetting, pending, all_failed }: TableFacts,
): Compared {
  const differences: Difference[] = [];
  const notes: string[] = [];
  for (const group of groupsOf(days).values()) {
    const [first] = group;
    if (first === undefined) continue;
    const { table, topic, partition } = first;
    const isForgotten = (day: number): boolean =>
      day * DAY < horizons.ingest_days.event ||
      (table === 'error_events' && day * DAY < horizons[table].event);
    const missing = group.filter(({ stored, least }) => stored < least);
    // For a forgotten day, the ledger itself may know fewer rows than were stored.
    const beyond = group.filter(({ day, stored, most }) => stored > most && !isForgotten(day));
    const allowed = pending
      .filter((range) => topic === null || (range.topic === topic && range.partition === partition))
      .reduce((sum, range) => sum + range.outcomes, 0);
    const excess = beyond.reduce((sum, { stored, most }) => sum + stored - most, 0);
    if (excess > 0 && excess <= allowed)
      notes.push(
        `${table} holds ${excess} ${unit(table)} that the ledger does not know: announced ranges that are not finished may have stored them`,
      );
    const wrong = excess > allowed ? [...missing, ...beyond] : missing;
    if (wrong.length > 0)
      differences.push({
        kind: table === 'error_events' ? 'rows' : 'rollup',
        topic: topic ?? '*',
        partition,
        from: null,
        to: null,
        what: inWords(table, wrong),
      });
  }
  notes.push(...looseNotes(days.after, forgetting, horizons));
  const kept = forgetting.find(({ table }) => table === 'error_events')?.days ?? null;
  const read = days.after.reduce((sum, { table, most }) => sum + (table === 'error_events' ? most : 0), 0);
  if (all_failed > read && kept !== null)
    notes.push(
      `${all_failed - read} failures from before ${firstDay(horizons.error_events.event)} are not compared: error_events keeps ${kept} days`,
    );
  return { differences, notes };
}

function groupsOf(days: {
  before: readonly LedgerDay[];
  stored: readonly StoredDay[];
  after: readonly LedgerDay[];
}): Map<string, Bounds[]> {
  const all = new Map<string, Bounds>();
  const at = ({ table, topic, partition, day }: Omit<StoredDay, 'stored'>): Bounds => {
    const key = JSON.stringify([table, topic, partition, day]);
    const known = all.get(key) ?? { table, topic, partition, day, stored: 0, least: 0, most: 0 };
    all.set(key, known);
    return known;
  };
  for (const day of days.before) at(day).least = day.least;
  for (const day of days.stored) at(day).stored = day.stored;
  for (const day of days.after) at(day).most = day.most;
  const groups = new Map<string, Bounds[]>();
  for (const day of all.values()) {
    const key = JSON.stringify([day.table, day.topic, day.partition]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [day]);
    else group.push(day);
  }
  return groups;
}

function inWords(table: string, wrong: readonly Bounds[]): string {
  const sorted = wrong.toSorted((a, b) => a.day - b.day);
  const named = sorted.slice(0, NAMED_DAYS).map(({ day, stored, least, most }, i) => {
    const expected = least === most ? `${most}` : stored < least ? `at least ${least}` : `at most ${most}`;
    const what = i === 0 ? ` ${unit(table)}` : '';
    return `${stored}${what} of ${isoDay(day * DAY)}, the ledger ${expected}`;
  });
  const more = sorted.length > NAMED_DAYS ? `; and ${sorted.length - NAMED_DAYS} more days differ` : '';
  return `${table} holds ${named.join('; ')}${more}`;
}

function unit(table: string): string {
  return table === 'error_events' || table === 'dead_letters' ? 'rows' : 'requests';
}

/**
 * One line for each table that may have dropped rows of older days: for these days only too many rows are found, not
 * too few.
 */
function looseNotes(
  ledger: readonly LedgerDay[],
  forgetting: readonly Forgetting[],
  horizons: Horizons,
): string[] {
  return forgetting.flatMap(({ table, days, gone_before }) => {
    // Failures of days that the table need not hold are not read at all.
    if (table === 'error_events') return [];
    const own = ledger.filter((day) => day.table === table);
    const loose = own.reduce((sum, { least, most }) => sum + most - least, 0);
    const { event } = horizons[table];
    if (loose === 0 || event === 0) return [];
    const why = event === gone_before ? 'its retention was raised only later' : `it keeps ${days} days`;
    return [
      `${table} may have dropped ${unit(table)} from before ${firstDay(event)} (${why}): it holds at most the ${loose} of the ledger; whether one is missing is not compared`,
    ];
  });
}

/** Compares the number of dead letters of each partition, for batches whose dead letters are certainly kept. Pure. */
export function compareDead(
  dead: { before: readonly LedgerDead[]; stored: readonly StoredDead[]; after: readonly LedgerDead[] },
  { pending, horizons, forgetting, all_dead }: TableFacts,
): Compared {
  const differences: Difference[] = [];
  const find = <Row extends { topic: string; partition: number }>(rows: readonly Row[]): Map<string, Row> =>
    new Map(rows.map((row) => [partitionKey(row), row]));
  const [before, stored, after] = [find(dead.before), find(dead.stored), find(dead.after)];
  for (const key of new Set([...before.keys(), ...stored.keys(), ...after.keys()])) {
    const { topic, partition } = before.get(key) ??
      stored.get(key) ??
      after.get(key) ?? { topic: key, partition: 0 };
    const expected = { least: before.get(key)?.dead ?? 0, most: after.get(key)?.dead ?? 0 };
    const found = { least: stored.get(key)?.least ?? 0, most: stored.get(key)?.most ?? 0 };
    const allowed = pending
      .filter((range) => partitionKey(range) === key)
      .reduce((sum, range) => sum + range.outcomes, 0);
    if (found.most >= expected.least && found.least <= expected.most + allowed) continue;
    const n = found.most < expected.least ? found.most : found.least;
    const what = `dead_letters holds ${n} rows, the ledger ${found.most < expected.least ? expected.least : expected.most}`;
    differences.push({ kind: 'rows', topic, partition, from: null, to: null, what });
  }
  const { days } = forgetting.find(({ table }) => table === 'dead_letters') ?? { days: null };
  const since = deadSince(horizons);
  const older = all_dead - dead.after.reduce((sum, row) => sum + row.dead, 0);
  const notes =
    older <= 0 || days === null
      ? []
      : [
          `${older} dead letters of batches stored before ${isoDay(since)} are not compared: dead_letters keeps ${days} days`,
        ];
  return { differences, notes };
}

/** Dead letters are compared for batches that were stored at or after this time, epoch seconds; 0: all batches. */
export function deadSince(horizons: Horizons): number {
  return Math.max(horizons.dead_letters.stored, horizons.ingest_batches.event);
}
