import type { Dashboard, Panel } from '../panel.ts';
import { clientColumn, failures, keyColumn, kindColumn, partyColumn, share } from './columns.ts';
import { evidenceSql } from './evidence-sql.ts';
import { perMinute } from './counts.ts';
import { scopeOfIncident } from './shared-sql.ts';
import { slowDownRunbook, toOverview } from './links.ts';

const links = [toOverview];

/** SQL for one value from the row of the incident that the page shows. */
const of = (value: string): string => `(SELECT ${value} FROM incidents FINAL WHERE id = $__incident)`;

/**
 * The same for a value that is a text. If there is no row, the value is null, which is not valid JSON, so it becomes
 * the empty text.
 */
const textOf = (column: string): string => `ifNull(${of(`any(${column})`)}, '')`;

const scopeHas = (column: string, name: string): string =>
  `JSONExtractString(${textOf('scope')}, '${name}') IN ('', ${column})`;

/** SQL condition for the counts of the incident's provider and organization, whatever else its scope names. */
const AROUND = [scopeHas('provider', 'provider'), scopeHas('org', 'org')].join(' AND ');

/** SQL condition for the counts within the scope of the incident. */
const WITHIN = [
  AROUND,
  scopeHas('project', 'project'),
  scopeHas('api_key', 'key'),
  scopeHas('client', 'client'),
  scopeHas('region', 'region'),
  scopeHas('model', 'model'),
].join(' AND ');

const START = of('toDateTime(any(started_at))');
const END = `least($__toTime, ${of("ifNull(toDateTime(any(resolved_at)), toDateTime($__toTime, 'UTC'))")})`;
/**
 * Start of the time to compare with: it is as long as the incident lasted, but at least ten minutes and at most an
 * hour.
 */
const BEFORE = `(${START} - greatest(600, least(3600, dateDiff('second', ${START}, ${END}))))`;

/** The row of the chosen incident in `incidents`, if it started before the end of the time range. */
const ROW = 'FROM incidents FINAL WHERE id = $__incident AND started_at <= $__toTime';

const facts: Panel = {
  slug: 'incident-facts',
  title: 'What happened',
  description:
    'The incident chosen above in its present state: what it is, since when, whom it concerns, who must act and the comparison that led to this verdict.',
  kind: 'incidents',
  unit: 'text',
  sql: `SELECT kind, state, severity, started_at, resolved_at, ${scopeOfIncident} AS affected, summary, verdict_party, verdict_why
${ROW}`,
  columns: [
    { ...kindColumn, chars: 16 },
    { name: 'state', title: 'State', unit: 'text', chars: 8 },
    { name: 'severity', title: 'Severity', unit: 'text', chars: 8 },
    { name: 'started_at', title: 'Began', unit: 'time' },
    { name: 'resolved_at', title: 'Ended', unit: 'time' },
    { name: 'affected', title: 'Affected', unit: 'text', chars: 20, wraps: true },
    { name: 'summary', title: 'What happens', unit: 'text' },
    { ...partyColumn, chars: 14 },
    { name: 'verdict_why', title: 'Why', unit: 'text' },
  ],
  width: 24,
  height: 6,
  empty: 'Choose an incident above; it must have started before the end of the time range.',
  links,
};

const steps: Panel = {
  slug: 'incident-steps',
  title: 'What to do',
  description:
    'The steps of the remedy, the first one first. They follow the incident while it lasts: read them again before you act.',
  kind: 'incidents',
  unit: 'text',
  sql: `SELECT toString(step.1) AS number, step.2 AS text FROM (
  SELECT arrayJoin(arrayZip(arrayEnumerate(JSONExtract(remedy, 'steps', 'Array(String)') AS list), list)) AS step
  ${ROW}
)`,
  columns: [
    { name: 'number', title: 'No.', unit: 'text', chars: 3 },
    { name: 'text', title: 'Step', unit: 'text' },
  ],
  width: 12,
  height: 9,
  empty: 'no steps',
  links,
};

