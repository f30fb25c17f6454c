import type { Panel } from '../panel.ts';
import { runbookOfIncident, scopeOfIncident } from './facts.ts';
import { toLimits } from './links.ts';

/** Open now: what still fires at the end of the time range. */
export const openIncidents: Panel = {
  slug: 'open-incidents',
  title: 'Open incidents',
  description:
    'Incidents that fire now. Zero with a high error share means that no known pattern fits, or that the analyzers do not run.',
  kind: 'stat',
  unit: 'count',
  sql: `SELECT count() AS value FROM incidents FINAL
WHERE state = 'firing' AND started_at <= $__toTime AND $__scopeFilters`,
  width: 4,
  height: 4,
  empty: 'none',
  thresholds: [{ value: 1, color: 'red' }],
  links: [toLimits],
};

/** What to do now, one row an incident. */
export const openIncidentsTable: Panel = {
  slug: 'incidents',
  title: 'What to do now',
  description:
    'One row per open incident, the most severe first: what happens, who must act and why, and the first steps. The class leads to its runbook.',
  kind: 'incidents',
  unit: 'text',
  sql: `SELECT severity, kind, started_at, ${scopeOfIncident} AS affected, summary,
  verdict_party, verdict_why, arrayStringConcat(JSONExtract(remedy, 'steps', 'Array(String)'), ' ') AS steps,
  ${runbookOfIncident} AS runbook, id
FROM incidents FINAL
WHERE state = 'firing' AND started_at <= $__toTime AND $__scopeFilters
ORDER BY indexOf(['critical', 'warning', 'info'], toString(severity)), started_at, id
LIMIT 100`,
  columns: [
    { name: 'severity', title: 'Severity', unit: 'text', width: 80 },
    { name: 'kind', title: 'Incident', unit: 'text', width: 140 },
    { name: 'started_at', title: 'Since', unit: 'age', width: 130 },
    { name: 'affected', title: 'Affected', unit: 'text', width: 220 },
    { name: 'summary', title: 'What happens', unit: 'text' },
    { name: 'verdict_party', title: 'Who must act', unit: 'text', width: 100 },
    { name: 'verdict_why', title: 'Why', unit: 'text' },
    { name: 'steps', title: 'What to do', unit: 'text' },
    {
      name: 'runbook',
      title: 'Runbook',
      unit: 'text',
      width: 130,
      link: { to: 'runbook', title: 'Open the runbook' },
    },
    { name: 'id', title: 'Id', unit: 'text', width: 130 },
  ],
  width: 24,
  height: 8,
  empty: 'No open incident.',
  links: [toLimits],
};

/** Who had to act in the time range, by incident. */
export const verdicts: Panel = {
  slug: 'verdicts',
  title: 'Verdicts',
  description:
    'Incidents that were open at any time in the range, by who had to act: the verdict compares providers, models, regions and clients, which the class of a single error cannot do.',
  kind: 'table',
  unit: 'count',
  sql: `SELECT verdict_party, kind, countIf(state = 'firing') AS open_now, count() AS all_of_them, max(started_at) AS newest
FROM incidents FINAL
WHERE state IN ('firing', 'resolved') AND started_at <= $__toTime
  AND (state = 'firing' OR resolved_at >= $__fromTime) AND $__scopeFilters
GROUP BY verdict_party, kind ORDER BY open_now DESC, all_of_them DESC, verdict_party, kind`,
  columns: [
    { name: 'verdict_party', title: 'Who must act', unit: 'text' },
    { name: 'kind', title: 'Incident', unit: 'text' },
    { name: 'open_now', title: 'Open', unit: 'count', width: 60 },
    { name: 'all_of_them', title: 'In all', unit: 'count', width: 60 },
    { name: 'newest', title: 'Newest', unit: 'age', width: 130 },
  ],
  width: 8,
  height: 8,
  empty: 'no incidents',
  links: [toLimits],
};

/**
 * Marks on every chart: one region per incident that was open in the time range. Columns `time`, `timeEnd`,
 * `title`, `text`, `tags`.
 */
export const incidentMarks = `SELECT started_at AS time, ifNull(resolved_at, toDateTime64($__toTime, 3, 'UTC')) AS timeEnd,
  toString(kind) AS title, concat(summary, ' Who must act: ', verdict_party) AS text, concat(severity, ',', kind) AS tags
FROM incidents FINAL
WHERE state IN ('firing', 'resolved') AND started_at <= $__toTime
  AND (state = 'firing' OR resolved_at >= $__fromTime) AND $__scopeFilters
ORDER BY time LIMIT 500`;
