import { type FilterVariable, filterVariables } from '../panel.ts';

/** Titles of the filters. */
export const variableLabels: Readonly<Record<FilterVariable, string>> = {
  provider: 'Provider',
  org: 'Organization',
  project: 'Project',
  model: 'Model',
};

/** The filters that limit the values of this filter: those before it in the list. */
function before(variable: FilterVariable): readonly FilterVariable[] {
  return filterVariables.slice(0, filterVariables.indexOf(variable));
}

/**
 * SQL that lists the values of a filter in the time range, under the filters before it: one column of non-empty texts.
 * It reads counts per hour, which are few; they also contain values that are new in this hour.
 */
export function valuesOf(variable: FilterVariable): string {
  return `SELECT DISTINCT toString(${variable}) AS value FROM request_counts_1h
WHERE ts >= toStartOfHour(toDateTime($__fromTime, 'UTC')) AND ts <= $__toTime AND ${variable} != ''
  AND $__filtersOf(${before(variable).join(', ')}) ORDER BY value LIMIT 1000`;
}

/** SQL that lists the incidents of the time range for Grafana: id and text, open ones first. */
export const incidentIds = `SELECT id, concat(formatDateTime(started_at, '%d %b %H:%i', 'UTC'), ' ', kind, ' ', state) AS text
FROM incidents FINAL
WHERE state IN ('firing', 'resolved') AND started_at <= $__toTime AND (state = 'firing' OR resolved_at >= $__fromTime)
ORDER BY state = 'resolved', started_at DESC, id LIMIT 500`;
