import { errorClasses, requestClassNames } from '../../domain/error-class.ts';
import type { PanelColumn, Dashboard, Panel } from '../panel.ts';
import { calls, classColumn, failures, filterColumn, regionColumn, share } from './columns.ts';
import { chartRows, perMinute, rangeRows } from './counts.ts';
import { classColors, kindsAbout, providerClasses } from './shared-sql.ts';
import { incidentHistory } from './incidents.ts';
import { bucketJoin, latencyColumns, percentile } from './latency.ts';
import { runbook, serverErrorRunbook, toOverview, toSlowDown } from './links.ts';

const theirs = requestClassNames.filter((name) => name !== 'ok' && errorClasses[name].fault === 'provider');

const timeoutRunbook = runbook('timeout', 'timeouts');

function latencyStat(slug: string, title: string, part: number, how: string): Panel {
  return {
    slug,
    title,
    description: `${how} Interpolated in a histogram whose steps double, so it is right to within its step. Empty when the logs carry no latency.`,
    kind: 'stat',
    unit: 'ms',
    sql: `SELECT ${percentile(part)} AS value
FROM (SELECT sumMap(latency_buckets) AS buckets FROM ${rangeRows(['latency_buckets'])})
${bucketJoin}`,
    width: 6,
    height: 4,
    empty: 'no latency in the logs',
    links: [timeoutRunbook],
  };
}

const medianLatency = latencyStat(
  'latency-median',
  'Latency, median',
  0.5,
  'Half of all requests in the time range took no longer than this.',
);
const tailLatency = latencyStat(
  'latency-p95',
  'Latency, 95 %',
  0.95,
  'Only one request in twenty took longer than this: what users call slow.',
);

const providerFailures: Panel = {
  slug: 'provider-failures',
  title: 'Failures of the providers',
  description:
    "Requests that failed by the provider's fault out of all requests: server errors, overload, timeouts. Yellow from 1 %, red from 5 %.",
  kind: 'stat',
  unit: 'ratio',
  sql: `SELECT sumIf(requests, class IN ${providerClasses}) / nullIf(sum(requests), 0) AS value
FROM ${rangeRows(['class', 'requests'])}`,
  width: 6,
  height: 4,
  empty: 'no requests',
  thresholds: [
    { value: 0.01, color: 'yellow' },
    { value: 0.05, color: 'red' },
  ],
  links: [serverErrorRunbook, toOverview],
};

const networkFailures: Panel = {
  slug: 'network-failures',
  title: 'Connections that failed',
  description:
    'Requests that had no answer because no connection could be made. Many hosts or providers at once: our own network, DNS or proxy. One provider: look at its status page.',
  kind: 'stat',
  unit: 'count',
  sql: `SELECT sum(requests) AS value FROM ${rangeRows(['class', 'requests'], "class = 'connection'")}`,
  width: 6,
  height: 4,
  empty: 'none',
  thresholds: [
    { value: 1, color: 'yellow' },
    { value: 100, color: 'red' },
  ],
  links: [runbook('connection', 'connections')],
};

function shareBy(slug: string, title: string, column: 'provider' | 'model', description: string): Panel {
  return {
    slug,
    title,
    description,
    kind: 'timeseries',
    unit: 'ratio',
    sql: `SELECT $__timeInterval(ts) AS time, if(${column} = '', 'no ${column}', ${column}) AS series,
  sumIf(requests, class IN ${providerClasses}) / nullIf(sum(requests), 0) AS value
FROM ${chartRows([column, 'class', 'requests'])}
GROUP BY time, series ORDER BY time, series`,
    color: 'by_name',
    seriesOf: { dimension: column, none: `no ${column}` },
    minStep: 60,
    width: 12,
    height: 8,
    empty: 'no requests',
    thresholds: [{ value: 0.05, color: 'red' }],
    links: [serverErrorRunbook, toOverview],
  };
}

const byProvider = shareBy(
  'failure-share-by-provider',
  'Their failures by provider',
  'provider',
  'Share of the requests of a provider that failed by its fault. One line up: that provider, fall back to another. All lines up at once: our own network.',
);
const byModel = shareBy(
  'failure-share-by-model',
  'Their failures by model',
  'model',
  'Share of the requests of a model that failed by the fault of the provider. One model up and its neighbours fine: that model, take another. All of a provider: the provider.',
);

const byClass: Panel = {
  slug: 'provider-failures-by-class',
  title: 'Provider failures by class',
  description:
    "Failures by the provider's fault per minute, by class. Server errors and timeouts together: an outage. Overload alone: the engine is short for some seconds, back off.",
  kind: 'bars',
  unit: 'per_minute',
  sql: `SELECT $__timeInterval(ts) AS time, class AS series, ${perMinute('sum(requests)')} AS value
FROM ${chartRows(['class', 'requests'], `class IN ${providerClasses}`)}
GROUP BY time, series ORDER BY time, series`,
  stacked: true,
  colors: Object.fromEntries(theirs.map((name) => [name, classColors[name] ?? ''])),
  seriesOf: { dimension: 'class' },
  minStep: 60,
  width: 12,
  height: 8,
  empty: 'no failures of a provider',
  links: [serverErrorRunbook, toOverview],
};

