import { errorClasses } from '../../domain/error-class.ts';
import type { Dashboard, Panel } from '../panel.ts';
import { clientColumn, filterColumn, idColumn, keyColumn } from './columns.ts';
import { chartRows, perMinute } from './counts.ts';
import { kindsAbout, scopeOfIncident } from './shared-sql.ts';
import { incidentHistory } from './incidents.ts';
import { slowDownRunbook, toQuota } from './links.ts';

const slowDownColor = errorClasses.slow_down.color;

/**
 * Makes two series of a column: the present values, and those of 15 minutes ago plus half, which is the rate that is
 * safe now. If nothing was counted 15 minutes ago, there is no second value.
 */
function againstFifteenMinutesAgo(column: 'requests' | 'input_tokens'): string {
  return `SELECT $__timeInterval(at) AS time,
  ${perMinute('sumIf(n, moved = 0)')} AS present,
  nullIf(${perMinute('sumIf(n, moved = 900) * 1.5')}, 0) AS safe
FROM (
  SELECT ts + moved AS at, moved, ${column} AS n FROM request_counts_1m
  ARRAY JOIN [0, 900] AS moved
  WHERE $__interval_s < 3600 AND ts >= $__fromTime - 900 - $__interval_s AND ts <= $__toTime AND $__filters
  UNION ALL
  SELECT ts AS at, toUInt16(0) AS moved, ${column} AS n FROM request_counts_1h
  WHERE $__interval_s >= 3600 AND ts >= $__fromTime - $__interval_s AND ts <= $__toTime AND $__filters
)
WHERE $__buckets(at)
GROUP BY time ORDER BY time`;
}

const safeColumns = [
  { name: 'present', title: 'now', unit: 'per_minute' },
  { name: 'safe', title: '15 min ago + 50 %', unit: 'per_minute' },
] as const;
const safeColors = { present: '#5794f2', safe: '#c4162a' };
const safeNote =
  'There is no red line in the first 15 minutes of the counts, and none where an interval of the chart is an hour or longer.';

const requestRamp: Panel = {
  slug: 'request-ramp',
  title: 'Requests against the safe rate',
  description: `Requests per minute, and half as much again as was sent 15 minutes before. Above the red line, the rate rises faster than the guide allows, and the provider answers Slow Down. ${safeNote}`,
  kind: 'timeseries',
  unit: 'per_minute',
  sql: againstFifteenMinutesAgo('requests'),
  columns: safeColumns,
  colors: safeColors,
  minStep: 60,
  width: 12,
  height: 8,
  empty: 'no requests',
  links: [slowDownRunbook, toQuota],
};

const tokenRamp: Panel = {
  slug: 'token-ramp',
  title: 'Input tokens against the safe rate',
  description: `Input tokens per minute, and half as much again as 15 minutes before. The guide concerns traffic above one million tokens per minute; below that, a crossing rarely matters. ${safeNote}`,
  kind: 'timeseries',
  unit: 'per_minute',
  sql: againstFifteenMinutesAgo('input_tokens'),
  columns: safeColumns,
  colors: safeColors,
  minStep: 60,
  width: 12,
  height: 8,
  empty: 'no tokens',
  thresholds: [{ value: 1_000_000, color: 'orange' }],
  links: [slowDownRunbook, toQuota],
};

const slowDownByClient: Panel = {
  slug: 'slow-down-by-client',
  title: 'Slow Down answers by client',
  description:
    'Who is told to slow down, per minute. The client that ramped is usually the largest: it must return to its rate before the ramp; the others need not do anything.',
  kind: 'bars',
  unit: 'per_minute',
  sql: `SELECT $__timeInterval(ts) AS time, if(client = '', 'no client', client) AS series,
  ${perMinute('sum(requests)')} AS value
FROM ${chartRows(['client', 'requests'], "class = 'slow_down'")}
GROUP BY time, series ORDER BY time, series`,
  stacked: true,
  color: slowDownColor,
  seriesOf: { dimension: 'client', none: 'no client', where: ['class=slow_down'] },
  minStep: 60,
  width: 12,
  height: 8,
  empty: 'no Slow Down answers',
  links: [slowDownRunbook, toQuota],
};

const slowDownShare: Panel = {
  slug: 'slow-down-share',
  title: 'Slow Down share by model',
  description:
    'Share of the requests of a model answered with Slow Down. By default, an incident opens at 1 %. The share falls at once when clients slow down; if it stays, they have not.',
  kind: 'timeseries',
  unit: 'ratio',
  sql: `SELECT $__timeInterval(ts) AS time, if(model = '', 'no model', model) AS series,
  sumIf(requests, class = 'slow_down') / nullIf(sum(requests), 0) AS value
FROM ${chartRows(['model', 'class', 'requests'])}
GROUP BY time, series ORDER BY time, series`,
  color: slowDownColor,
  seriesOf: { dimension: 'model', none: 'no model' },
  minStep: 60,
  width: 12,
  height: 8,
  empty: 'no requests',
  thresholds: [{ value: 0.01, color: 'red' }],
  links: [slowDownRunbook, toQuota],
};