const plan: Panel = {
  slug: 'incident-plan',
  title: 'Plan',
  description:
    'Which rate is safe from which time on, when the remedy is to send less. Do not raise the rate earlier or further: a new Slow Down starts the wait again.',
  kind: 'table',
  unit: 'per_minute',
  sql: `SELECT parseDateTimeBestEffort(JSONExtractString(step, 'at'), 'UTC') AS from_time,
  JSONExtractFloat(step, 'requests_per_minute') AS rate FROM (
  SELECT arrayJoin(JSONExtractArrayRaw(remedy, 'plan')) AS step ${ROW}
) ORDER BY from_time`,
  columns: [
    { name: 'from_time', title: 'Not before', unit: 'time' },
    { name: 'rate', title: 'Requests per minute', unit: 'per_minute' },
  ],
  width: 12,
  height: 9,
  empty: 'no plan: no rate to hold',
  links: [slowDownRunbook, toOverview],
};

const compliance: Panel = {
  slug: 'incident-compliance',
  title: 'Requests against the plan',
  description:
    'Requests per minute in the scope of the incident, the failures among them, and the rate that the plan allows, from an hour before until two hours after. If requests are above the line after the first step, somebody does not follow the plan.',
  kind: 'timeseries',
  unit: 'per_minute',
  sql: `SELECT $__timeInterval(ts) AS time, ${perMinute('sum(requests)')} AS present,
  ${perMinute("sumIf(requests, class != 'ok')")} AS failing,
  nullIf(arrayLast((rate, at) -> at <= toUnixTimestamp(time),
    arrayMap(p -> JSONExtractFloat(p, 'requests_per_minute'), JSONExtractArrayRaw(${textOf('remedy')}, 'plan')),
    arrayMap(p -> toUnixTimestamp(parseDateTimeBestEffortOrZero(JSONExtractString(p, 'at'), 'UTC')), JSONExtractArrayRaw(${textOf('remedy')}, 'plan'))), 0) AS allowed
FROM request_counts_1m
WHERE $__buckets(ts) AND ts >= ${START} - 3600 AND ts <= ${END} + 7200 AND ${WITHIN}
GROUP BY time ORDER BY time`,
  columns: [
    { name: 'present', title: 'requests', unit: 'per_minute' },
    { name: 'failing', title: 'failures', unit: 'per_minute' },
    { name: 'allowed', title: 'allowed by the plan', unit: 'per_minute' },
  ],
  colors: { present: '#5794f2', failing: '#c4162a', allowed: '#5a8f69' },
  minStep: 60,
  width: 24,
  height: 9,
  empty: 'no requests in the scope',
  links: [slowDownRunbook, toOverview],
};

const evidence: Panel = {
  slug: 'incident-evidence',
  title: 'Evidence',
  description:
    'The numbers behind the incident, each with the time that it is of: in all from the start to the last answer of the incident, in the last window of the last evaluation, or before it began.',
  kind: 'incidents',
  unit: 'text',
  sql: evidenceSql(ROW),
  columns: [
    { name: 'moment', title: 'Of which time', unit: 'text', chars: 14 },
    { name: 'what', title: 'What', unit: 'text', chars: 34, wraps: true },
    { name: 'amount', title: 'Value', unit: 'text' },
  ],
  width: 12,
  height: 12,
  empty: 'no evidence',
  links,
};

const timeline: Panel = {
  slug: 'incident-timeline',
  title: 'Timeline',
  description:
    'The versions of the incident that the store still has, oldest first: what was known when. It merges old versions after a while; the last one stays.',
  kind: 'incidents',
  unit: 'text',
  sql: `SELECT fromUnixTimestamp64Milli(toInt64(version), 'UTC') AS evaluated_at, state, severity, summary
FROM incidents WHERE id = $__incident AND started_at <= $__toTime ORDER BY version LIMIT 200`,
  columns: [
    { name: 'evaluated_at', title: 'Evaluated', unit: 'time' },
    { name: 'state', title: 'State', unit: 'text', chars: 8 },
    { name: 'severity', title: 'Severity', unit: 'text', chars: 8 },
    { name: 'summary', title: 'What was known', unit: 'text' },
  ],
  width: 12,
  height: 12,
  empty: 'no versions',
  links,
};

