import type { Panel } from '../panel.ts';
import { classColors, faultOfClass, partyColors, providerClasses } from './facts.ts';
import { toLimits } from './links.ts';

/** What fails. */
export const failuresByClass: Panel = {
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
  links: [toLimits],
};

/** Who must act. */
export const failuresByFault: Panel = {
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

/** How bad it is. */
export const errorShareOverTime: Panel = {
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

/** Whether the clients make it worse. */
export const retryShare: Panel = {
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

/** The ramp and its answer; the alert of Slow Down surges shows this panel. */
export const slowDown: Panel = {
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
  links: [{ to: 'runbook', title: 'Runbook: Slow Down', class: 'slow_down' }, toLimits],
};

/** Who is refused for quota; the alert of exhausted quotas shows this panel. */
export const quota: Panel = {
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
  links: [{ to: 'runbook', title: 'Runbook: quota', class: 'quota_exceeded' }, toLimits],
};
