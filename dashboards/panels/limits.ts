import type { Dashboard, Panel, PanelLink } from '../panel.ts';
import { runbookOfIncident, scopeOfIncident } from './facts.ts';
import { toOverview } from './links.ts';

const slowDownRunbook: PanelLink = { to: 'runbook', title: 'Runbook: Slow Down', class: 'slow_down' };
const quotaRunbook: PanelLink = { to: 'runbook', title: 'Runbook: quota', class: 'quota_exceeded' };
const rateLimitRunbook: PanelLink = { to: 'runbook', title: 'Runbook: rate limits', class: 'rate_limit' };

// The same column twice, once moved on by 15 minutes: what was sent then, half as much again, is the safe line now.
const againstFifteenMinutesAgo = (column: 'requests' | 'input_tokens') => `SELECT $__timeInterval(at) AS time,
  sumIf(n, moved = 0) * 60 / $__interval_s AS present,
  sumIf(n, moved = 900) * 1.5 * 60 / $__interval_s AS safe
FROM (
  SELECT ts + moved AS at, moved, ${column} AS n FROM request_counts_1m
  ARRAY JOIN [0, 900] AS moved
  WHERE ts >= $__fromTime - 900 AND ts <= $__toTime AND $__filters
)
WHERE $__timeFilter(at)
GROUP BY time ORDER BY time`;

const safeColumns = [
  { name: 'present', title: 'now', unit: 'per_minute' },
  { name: 'safe', title: '15 min ago + 50 %', unit: 'per_minute' },
] as const;
const safeColors = { present: '#5794f2', safe: '#c4162a' };

const requestRamp: Panel = {
  slug: 'request-ramp',
  title: 'Requests against the safe rate',
  description:
    'Requests per minute, and half as much again as was sent 15 minutes before. Above the red line the rate rises faster than the guide allows, which is what Slow Down answers.',
  kind: 'timeseries',
  unit: 'per_minute',
  sql: againstFifteenMinutesAgo('requests'),
  columns: safeColumns,
  colors: safeColors,
  minStep: 60,
  width: 12,
  height: 8,
  empty: 'no requests',
  links: [slowDownRunbook, toOverview],
};

const tokenRamp: Panel = {
  slug: 'token-ramp',
  title: 'Input tokens against the safe rate',
  description:
    'Input tokens per minute, and half as much again as 15 minutes before. The guide speaks of traffic above one million tokens a minute; below that a crossing rarely matters.',
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
  links: [slowDownRunbook, toOverview],
};

const slowDownByClient: Panel = {
  slug: 'slow-down-by-client',
  title: 'Slow Down answers by client',
  description:
    'Who is told to slow down, per minute. The client that ramped is usually the largest: it has to return to its rate before the ramp, the others need do nothing.',
  kind: 'bars',
  unit: 'per_minute',
  sql: `SELECT $__timeInterval(ts) AS time, if(client = '', 'no client', client) AS series,
  sum(requests) * 60 / $__interval_s AS value
FROM request_counts_1m
WHERE $__timeFilter(ts) AND class = 'slow_down' AND $__filters
GROUP BY time, series ORDER BY time, series`,
  stacked: true,
  minStep: 60,
  width: 12,
  height: 8,
  empty: 'no Slow Down answers',
  links: [slowDownRunbook, toOverview],
};

const slowDownShare: Panel = {
  slug: 'slow-down-share',
  title: 'Slow Down share by model',
  description:
    'Share of the requests of a model answered with Slow Down. An incident opens at 1 %. It falls at once when clients comply; when it stays, they do not.',
  kind: 'timeseries',
  unit: 'ratio',
  sql: `SELECT $__timeInterval(ts) AS time, if(model = '', 'no model', model) AS series,
  sumIf(requests, class = 'slow_down') / nullIf(sum(requests), 0) AS value
FROM request_counts_1m
WHERE $__timeFilter(ts) AND $__filters
GROUP BY time, series ORDER BY time, series`,
  minStep: 60,
  width: 12,
  height: 8,
  empty: 'no requests',
  thresholds: [{ value: 0.01, color: 'red' }],
  links: [slowDownRunbook, toOverview],
};

const quotaByKind: Panel = {
  slug: 'quota-by-kind',
  title: 'Quota refusals by quota',
  description:
    'Which quota is used up, per minute: credit balance (add credit), organization or project spend limit (raise it), organization usage limit (ask for a higher tier).',
  kind: 'bars',
  unit: 'per_minute',
  sql: `SELECT $__timeInterval(ts) AS time, if(subclass = '', 'not said', subclass) AS series,
  sum(requests) * 60 / $__interval_s AS value
FROM request_counts_1m
WHERE $__timeFilter(ts) AND class = 'quota_exceeded' AND $__filters
GROUP BY time, series ORDER BY time, series`,
  stacked: true,
  minStep: 60,
  width: 12,
  height: 8,
  empty: 'no quota refusals',
  links: [quotaRunbook, toOverview],
};