const differs: Panel = {
  slug: 'incident-differs',
  title: 'What differs',
  description:
    "Failures of the provider and organization while the incident lasted, by one dimension at a time, beyond what the same value's share of failures before it would have given. The top rows show where the failures are; values far below are fine.",
  kind: 'table',
  unit: 'count',
  sql: `SELECT dim.1 AS dimension, dim.2 AS value, sumIf(requests, ts >= ${START}) AS calls,
  sumIf(requests, class != 'ok' AND ts >= ${START}) AS failures,
  sumIf(requests, class != 'ok' AND ts < ${START}) / nullIf(sumIf(requests, ts < ${START}), 0) AS usual_share,
  failures / nullIf(calls, 0) AS share, failures - calls * ifNull(usual_share, 0) AS excess
FROM request_counts_1m
ARRAY JOIN [('project', toString(project)), ('client', toString(client)), ('key', toString(api_key)),
  ('model', toString(model)), ('region', toString(region)), ('class', if(class = 'ok', '', toString(class)))] AS dim
WHERE ts >= ${BEFORE} AND ts <= ${END} AND ${AROUND}
GROUP BY dimension, value HAVING value != '' AND excess > 0
ORDER BY excess DESC, dimension, value LIMIT 30`,
  columns: [
    { name: 'dimension', title: 'By', unit: 'text', chars: 10 },
    { name: 'value', title: 'Value', unit: 'text' },
    { name: 'calls', title: 'Requests', unit: 'count' },
    failures,
    { name: 'usual_share', title: 'Share before', unit: 'ratio' },
    share,
    { name: 'excess', title: 'Beyond usual', unit: 'count' },
  ],
  width: 24,
  height: 10,
  empty: 'nothing beyond the usual',
  links,
};

const callers: Panel = {
  slug: 'incident-callers',
  title: 'Callers',
  description:
    'Who sent requests in the scope of the incident while it lasted, the most failures first, and the rate of each before and during. A caller whose rate rose caused it; one whose rate did not fall does not follow the plan.',
  kind: 'table',
  unit: 'per_minute',
  sql: `SELECT client, api_key, project,
  sumIf(requests, class != 'ok' AND ts >= ${START}) AS failures,
  failures / nullIf(sumIf(requests, ts >= ${START}), 0) AS share,
  sumIf(requests, ts < ${START}) * 60 / greatest(60, dateDiff('second', ${BEFORE}, ${START})) AS earlier,
  sumIf(requests, ts >= ${START}) * 60 / greatest(60, dateDiff('second', ${START}, ${END})) AS present
FROM request_counts_1m
WHERE ts >= ${BEFORE} AND ts <= ${END} AND ${WITHIN}
GROUP BY client, api_key, project ORDER BY failures DESC, present DESC, client, api_key, project LIMIT 30`,
  columns: [
    clientColumn,
    keyColumn,
    { name: 'project', title: 'Project', unit: 'text', chars: 14 },
    failures,
    share,
    { name: 'earlier', title: 'Rate before', unit: 'per_minute' },
    { name: 'present', title: 'Rate during', unit: 'per_minute' },
  ],
  width: 24,
  height: 9,
  empty: 'no requests in this scope',
  links,
};

const samples: Panel = {
  slug: 'incident-samples',
  title: 'Samples',
  description:
    'The last failures in the scope of the incident, with the redacted text and the request id to give to support. Kept for 30 days by default.',
  kind: 'table',
  unit: 'count',
  sql: `SELECT ts, client, model, class, toString(status) AS status_text,
  if(message = '', exception, substringUTF8(message, 1, 300)) AS text, request_id
FROM error_events
WHERE $__timeFilter(ts) AND ts >= ${START} AND ts <= ${END} AND ${WITHIN}
ORDER BY ts DESC, request_id LIMIT 20`,
  columns: [
    { name: 'ts', title: 'When', unit: 'time' },
    clientColumn,
    { name: 'model', title: 'Model', unit: 'text', chars: 24 },
    { name: 'class', title: 'Class', unit: 'text', chars: 24, words: 'class' },
    { name: 'status_text', title: 'Status', unit: 'text', chars: 6 },
    { name: 'text', title: 'Message', unit: 'text' },
    { name: 'request_id', title: 'Request id', unit: 'text', chars: 36 },
  ],
  width: 24,
  height: 9,
  empty: 'no failures in this scope',
  links,
};

/** Everything about one incident. */
export const incidentPage: Dashboard = {
  uid: 'faultline-incident',
  title: 'faultline / Incident',
  question: 'What happened, to whom, why, what to do, and is it being done?',
  about: 'incident',
  rows: [
    { title: 'Incident', panels: [facts, steps, plan] },
    { title: 'Compliance', panels: [compliance] },
    { title: 'Who and where', panels: [differs, callers] },
    { title: 'Evidence and timeline', panels: [evidence, timeline, samples] },
  ],
};
