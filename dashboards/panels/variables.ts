import type { FilterVariable } from '../panel.ts';

/** Names of the filters for people. */
export const variableLabels: Readonly<Record<FilterVariable, string>> = {
  provider: 'Provider',
  org: 'Organization',
  project: 'Project',
  model: 'Model',
};

/** SQL that lists the values a filter can take in the time range: one column of texts, none of them empty. */
export function valuesOf(variable: FilterVariable): string {
  return `SELECT DISTINCT toString(${variable}) AS value FROM request_counts_1m
WHERE $__timeFilter(ts) AND ${variable} != '' ORDER BY value LIMIT 1000`;
}
