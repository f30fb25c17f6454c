/**
 * Where panels read counts. A chart of months would read every minute of them, so each question is put to the minutes
 * or to the hours, as far as these can answer it; the engine leaves out the half whose condition cannot be true without
 * reading a row. The hours know no key and no region.
 */

/** Steps of a time axis from here on are made of hours, in seconds. */
const HOUR = 3_600;

/** Columns that only the minutes have. */
const onlyByMinute = new Set(['api_key', 'region']);

/**
 * Table expression for a chart: rows with `ts` and these columns, of the whole intervals of the time axis, of the
 * chosen provider, org, project and model. `where` may name any column.
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

// First whole hour of the range, and the end of its last.
const FIRST_HOUR = `toStartOfHour(toDateTime($__fromTime, 'UTC') + ${HOUR - 1})`;
const LAST_HOUR = "toStartOfHour(toDateTime($__toTime, 'UTC'))";

/**
 * Table expression for a figure or a table: rows with these columns of exactly the time range, the whole hours of it
 * from the hours and only its edges from the minutes. `ts` may be among the columns: then it is that of a minute or of
 * an hour. `where` may name any column.
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

/** So long a range may be for keys to be told apart on a page that many have open, in seconds. */
const KEYS_SECONDS = 3 * 86_400;

/**
 * The same with `api_key` among the columns for ranges of up to three days; over longer ones the key is empty, and the
 * hours answer.
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

/** SQL of a rate per minute of a sum over one interval of the time axis. */
export function perMinute(sum: string): string {
  return `${sum} * 60 / $__interval_s`;
}