const latencyLines: Panel = {
  slug: 'latency',
  title: 'Latency',
  description:
    'How long requests took: half of them no longer than the lowest line, 95 and 99 of 100 no longer than the others. The upper lines rise first when a provider is short of capacity. Interpolated in a histogram whose steps double.',
  kind: 'timeseries',
  unit: 'ms',
  sql: `SELECT time, ${percentile(0.5)} AS p50, ${percentile(0.95)} AS p95, ${percentile(0.99)} AS p99
FROM (
  SELECT $__timeInterval(ts) AS time, sumMap(latency_buckets) AS buckets
  FROM ${chartRows(['latency_buckets'])}
  GROUP BY time
)
${bucketJoin}
GROUP BY time ORDER BY time`,
  columns: [
    { name: 'p50', title: 'median', unit: 'ms' },
    { name: 'p95', title: '95 %', unit: 'ms' },
    { name: 'p99', title: '99 %', unit: 'ms' },
  ],
  colors: { p50: '#5a8f69', p95: '#f2cc0c', p99: '#fa6400' },
  minStep: 60,
  width: 12,
  height: 8,
  empty: 'no latency in the logs',
  links: [timeoutRunbook, toSlowDown],
};

const heatColumns: readonly PanelColumn[] = latencyColumns.map(({ name, title }) => ({
  name,
  title,
  unit: 'count',
}));

const latencyMap: Panel = {
  slug: 'latency-map',
  title: 'How latency is spread',
  description:
    'Requests per interval by how long they took; the darker, the more. Two bands mean two kinds of traffic: short and long answers, or a part that waits for a retry. A band that moves up is a provider that slows down.',
  kind: 'heatmap',
  unit: 'count',
  sql: `SELECT $__timeInterval(ts) AS time,
  ${latencyColumns.map(({ name, sql }) => `${sql} AS ${name}`).join(',\n  ')}
FROM ${chartRows(['latency_buckets'])}
GROUP BY time ORDER BY time`,
  columns: heatColumns,
  color: 'by_name',
  stacked: true,
  minStep: 60,
  width: 24,
  height: 8,
  empty: 'no latency in the logs',
  links: [timeoutRunbook, toSlowDown],
};

const table: Panel = {
  slug: 'latency-by-model',
  title: 'Latency and failures by model',
  description:
    'One row per provider and model, the most failures first. Slow and failing: short of capacity. Failing fast: refused before any work. Compare the models of a provider before you blame it as a whole.',
  kind: 'table',
  unit: 'count',
  sql: `SELECT provider, model, max(all_calls) AS calls, max(failed) AS failures, failures / nullIf(calls, 0) AS share,
  ${percentile(0.5)} AS p50, ${percentile(0.95)} AS p95
FROM (
  SELECT provider, model, sum(requests) AS all_calls, sumIf(requests, class IN ${providerClasses}) AS failed,
    sumMap(latency_buckets) AS buckets
  FROM ${rangeRows(['provider', 'model', 'class', 'requests', 'latency_buckets'])}
  GROUP BY provider, model
)
LEFT ${bucketJoin}
GROUP BY provider, model ORDER BY failures DESC, calls DESC, provider, model LIMIT 50`,
  columns: [
    filterColumn('provider'),
    filterColumn('model'),
    calls,
    failures,
    share,
    { name: 'p50', title: 'Median', unit: 'ms' },
    { name: 'p95', title: '95 %', unit: 'ms' },
  ],
  width: 24,
  height: 9,
  empty: 'no requests',
  links: [serverErrorRunbook, toOverview],
};

const regions: Panel = {
  slug: 'failures-by-region',
  title: 'Failures by region and class',
  description:
    'From where requests fail by the fault of provider or network, most first. One region alone while others are fine: the path or the data centre there, not the provider as a whole.',
  kind: 'table',
  unit: 'count',
  sql: `SELECT provider, region, class, sum(requests) AS failures, max(ts) AS last_seen
FROM ${rangeRows(['ts', 'provider', 'region', 'class', 'requests'], `(class IN ${providerClasses} OR class = 'connection')`)}
GROUP BY provider, region, class ORDER BY failures DESC, provider, region, class LIMIT 50`,
  columns: [
    filterColumn('provider'),
    regionColumn,
    classColumn('class', 'Class'),
    failures,
    { name: 'last_seen', title: 'Last', unit: 'age' },
  ],
  width: 24,
  height: 8,
  empty: 'no failures of provider or network',
  links: [serverErrorRunbook, toOverview],
};

/** Shows whether a provider is at fault, which one, and how slow it is. */
export const providersPage: Dashboard = {
  uid: 'faultline-providers',
  title: 'faultline / Providers and latency',
  question: 'Which provider, model or region fails or slows down?',
  rows: [
    { title: 'Now', panels: [providerFailures, networkFailures, medianLatency, tailLatency] },
    { title: 'Whose fault', panels: [byProvider, byModel, byClass, latencyLines] },
    { title: 'How long', panels: [latencyMap, table, regions] },
    {
      title: 'Incidents',
      panels: [
        incidentHistory(
          'provider-incidents',
          kindsAbout([...theirs, 'connection']),
          'Incidents of providers and the network',
        ),
      ],
    },
  ],
};