const quotaByKey: Panel = {
  slug: 'quota-by-key',
  title: 'Quota refusals by project and key',
  description:
    'Who is refused, since when, and how many retries were sent for nothing. All keys of an organization: its credit or limit. One project only: the limit of that project.',
  kind: 'table',
  unit: 'count',
  sql: `SELECT org, project, api_key, client, sum(requests) AS refusals, sum(useless_retries) AS useless_retries_sent,
  min(ts) AS first_seen, max(ts) AS last_seen
FROM request_counts_1m
WHERE $__timeFilter(ts) AND class = 'quota_exceeded' AND $__filters
GROUP BY org, project, api_key, client ORDER BY refusals DESC, org, project, api_key, client LIMIT 50`,
  columns: [
    {
      name: 'org',
      title: 'Organization',
      unit: 'text',
      link: { to: 'filter', title: 'Only this organization', variable: 'org', uid: 'faultline-overview' },
    },
    {
      name: 'project',
      title: 'Project',
      unit: 'text',
      link: { to: 'filter', title: 'Only this project', variable: 'project', uid: 'faultline-overview' },
    },
    { name: 'api_key', title: 'Key', unit: 'text' },
    { name: 'client', title: 'Client', unit: 'text' },
    { name: 'refusals', title: 'Refused', unit: 'count', width: 80 },
    { name: 'useless_retries_sent', title: 'Useless retries', unit: 'count', width: 80 },
    { name: 'first_seen', title: 'First', unit: 'age', width: 130 },
    { name: 'last_seen', title: 'Last', unit: 'age', width: 130 },
  ],
  width: 12,
  height: 8,
  empty: 'no quota refusals',
  links: [quotaRunbook, toOverview],
};

const rateLimits: Panel = {
  slug: 'rate-limits-by-kind',
  title: 'Rate limits by limit',
  description:
    'Which limit is reached, per minute: requests or tokens, a minute or a day. Unlike a quota it passes by waiting; unlike Slow Down it is a fixed limit of the account.',
  kind: 'bars',
  unit: 'per_minute',
  sql: `SELECT $__timeInterval(ts) AS time, if(subclass = '', 'not said', subclass) AS series,
  sum(requests) * 60 / $__interval_s AS value
FROM request_counts_1m
WHERE $__timeFilter(ts) AND class = 'rate_limit' AND $__filters
GROUP BY time, series ORDER BY time, series`,
  stacked: true,
  minStep: 60,
  width: 12,
  height: 8,
  empty: 'no rate limits reached',
  links: [rateLimitRunbook, toOverview],
};

const headroom: Panel = {
  slug: 'rate-limit-headroom',
  title: 'Lowest headroom left',
  description:
    'The smallest part of the request and token limits that was left in the interval, from the rate-limit headers. At 10 % the next ramp answers 429. Kept for 7 days; empty when the logs carry no headers.',
  kind: 'timeseries',
  unit: 'ratio',
  sql: `SELECT $__timeInterval(ts) AS time,
  min(min_remaining_requests / nullIf(limit_requests, 0)) AS requests_left,
  min(min_remaining_tokens / nullIf(limit_tokens, 0)) AS tokens_left
FROM request_counts
WHERE $__timeFilter(ts) AND $__filters
GROUP BY time ORDER BY time`,
  columns: [
    { name: 'requests_left', title: 'requests', unit: 'ratio' },
    { name: 'tokens_left', title: 'tokens', unit: 'ratio' },
  ],
  colors: { requests_left: '#5794f2', tokens_left: '#f2cc0c' },
  minStep: 10,
  width: 12,
  height: 8,
  empty: 'no rate-limit headers in the logs',
  links: [rateLimitRunbook, toOverview],
};

const history: Panel = {
  slug: 'limit-incidents',
  title: 'Incidents in the time range',
  description:
    'Slow Down surges and exhausted quotas that were open at any time in the range, the newest first, with what was to be done.',
  kind: 'incidents',
  unit: 'text',
  sql: `SELECT state, kind, started_at, resolved_at, ${scopeOfIncident} AS affected, summary, verdict_party,
  arrayStringConcat(JSONExtract(remedy, 'steps', 'Array(String)'), ' ') AS steps, ${runbookOfIncident} AS runbook
FROM incidents FINAL
WHERE kind IN ('slow_down_surge', 'quota_exhausted') AND state IN ('firing', 'resolved') AND started_at <= $__toTime
  AND (state = 'firing' OR resolved_at >= $__fromTime) AND $__scopeFilters
ORDER BY started_at DESC, id LIMIT 100`,
  columns: [
    { name: 'state', title: 'State', unit: 'text', width: 80 },
    { name: 'kind', title: 'Incident', unit: 'text', width: 140 },
    { name: 'started_at', title: 'Began', unit: 'time', width: 165 },
    { name: 'resolved_at', title: 'Ended', unit: 'time', width: 165 },
    { name: 'affected', title: 'Affected', unit: 'text', width: 220 },
    { name: 'summary', title: 'What happened', unit: 'text' },
    { name: 'verdict_party', title: 'Who must act', unit: 'text', width: 100 },
    { name: 'steps', title: 'What to do', unit: 'text' },
    {
      name: 'runbook',
      title: 'Runbook',
      unit: 'text',
      width: 130,
      link: { to: 'runbook', title: 'Open the runbook' },
    },
  ],
  width: 24,
  height: 8,
  empty: 'no incidents',
  links: [slowDownRunbook, toOverview],
};

/** The neighbour of the overview for the three remedies behind one status code: wait, pay, or send less. */
export const limits: Dashboard = {
  uid: 'faultline-limits',
  title: 'faultline / Slow Down and quota',
  question: 'Is it a rate limit (wait), a quota (pay) or Slow Down (send less)?',
  rows: [
    { title: 'Slow Down', panels: [requestRamp, tokenRamp, slowDownByClient, slowDownShare] },
    { title: 'Quota and rate limits', panels: [quotaByKind, quotaByKey, rateLimits, headroom] },
    { title: 'Incidents', panels: [history] },
  ],
};
