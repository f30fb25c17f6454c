import { errorClasses } from '../../domain/error-class.ts';
import type { Panel } from '../panel.ts';
import { chartRows, perMinute } from './counts.ts';
import { classColors, classesOfFault, faultOfClass, partyColors, providerClasses } from './shared-sql.ts';
import {
  quotaRunbook,
  rateLimitRunbook,
  serverErrorRunbook,
  slowDownRunbook,
  toProviders,
  toQuota,
  toSlowDown,
} from './links.ts';

/** Shows what fails. */
export const failuresByClass: Panel = {
  slug: 'errors-by-class',
  title: 'Failures by class',
  description:
    'Failed requests per minute, one colour per error class, the same colour on every chart. The class decides the remedy: 429 can mean rate limit (wait) or quota (pay), 503 overload (wait) or Slow Down (send less).',
  kind: 'bars',
  unit: 'per_minute',
  sql: `SELECT $__timeInterval(ts) AS time, class AS series, ${perMinute('sum(requests)')} AS value
FROM ${chartRows(['class', 'requests'], "class != 'ok'")}
GROUP BY time, series ORDER BY time, series`,
  stacked: true,
  colors: classColors,
  seriesOf: { dimension: 'class' },
  minStep: 60,
  width: 12,
  height: 9,
  empty: 'no failures',
  links: [toSlowDown, toQuota],
};

/** Shows who must act. */
export const failuresByFault: Panel = {
  slug: 'failures-by-fault',
  title: 'Failures by who must act',
  description:
    'The same failures by who must act on their class: provider (wait, fall back), traffic (send less), account (billing, membership), key, request (fix the call), network. This answers "us or them" before any incident does.',
  kind: 'bars',
  unit: 'per_minute',
  sql: `SELECT $__timeInterval(ts) AS time, ${faultOfClass} AS series, ${perMinute('sum(requests)')} AS value
FROM ${chartRows(['class', 'requests'], "class != 'ok'")}
GROUP BY time, series ORDER BY time, series`,
  stacked: true,
  colors: partyColors,
  seriesOf: { dimension: 'class', values: classesOfFault },
  minStep: 60,
  width: 12,
  height: 9,
  empty: 'no failures',
  links: [serverErrorRunbook, toProviders],
};

/** Shows how bad it is. */
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
FROM ${chartRows(['class', 'requests'])}
GROUP BY time ORDER BY time`,
  columns: [
    { name: 'all_failures', title: 'all failures', unit: 'ratio' },
    { name: 'provider_failures', title: "the provider's", unit: 'ratio' },
  ],
  colors: { all_failures: '#f2cc0c', provider_failures: '#c4162a' },
  minStep: 60,
  width: 12,
  height: 8,
  empty: 'no requests',
  thresholds: [
    { value: 0.01, color: 'yellow' },
    { value: 0.05, color: 'red' },
  ],
  links: [serverErrorRunbook, toProviders],
};

/** Shows whether the clients make it worse. */
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
FROM ${chartRows(['requests', 'retries', 'useless_retries'])}
GROUP BY time ORDER BY time`,
  columns: [
    { name: 'retry_share', title: 'all retries', unit: 'ratio' },
    { name: 'useless_share', title: 'useless retries', unit: 'ratio' },
  ],
  colors: { retry_share: '#5794f2', useless_share: '#e0226e' },
  minStep: 60,
  width: 12,
  height: 8,
  empty: 'no requests',
  thresholds: [{ value: 0.3, color: 'red' }],
  links: [rateLimitRunbook, toQuota],
};

/** Shows the request rate and the Slow Down answers; the alert of Slow Down surges shows this panel. */
export const slowDown: Panel = {
  slug: 'slow-down',
  title: 'Slow Down answers and request rate',
  description:
    'Requests per minute and the "503 Slow Down" answers among them. Slow Down means the rate rose too fast: go back to the rate before the ramp, hold it for 15 minutes, then raise by at most 50 % per 15 minutes.',
  kind: 'timeseries',
  unit: 'per_minute',
  sql: `SELECT $__timeInterval(ts) AS time,
  ${perMinute('sum(requests)')} AS all_requests,
  ${perMinute("sumIf(requests, class = 'slow_down')")} AS slow_down
FROM ${chartRows(['class', 'requests'])}
GROUP BY time ORDER BY time`,
  columns: [
    { name: 'all_requests', title: 'requests', unit: 'per_minute' },
    { name: 'slow_down', title: 'Slow Down', unit: 'per_minute' },
  ],
  colors: { all_requests: '#5794f2', slow_down: errorClasses.slow_down.color },
  minStep: 60,
  width: 12,
  height: 8,
  empty: 'no requests',
  links: [slowDownRunbook, toSlowDown],
};

/** Shows who is refused for quota; the alert of exhausted quotas shows this panel. */
export const quota: Panel = {
  slug: 'quota',
  title: 'Quota refusals by project',
  description:
    'Requests per minute refused because credit or a spend limit is used up, by project. Waiting does not help: add credit or raise the limit that the incident names, and stop the retries.',
  kind: 'bars',
  unit: 'per_minute',
  sql: `SELECT $__timeInterval(ts) AS time, if(project = '', 'no project', project) AS series,
  ${perMinute('sum(requests)')} AS value
FROM ${chartRows(['project', 'requests'], "class = 'quota_exceeded'")}
GROUP BY time, series ORDER BY time, series`,
  stacked: true,
  color: errorClasses.quota_exceeded.color,
  seriesOf: { dimension: 'project', none: 'no project', where: ['class=quota_exceeded'] },
  minStep: 60,
  width: 12,
  height: 8,
  empty: 'no quota refusals',
  links: [quotaRunbook, toQuota],
};
