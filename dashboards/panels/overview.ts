import type { Column, Dashboard, Panel } from '../panel.ts';
import { classColors, faultOfClass, partyColors, providerClasses } from './facts.ts';
import { openIncidents, openIncidentsTable, verdicts } from './incidents.ts';
import { topCallers, topMessages, topModels } from './tables.ts';

const neighbours = {
  limits: { to: 'dashboard', title: 'Slow Down and quota, same filters', uid: 'faultline-limits' },
} as const;

const requests: Panel = {
  id: 1,
  slug: 'requests',
  title: 'Requests',
  description:
    'All requests in the time range, answered or not. When this is far below the usual, look at "Newest request" first: a quiet pipeline looks like a healthy API.',
  kind: 'stat',
  unit: 'count',
  sql: 'SELECT sum(requests) AS value FROM request_counts_1m WHERE $__timeFilter(ts) AND $__filters',
  width: 4,
  height: 4,
  empty: 'no requests',
  links: [neighbours.limits],
};

const errorShare: Panel = {
  id: 2,
  slug: 'error-share',
  title: 'Error share',
  description:
    'Failed requests out of all requests in the time range. Yellow from 1 %, red from 5 %. Below, "Failures by who must act" says whose they are.',
  kind: 'stat',
  unit: 'ratio',
  sql: `SELECT sumIf(requests, class != 'ok') / nullIf(sum(requests), 0) AS value
FROM request_counts_1m WHERE $__timeFilter(ts) AND $__filters`,
  width: 4,
  height: 4,
  empty: 'no requests',
  thresholds: [
    { value: 0.01, color: 'yellow' },
    { value: 0.05, color: 'red' },
  ],
  links: [neighbours.limits],
};

const providerShare: Panel = {
  id: 4,
  slug: 'provider-share',
  title: 'Failures that are theirs',
  description:
    'Share of the failures that are the provider\'s: server errors, overload and timeouts. Near 100 %: it is them, see the provider\'s status page. Near 0 %: it is us, see "Failures by who must act".',
  kind: 'stat',
  unit: 'ratio',
  sql: `SELECT sumIf(requests, class IN ${providerClasses}) / nullIf(sumIf(requests, class != 'ok'), 0) AS value
FROM request_counts_1m WHERE $__timeFilter(ts) AND $__filters`,
  width: 4,
  height: 4,
  empty: 'no failures',
  links: [{ to: 'runbook', title: 'Runbook: server errors', class: 'server_error' }],
};

const uselessRetries: Panel = {
  id: 5,
  slug: 'useless-retries',
  title: 'Useless retries',
  description:
    'Retries of errors that never succeed by retrying, such as an exhausted quota or a wrong key. Each one is load and delay for nothing: make the client give up on these classes.',
  kind: 'stat',
  unit: 'count',
  sql: 'SELECT sum(useless_retries) AS value FROM request_counts_1m WHERE $__timeFilter(ts) AND $__filters',
  width: 4,
  height: 4,
  empty: 'none',
  thresholds: [
    { value: 1, color: 'yellow' },
    { value: 100, color: 'orange' },
  ],
  links: [{ to: 'runbook', title: 'Runbook: quota', class: 'quota_exceeded' }],
};

const freshness: Panel = {
  id: 6,
  slug: 'newest-request',
  title: 'Newest request',
  description:
    'How long before the end of the time range the newest stored request ended. Grows without end when ingest has stopped: then no other panel can be trusted. Not filtered.',
  kind: 'stat',
  unit: 'seconds',
  sql: `SELECT if(count() = 0, NULL, greatest(0, dateDiff('second', assumeNotNull(max(last_ts)), $__toTime))) AS value
FROM ingest_batches WHERE $__timeFilter(last_ts)`,
  width: 4,
  height: 4,
  empty: 'nothing stored',
  thresholds: [
    { value: 60, color: 'yellow' },
    { value: 300, color: 'red' },
  ],
  links: [neighbours.limits],
};

const failuresByClass: Panel = {
  id: 10,
  slug: 'errors-by-class',
  title: 'Failures by class',
  description:
    'Failed requests per minute, one colour per error class, the same colour on every chart. The class decides the remedy: 429 can mean rate limit (wait) or quota (pay), 503 overload (wait) or Slow Down (send less).',
  kind: 'bars',
  unit: 'per_minute',
  sql: `SELECT $__timeInterval(ts) AS time, class AS series, sum(requests) * 60 / $__interval_s AS value
FROM request_counts_1m
WHERE $__timeFilter(ts) AND class != 'ok' AND $__filters
GROUP BY time, series ORDER BY time, series`,
  stacked: true,
  colors: classColors,
  minStep: 60,
  width: 12,
  height: 9,
  empty: 'no failures',
  links: [neighbours.limits],
};

