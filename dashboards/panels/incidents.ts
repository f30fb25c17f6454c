import type { Panel } from '../panel.ts';
import { idColumn, kindColumn, partyColumn } from './columns.ts';
import { titleOfKind, titleOfParty, pageOfIncident, scopeOfIncident, stepsOfIncident } from './shared-sql.ts';
import { toOverview, toSlowDown } from './links.ts';

/** The number of incidents that fire now and began before the end of the time range. */
export const openIncidents: Panel = {
  slug: 'open-incidents',
  title: 'Open incidents',
  description:
    'Incidents that fire now, of the chosen filters, and that began before the end of the time range; the list of the console shows all. Zero with a high error share means that no known pattern fits, or that the analyzers do not run.',
  kind: 'stat',
  unit: 'count',
  sql: `SELECT count() AS value FROM incidents FINAL
WHERE state = 'firing' AND started_at <= $__toTime AND $__scopeFilters`,
  width: 4,
  height: 4,
  empty: 'none',
  thresholds: [{ value: 1, color: 'red' }],
  links: [toSlowDown],
};

/** What to do now, one row per incident. */
export const openIncidentsTable: Panel = {
  slug: 'incidents',
  title: 'What to do now',
  description:
    'One row per open incident, the most severe first: what happens, who must act, and all steps in their order. The runbook is the page of its kind; the id leads to the page of the incident with evidence, plan and callers.',
  kind: 'incidents',
  unit: 'text',
  sql: `SELECT severity, kind, started_at, ${scopeOfIncident} AS affected, summary, verdict_party,
  ${stepsOfIncident} AS steps, ${pageOfIncident} AS runbook, id
FROM incidents FINAL
WHERE state = 'firing' AND started_at <= $__toTime AND $__scopeFilters
ORDER BY indexOf(['critical', 'warning', 'info'], toString(severity)), started_at, id
LIMIT 100`,
  columns: [
    { name: 'severity', title: 'Severity', unit: 'text', chars: 8 },
    { ...kindColumn, chars: 16 },
    { name: 'started_at', title: 'Since', unit: 'age' },
    { name: 'affected', title: 'Affected', unit: 'text', chars: 14, wraps: true },
    { name: 'summary', title: 'What happens', unit: 'text', chars: 22, wraps: true },
    { ...partyColumn, chars: 14 },
    { name: 'steps', title: 'What to do', unit: 'text' },
    {
      name: 'runbook',
      title: 'Runbook',
      unit: 'text',
      chars: 16,
      link: { to: 'kind', title: 'Open the page of this kind of incident' },
    },
    idColumn,
  ],
  width: 24,
  height: 14,
  empty: 'No open incident.',
  links: [toSlowDown],
};

/** Who had to act in the time range, counted by incident. */
export const verdicts: Panel = {
  slug: 'verdicts',
  title: 'Verdicts',
  description:
    'Incidents that were open at any time in the range, by who had to act: the verdict compares providers, models, regions and clients, which the class of a single error cannot do.',
  kind: 'table',
  unit: 'count',
  sql: `SELECT verdict_party, kind, countIf(state = 'firing') AS open_now, count() AS all_of_them
FROM incidents FINAL
WHERE state IN ('firing', 'resolved') AND started_at <= $__toTime
  AND (state = 'firing' OR resolved_at >= $__fromTime) AND $__scopeFilters
GROUP BY verdict_party, kind ORDER BY open_now DESC, all_of_them DESC, verdict_party, kind`,
  columns: [
    partyColumn,
    kindColumn,
    { name: 'open_now', title: 'Open', unit: 'count' },
    { name: 'all_of_them', title: 'Total', unit: 'count' },
  ],
  width: 24,
  height: 6,
  empty: 'no incidents',
  links: [toSlowDown],
};

/** Incidents of some kinds that were open at any time in the range, for the page about these kinds. */
export function incidentHistory(slug: string, kinds: string, what: string): Panel {
  return {
    slug,
    title: 'Incidents in the time range',
    description: `${what} that were open at any time in the range, the newest first, with what was to be done. The id leads to the page of the incident.`,
    kind: 'incidents',
    unit: 'text',
    sql: `SELECT state, kind, started_at, resolved_at, ${scopeOfIncident} AS affected, summary, verdict_party,
  ${stepsOfIncident} AS steps, id
FROM incidents FINAL
WHERE kind IN ${kinds} AND state IN ('firing', 'resolved') AND started_at <= $__toTime
  AND (state = 'firing' OR resolved_at >= $__fromTime) AND $__scopeFilters
ORDER BY started_at DESC, id LIMIT 100`,
    columns: [
      { name: 'state', title: 'State', unit: 'text', chars: 8 },
      { ...kindColumn, chars: 16 },
      { name: 'started_at', title: 'Began', unit: 'time' },
      { name: 'resolved_at', title: 'Ended', unit: 'time' },
      { name: 'affected', title: 'Affected', unit: 'text', chars: 14, wraps: true },
      { name: 'summary', title: 'What happened', unit: 'text', chars: 22, wraps: true },
      { ...partyColumn, chars: 14 },
      { name: 'steps', title: 'What to do', unit: 'text' },
      idColumn,
    ],
    width: 24,
    height: 12,
    empty: 'no incidents',
    links: [toOverview],
  };
}

function marks(which: string): string {
  return `SELECT started_at AS time, ifNull(resolved_at, toDateTime64($__toTime, 3, 'UTC')) AS timeEnd,
  ${titleOfKind} AS title, concat(summary, ' Cause: ', ${titleOfParty}) AS text, concat(severity, ',', kind) AS tags
FROM incidents FINAL
WHERE state IN ('firing', 'resolved') AND started_at <= $__toTime
  AND (state = 'firing' OR resolved_at >= $__fromTime) AND ${which}
ORDER BY time LIMIT 500`;
}

/**
 * Marks on every chart: one region per incident that was open in the time range. Columns `time`, `timeEnd`,
 * `title`, `text`, `tags`.
 */
export const incidentMarks = marks('$__scopeFilters');

/** Marks on the charts of a page about one incident: the region of that incident. */
export const marksOfOne = marks('id = $__incident');
