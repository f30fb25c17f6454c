import { errorClasses } from '../../domain/error-class.ts';
import type { Dashboard, Panel } from '../panel.ts';
import { clientColumn, filterColumn, keyColumn, useless } from './columns.ts';
import { chartRows, perMinute, rangeRows } from './counts.ts';
import { kindsAbout } from './shared-sql.ts';
import { incidentHistory } from './incidents.ts';
import { quotaRunbook, rateLimitRunbook, toOverview, toSlowDown } from './links.ts';

const quotaColor = errorClasses.quota_exceeded.color;

const quotaByKind: Panel = {
  slug: 'quota-by-kind',
  title: 'Quota refusals by quota',
  description:
    'Which quota is used up, per minute: credit balance (add credit), organization or project spend limit (raise it), organization usage limit (ask for a higher tier).',
  kind: 'bars',
  unit: 'per_minute',
  sql: `SELECT $__timeInterval(ts) AS time, if(subclass = '', 'not said', subclass) AS series,
  ${perMinute('sum(requests)')} AS value
FROM ${chartRows(['subclass', 'requests'], "class = 'quota_exceeded'")}
GROUP BY time, series ORDER BY time, series`,
  stacked: true,
  color: quotaColor,
  seriesOf: { dimension: 'subclass', none: 'not said', where: ['class=quota_exceeded'] },
  minStep: 60,
  width: 12,
  height: 8,
  empty: 'no quota refusals',
  links: [quotaRunbook, toOverview],
};

const spend: Panel = {
  slug: 'spend',
  title: 'Spend by project',
  description:
    'US dollars per hour by project, from the cost that the logs carry; empty when they carry none. A lasting step up is a new caller or a more expensive model, and the quota is used up sooner.',
  kind: 'bars',
  unit: 'usd',
  sql: `SELECT $__timeInterval(ts) AS time, if(project = '', 'no project', project) AS series,
  sum(cost_usd) * 3600 / $__interval_s AS value
FROM ${chartRows(['project', 'cost_usd'])}
GROUP BY time, series HAVING value > 0 ORDER BY time, series`,
  stacked: true,
  color: 'by_name',
  seriesOf: { dimension: 'project', none: 'no project' },
  minStep: 60,
  width: 12,
  height: 8,
  empty: 'no cost in the logs',
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
FROM ${rangeRows(['ts', 'org', 'project', 'api_key', 'client', 'requests', 'useless_retries'], "class = 'quota_exceeded'")}
GROUP BY org, project, api_key, client ORDER BY refusals DESC, org, project, api_key, client LIMIT 50`,
  columns: [
    filterColumn('org', 'faultline-overview'),
    filterColumn('project', 'faultline-overview'),
    keyColumn,
    clientColumn,
    { name: 'refusals', title: 'Refused', unit: 'count' },
    useless,
    { name: 'first_seen', title: 'First', unit: 'age' },
    { name: 'last_seen', title: 'Last', unit: 'age' },
  ],
  width: 24,
  height: 8,
  empty: 'no quota refusals',
  links: [quotaRunbook, toOverview],
};

const rateLimits: Panel = {
  slug: 'rate-limits-by-kind',
  title: 'Rate limits by limit',
  description:
    'Which limit is reached, per minute: requests or tokens, a minute or a day. Unlike a quota, it passes when you wait; unlike Slow Down, it is a fixed limit of the account.',
  kind: 'bars',
  unit: 'per_minute',
  sql: `SELECT $__timeInterval(ts) AS time, if(subclass = '', 'not said', subclass) AS series,
  ${perMinute('sum(requests)')} AS value
FROM ${chartRows(['subclass', 'requests'], "class = 'rate_limit'")}
GROUP BY time, series ORDER BY time, series`,
  stacked: true,
  color: errorClasses.rate_limit.color,
  seriesOf: { dimension: 'subclass', none: 'not said', where: ['class=rate_limit'] },
  minStep: 60,
  width: 12,
  height: 8,
  empty: 'no rate limits reached',
  links: [rateLimitRunbook, toSlowDown],
};

const headroom: Panel = {
  slug: 'rate-limit-headroom',
  title: 'Lowest headroom left',
  description:
    'The smallest part of the request and token limits that was left in the interval, from the rate-limit headers. At 10 % the next ramp answers 429. Kept for 7 days by default; empty when the logs carry no headers.',
  kind: 'timeseries',
  unit: 'ratio',
  sql: `SELECT $__timeInterval(ts) AS time,
  min(min_remaining_requests / nullIf(limit_requests, 0)) AS requests_left,
  min(min_remaining_tokens / nullIf(limit_tokens, 0)) AS tokens_left
FROM request_counts
WHERE $__buckets(ts) AND $__filters
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
  links: [rateLimitRunbook, toSlowDown],
};

const limitCallers: Panel = {
  slug: 'rate-limit-callers',
  title: 'Who reaches rate limits',
  description:
    'Requests refused for a rate limit by project, client and model, most first, and their share of all requests of the row. One client: pace it. All of a project: ask for a higher limit, or spread the load.',
  kind: 'table',
  unit: 'count',
  sql: `SELECT org, project, client, model, sumIf(requests, class = 'rate_limit') AS refusals,
  refusals / nullIf(sum(requests), 0) AS share, argMaxIf(subclass, requests, class = 'rate_limit') AS which
FROM ${rangeRows(['org', 'project', 'client', 'model', 'class', 'subclass', 'requests'])}
GROUP BY org, project, client, model HAVING refusals > 0
ORDER BY refusals DESC, org, project, client, model LIMIT 50`,
  columns: [
    filterColumn('org'),
    filterColumn('project'),
    clientColumn,
    filterColumn('model'),
    { name: 'refusals', title: 'Refused', unit: 'count' },
    { name: 'share', title: 'Share', unit: 'ratio' },
    { name: 'which', title: 'Most often', unit: 'text', chars: 24 },
  ],
  width: 24,
  height: 8,
  empty: 'no rate limits reached',
  links: [rateLimitRunbook, toSlowDown],
};

/** Shows which remedy an answer with status 429 needs: wait, pay, or send less. */
export const quotaPage: Dashboard = {
  uid: 'faultline-limits',
  title: 'faultline / Quota and limits',
  question: 'Is it a quota (pay) or a rate limit (wait), whose, and how much is left?',
  rows: [
    { title: 'Quota', panels: [quotaByKind, spend, quotaByKey] },
    { title: 'Rate limits', panels: [rateLimits, headroom, limitCallers] },
    {
      title: 'Incidents',
      panels: [
        incidentHistory(
          'limit-incidents',
          kindsAbout(['quota_exceeded', 'rate_limit']),
          'Incidents of quotas and rate limits',
        ),
      ],
    },
  ],
};