const failuresByFault: Panel = {
  id: 11,
  slug: 'failures-by-fault',
  title: 'Failures by who must act',
  description:
    'The same failures by whose fault the class is: provider (wait, fall back), traffic (send less), account (billing, membership), key, request (fix the call), network. This answers "us or them" before any incident does.',
  kind: 'bars',
  unit: 'per_minute',
  sql: `SELECT $__timeInterval(ts) AS time, ${faultOfClass} AS series, sum(requests) * 60 / $__interval_s AS value
FROM request_counts_1m
WHERE $__timeFilter(ts) AND class != 'ok' AND $__filters
GROUP BY time, series ORDER BY time, series`,
  stacked: true,
  colors: partyColors,
  minStep: 60,
  width: 12,
  height: 9,
  empty: 'no failures',
  links: [{ to: 'runbook', title: 'Runbook: server errors', class: 'server_error' }],
};

const errorShareOverTime: Panel = {
  id: 12,
  slug: 'error-share-over-time',
  title: 'Error share over time',
  description:
    "Failed requests out of all requests per interval, in all and for the provider's own faults. Both lines together: it is them. Only the upper one: it is us.",
  kind: 'timeseries',
  unit: 'ratio',
  sql: `SELECT $__timeInterval(ts) AS time,
  sumIf(requests, class != 'ok') / nullIf(sum(requests), 0) AS all_failures,
  sumIf(requests, class IN ${providerClasses}) / nullIf(sum(requests), 0) AS provider_failures
FROM request_counts_1m
WHERE $__timeFilter(ts) AND $__filters
GROUP BY time ORDER BY time`,
  columns: [
    { name: 'all_failures', title: 'all failures', unit: 'ratio' },
    { name: 'provider_failures', title: "the provider's", unit: 'ratio' },
  ],
  colors: { all_failures: '#f2cc0c', provider_failures: '#c4162a' },
  minStep: 60,
  width: 8,
  height: 8,
  empty: 'no requests',
  thresholds: [
    { value: 0.01, color: 'yellow' },
    { value: 0.05, color: 'red' },
  ],
  links: [{ to: 'runbook', title: 'Runbook: server errors', class: 'server_error' }],
};

const retryShare: Panel = {
  id: 13,
  slug: 'retry-share',
  title: 'Retry share',
  description:
    'Share of requests that repeat an earlier one, and the part of them that cannot succeed. A rise to 30 % or more is a retry storm: the clients make the outage worse.',
  kind: 'timeseries',
  unit: 'ratio',
  sql: `SELECT $__timeInterval(ts) AS time,
  sum(retries) / nullIf(sum(requests), 0) AS retry_share,
  sum(useless_retries) / nullIf(sum(requests), 0) AS useless_share
FROM request_counts_1m
WHERE $__timeFilter(ts) AND $__filters
GROUP BY time ORDER BY time`,
  columns: [
    { name: 'retry_share', title: 'all retries', unit: 'ratio' },
    { name: 'useless_share', title: 'useless retries', unit: 'ratio' },
  ],
  colors: { retry_share: '#5794f2', useless_share: '#e0226e' },
  minStep: 60,
  width: 8,
  height: 8,
  empty: 'no requests',
  thresholds: [{ value: 0.3, color: 'red' }],
  links: [{ to: 'runbook', title: 'Runbook: rate limits', class: 'rate_limit' }],
};

const slowDown: Panel = {
  id: 20,
  slug: 'slow-down',
  title: 'Slow Down answers and request rate',
  description:
    'Requests per minute and the "503 Slow Down" answers among them. Slow Down means the rate rose too fast: go back to the rate before the ramp, hold it for 15 minutes, then raise by at most 50 % per 15 minutes.',
  kind: 'timeseries',
  unit: 'per_minute',
  sql: `SELECT $__timeInterval(ts) AS time,
  sum(requests) * 60 / $__interval_s AS all_requests,
  sumIf(requests, class = 'slow_down') * 60 / $__interval_s AS slow_down
FROM request_counts_1m
WHERE $__timeFilter(ts) AND $__filters
GROUP BY time ORDER BY time`,
  columns: [
    { name: 'all_requests', title: 'requests', unit: 'per_minute' },
    { name: 'slow_down', title: 'Slow Down', unit: 'per_minute' },
  ],
  colors: { all_requests: '#5794f2', slow_down: classColors['slow_down'] ?? '#fa6400' },
  minStep: 60,
  width: 12,
  height: 8,
  empty: 'no requests',
  links: [{ to: 'runbook', title: 'Runbook: Slow Down', class: 'slow_down' }, neighbours.limits],
};

