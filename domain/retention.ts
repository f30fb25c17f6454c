/**
 * The tables that have a setting for retention. `ingest_days` has none: it is kept as long as any table that is
 * compared with it (store/retention.ts).
 */
export const retainedTables = [
  'request_counts',
  'request_counts_1m',
  'request_counts_1h',
  'error_events',
  'dead_letters',
  'incidents',
  'notifications',
  'ingest_batches',
] as const;
export type RetainedTable = (typeof retainedTables)[number];

/** Days that each table keeps its rows; null: for ever. */
export type Retention = Readonly<Record<RetainedTable, number | null>>;

export const defaultRetention: Readonly<Record<RetainedTable, string>> = {
  request_counts: '7d',
  request_counts_1m: '90d',
  request_counts_1h: '3y',
  error_events: '30d',
  dead_letters: '30d',
  incidents: '1y',
  notifications: '90d',
  ingest_batches: '90d',
};

const unitDays: Readonly<Record<string, number>> = { d: 1, w: 7, y: 365 };
/** ClickHouse's DateTime ends in 2106: a longer retention would wrap around and delete everything at once. */
const MOST_DAYS = 50 * 365;

/**
 * Days of `7d`, `2w` or `3y`; null for `never`; undefined for any other text, and for fewer than 1 or more than 18,250
 * days.
 */
export function parseRetention(text: string): number | null | undefined {
  if (text === 'never') return null;
  const match = /^(\d{1,6})([dwy])$/.exec(text);
  const days = Number(match?.[1]) * (unitDays[match?.[2] ?? ''] ?? Number.NaN);
  return days >= 1 && days <= MOST_DAYS ? days : undefined;
}

/** The retention of all tables in days. Throws on a text that the settings refuse. */
export function toRetention(texts: Readonly<Record<RetainedTable, string>>): Retention {
  const days = (table: RetainedTable): number | null => {
    const parsed = parseRetention(texts[table]);
    if (parsed === undefined) throw new Error(`${texts[table]} is not a retention of ${table}`);
    return parsed;
  };
  return {
    request_counts: days('request_counts'),
    request_counts_1m: days('request_counts_1m'),
    request_counts_1h: days('request_counts_1h'),
    error_events: days('error_events'),
    dead_letters: days('dead_letters'),
    incidents: days('incidents'),
    notifications: days('notifications'),
    ingest_batches: days('ingest_batches'),
  };
}

/** The longest of several retentions; null (for ever) is longer than any other. */
export function longest(all: readonly (number | null)[]): number | null {
  return all.reduce<number | null>(
    (most, days) => (most === null || days === null ? null : Math.max(most, days)),
    0,
  );
}
