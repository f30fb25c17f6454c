/**
 * Decides from which table panels read counts. A chart of several months would read every minute of them, so each query
 * can read counts per minute or per hour, whichever is enough for its step. The SQL contains both halves: the engine
 * skips the one whose condition cannot be true, without reading a row. Counts per hour have neither key nor region.
 */

/** From this step of the time axis on, charts read counts per hour, in seconds. */
const HOUR = 3_600;

/** Columns that only counts per minute have. */
const onlyByMinute = new Set(['api_key', 'region']);

/**
 * Table expression for a chart: rows with `ts` and these columns, in complete intervals of the time axis, for the
 * chosen provider, org, project and model. `where` may use any column.
 */
export function chartRows(columns: readonly string[], where = '1 = 1'): string {
  const half = (table: string, condition: string): string =>
    `SELECT ts, ${columns.join(', ')} FROM ${table}
  WHERE ${condition}$__buckets(ts) AND ${where} AND $__filters`;
  if (columns.some((name) => onlyByMinute.has(name))) return `(\n  ${half('request_counts_1m', '')}\n)`;
  return `(
  ${half('request_counts_1m', `$__interval_s < ${HOUR} AND `)}
  UNION ALL
  ${half('request_counts_1h', `$__interval_s >= ${HOUR} AND `)}
)`;
}

// The start of the first whole hour in the range, and the end of the last whole hour.
const FIRST_HOUR = `toStartOfHour(toDateTime($__fromTime, 'UTC') + ${HOUR - 1})`;
const LAST_HOUR = "toStartOfHour(toDateTime($__toTime, 'UTC'))";

/**
 * Table expression for a figure or a table: rows with these columns in exactly the time range. Whole hours come from
 * counts per hour, the edges from counts per minute. `ts` may be among the columns; it is then the start of a minute or
 * of an hour. `where` may use any column.
 */
export function rangeRows(columns: readonly string[], where = '1 = 1'): string {
  const named = columns.join(', ');
  if (columns.some((name) => onlyByMinute.has(name))) {
    return `(
  SELECT ${named} FROM request_counts_1m
  WHERE $__timeFilter(ts) AND ${where} AND $__filters
)`;
  }
  return `(
  SELECT ${named} FROM request_counts_1m
  WHERE $__timeFilter(ts) AND (ts < ${FIRST_HOUR} OR ts >= ${LAST_HOUR}) AND ${where} AND $__filters
  UNION ALL
  SELECT ${named} FROM request_counts_1h
  WHERE ts >= ${FIRST_HOUR} AND ts < ${LAST_HOUR} AND ${where} AND $__filters
)`;
}

/**
 * Longest range in seconds for which `callerRows` returns keys. Counts by key are expensive to read, and many people
 * have the page open.
 */
const KEYS_SECONDS = 3 * 86_400;

/**
 * Table expression for rows with `api_key` and these columns, for ranges of up to three days. For longer ranges the key
 * is empty, because counts per hour are read, which have no key.
 */
export function callerRows(columns: readonly string[], where = '1 = 1'): string {
  const length = 'toUInt32($__toTime) - toUInt32($__fromTime)';
  const half = (table: string, key: string, condition: string): string =>
    `SELECT ts, ${key} AS api_key, ${columns.join(', ')} FROM ${table}
  WHERE ${length} ${condition} ${KEYS_SECONDS} AND $__timeFilter(ts) AND ${where} AND $__filters`;
  return `(
  ${half('request_counts_1m', 'toString(api_key)', '<=')}
  UNION ALL
  ${half('request_counts_1h', "''", '>')}
)`;
}

/** SQL of the rate per minute of a sum over one interval of the time axis. */
export function perMinute(sum: string): string {
  return `${sum} * 60 / $__interval_s`;
}