const growth: Panel = {
  slug: 'ramp-drivers',
  title: 'Who grew in the last 15 minutes',
  description:
    'Requests per minute in the last five minutes of the time range, compared with the five minutes that were 15 minutes earlier. The rows at the top drive the ramp: they must return to their earlier rate. More than 50 % is more than the guide allows.',
  kind: 'table',
  unit: 'per_minute',
  sql: `SELECT client, api_key, model, sumIf(requests, ts > $__toTime - 300) / 5 AS present,
  sumIf(requests, ts <= $__toTime - 900) / 5 AS earlier, present - earlier AS grown,
  if(earlier = 0, NULL, grown / earlier) AS growth,
  sumIf(requests, class = 'slow_down' AND ts > $__toTime - 300) / 5 AS slowed
FROM request_counts_1m
WHERE ts > $__toTime - 1200 AND ts <= $__toTime AND $__filters
GROUP BY client, api_key, model HAVING present + earlier > 0
ORDER BY grown DESC, client, api_key, model LIMIT 20`,
  columns: [
    clientColumn,
    keyColumn,
    filterColumn('model'),
    { name: 'present', title: 'Now', unit: 'per_minute' },
    { name: 'earlier', title: 'Before', unit: 'per_minute' },
    { name: 'grown', title: 'More', unit: 'per_minute' },
    { name: 'growth', title: 'Growth', unit: 'ratio' },
    { name: 'slowed', title: 'Slow Down', unit: 'per_minute' },
  ],
  width: 24,
  height: 9,
  empty: 'no requests in the last 20 minutes of the range',
  links: [slowDownRunbook, toQuota],
};

const wayBack: Panel = {
  slug: 'recovery',
  title: 'The way back',
  description:
    'One row per incident with a plan, open ones first: the rate to return to, the rate at its last evaluation, until when to hold it, and who still sends more. The hold starts again with each new Slow Down. The id leads to the whole plan.',
  kind: 'table',
  unit: 'per_minute',
  sql: `SELECT state, ${scopeOfIncident} AS affected,
  JSONExtractFloat(JSONExtractArrayRaw(remedy, 'plan')[1], 'requests_per_minute') AS return_to,
  JSONExtractFloat(evidence, 'present_requests_per_minute') AS present,
  parseDateTimeBestEffortOrNull(JSONExtractString(remedy, 'hold_until'), 'UTC') AS hold_until,
  if(JSONExtractBool(evidence, 'clients_comply'), 'yes', 'no') AS comply,
  arrayStringConcat(JSONExtract(evidence, 'clients_over_rate', 'Array(String)'), '\\n') AS over_rate, id
FROM incidents FINAL
WHERE JSONHas(remedy, 'plan') AND state IN ('firing', 'resolved') AND started_at <= $__toTime
  AND (state = 'firing' OR resolved_at >= $__fromTime) AND $__scopeFilters
ORDER BY state = 'resolved', started_at DESC, id LIMIT 50`,
  columns: [
    { name: 'state', title: 'State', unit: 'text', chars: 8 },
    { name: 'affected', title: 'Affected', unit: 'text' },
    { name: 'return_to', title: 'Return to', unit: 'per_minute' },
    { name: 'present', title: 'At present', unit: 'per_minute' },
    { name: 'hold_until', title: 'Hold until', unit: 'time' },
    { name: 'comply', title: 'Comply', unit: 'text', chars: 5 },
    { name: 'over_rate', title: 'Above their rate', unit: 'text' },
    idColumn,
  ],
  width: 24,
  height: 7,
  empty: 'no surge in this time',
  links: [slowDownRunbook, toQuota],
};

/** Shows whether traffic rises faster than the provider allows, and how to return to the full rate. */
export const slowDownPage: Dashboard = {
  uid: 'faultline-slow-down',
  title: 'faultline / Slow Down',
  question:
    'Does the rate rise faster than the provider allows, who drives it, and to which rate do we return?',
  rows: [
    { title: 'The way back', panels: [wayBack] },
    { title: 'Rising too fast', panels: [requestRamp, tokenRamp] },
    { title: 'Who', panels: [growth, slowDownByClient, slowDownShare] },
    {
      title: 'Incidents',
      panels: [incidentHistory('slow-down-incidents', kindsAbout(['slow_down']), 'Slow Down incidents')],
    },
  ],
};