const quota: Panel = {
  id: 21,
  slug: 'quota',
  title: 'Quota refusals by project',
  description:
    'Requests per minute refused because credit or a spend limit is used up, by project. They do not pass by waiting: add credit or raise the limit that the incident names, and stop the retries.',
  kind: 'bars',
  unit: 'per_minute',
  sql: `SELECT $__timeInterval(ts) AS time, if(project = '', 'no project', project) AS series,
  sum(requests) * 60 / $__interval_s AS value
FROM request_counts_1m
WHERE $__timeFilter(ts) AND class = 'quota_exceeded' AND $__filters
GROUP BY time, series ORDER BY time, series`,
  stacked: true,
  minStep: 60,
  width: 12,
  height: 8,
  empty: 'no quota refusals',
  links: [{ to: 'runbook', title: 'Runbook: quota', class: 'quota_exceeded' }, neighbours.limits],
};

const ingestDelayColumns: readonly Column[] = [
  { name: 'median_delay', title: 'median', unit: 'seconds' },
  { name: 'longest_delay', title: 'longest', unit: 'seconds' },
];

const ingestDelay: Panel = {
  id: 50,
  slug: 'ingest-delay',
  title: 'Delay until stored',
  description:
    'From the end of a request until its batch was stored, per interval. Seconds are normal; minutes mean that the workers are behind and that incidents are held. Not filtered.',
  kind: 'timeseries',
  unit: 'seconds',
  sql: `SELECT $__timeInterval(last_ts) AS time,
  quantile(0.5)(dateDiff('millisecond', last_ts, inserted_at) / 1000) AS median_delay,
  max(dateDiff('millisecond', last_ts, inserted_at) / 1000) AS longest_delay
FROM ingest_batches
WHERE $__timeFilter(last_ts)
GROUP BY time ORDER BY time`,
  columns: ingestDelayColumns,
  colors: { median_delay: '#5a8f69', longest_delay: '#f2cc0c' },
  minStep: 60,
  width: 12,
  height: 7,
  empty: 'nothing stored',
  thresholds: [{ value: 60, color: 'red' }],
  links: [neighbours.limits],
};

const ingestRecords: Panel = {
  id: 51,
  slug: 'ingest-records',
  title: 'Records stored, skipped and dead',
  description:
    'What became of the records, per minute: counted, skipped for a named reason, or put into dead_letters because they could not be decoded. A rise of the dead ones after a release means that its log format changed. Not filtered.',
  kind: 'bars',
  unit: 'per_minute',
  sql: `SELECT $__timeInterval(last_ts) AS time,
  sum(counted) * 60 / $__interval_s AS counted_records,
  sum(skipped) * 60 / $__interval_s AS skipped_records,
  sum(dead) * 60 / $__interval_s AS dead_records
FROM ingest_batches
WHERE $__timeFilter(last_ts)
GROUP BY time ORDER BY time`,
  columns: [
    { name: 'counted_records', title: 'counted', unit: 'per_minute' },
    { name: 'skipped_records', title: 'skipped', unit: 'per_minute' },
    { name: 'dead_records', title: 'dead', unit: 'per_minute' },
  ],
  colors: { counted_records: '#5a8f69', skipped_records: '#8e8e8e', dead_records: '#c4162a' },
  stacked: true,
  minStep: 60,
  width: 12,
  height: 7,
  empty: 'nothing stored',
  links: [neighbours.limits],
};

/** The first page to look at when something fails: is it us or them, and who has to act. */
export const overview: Dashboard = {
  uid: 'faultline-overview',
  title: 'faultline / Overview',
  question: 'Is it us or them, and who has to act?',
  rows: [
    { title: 'Now', panels: [requests, errorShare, openIncidents, providerShare, uselessRetries, freshness] },
    { title: 'Open incidents', panels: [openIncidentsTable] },
    {
      title: 'Us or them',
      panels: [failuresByClass, failuresByFault, errorShareOverTime, retryShare, verdicts],
    },
    { title: 'Slow Down and quota', panels: [slowDown, quota] },
    { title: 'Where and who', panels: [topModels, topCallers, topMessages] },
    { title: 'Pipeline', panels: [ingestDelay, ingestRecords] },
  ],
};
