import type { Panel } from '../panel.ts';
import { rangeRows } from './counts.ts';
import { providerClasses } from './shared-sql.ts';
import { quotaRunbook, serverErrorRunbook, toPipeline, toProviders } from './links.ts';

/** Shows how much traffic there is. */
export const requests: Panel = {
  slug: 'requests',
  title: 'Requests',
  description:
    'All requests in the time range, answered or not. When this is far below the usual, look at "Newest request" first: a quiet pipeline looks like a healthy API.',
  kind: 'stat',
  unit: 'count',
  sql: `SELECT sum(requests) AS value FROM ${rangeRows(['requests'])}`,
  width: 4,
  height: 4,
  empty: 'no requests',
  links: [toPipeline],
};

/** Shows the share of requests that fail. */
export const errorShare: Panel = {
  slug: 'error-share',
  title: 'Error share',
  description:
    'Failed requests out of all requests in the time range. Yellow from 1 %, red from 5 %. Below, "Failures by who must act" says whose they are.',
  kind: 'stat',
  unit: 'ratio',
  sql: `SELECT sumIf(requests, class != 'ok') / nullIf(sum(requests), 0) AS value
FROM ${rangeRows(['class', 'requests'])}`,
  width: 4,
  height: 4,
  empty: 'no requests',
  thresholds: [
    { value: 0.01, color: 'yellow' },
    { value: 0.05, color: 'red' },
  ],
  links: [toProviders],
};

/** Shows how many of the failures are the provider's, as far as the class alone says. */
export const providerShare: Panel = {
  slug: 'provider-share',
  title: 'Caused by the provider',
  description:
    'Share of the failures that are the provider\'s fault: server errors, overload and timeouts. Near 100 %: it is them, see the provider\'s status page. Near 0 %: it is us, see "Failures by who must act".',
  kind: 'stat',
  unit: 'ratio',
  sql: `SELECT sumIf(requests, class IN ${providerClasses}) / nullIf(sumIf(requests, class != 'ok'), 0) AS value
FROM ${rangeRows(['class', 'requests'])}`,
  width: 4,
  height: 4,
  empty: 'no failures',
  links: [serverErrorRunbook, toProviders],
};

/** Shows load that cannot succeed. */
export const uselessRetries: Panel = {
  slug: 'useless-retries',
  title: 'Useless retries',
  description:
    'Retries of errors that no retry can repair, such as an exhausted quota or a wrong key. They only add load and delay: make the client give up on these classes.',
  kind: 'stat',
  unit: 'count',
  sql: `SELECT sum(useless_retries) AS value FROM ${rangeRows(['useless_retries'])}`,
  width: 4,
  height: 4,
  empty: 'none',
  thresholds: [
    { value: 1, color: 'yellow' },
    { value: 100, color: 'orange' },
  ],
  links: [quotaRunbook],
};

/** Shows whether the other numbers can be trusted. */
export const freshness: Panel = {
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
  links: [toPipeline],
};
