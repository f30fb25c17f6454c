import { errorClasses } from '../../domain/error-class.ts';
import type { Dashboard, Panel } from '../panel.ts';
import { classColumn, clientColumn, filterColumn, keyColumn, regionColumn } from './columns.ts';
import { chartRows, perMinute, rangeRows } from './counts.ts';
import { accessClasses, accessClassNames, classColors, kindsAbout } from './shared-sql.ts';
import { incidentHistory } from './incidents.ts';
import { keyRunbook, regionRunbook, runbook, toOverview, toQuota } from './links.ts';

const refusals: Panel = {
  slug: 'access-refusals',
  title: 'Refused for key or access',
  description:
    'Requests answered 401 or 403 in the time range: wrong or revoked keys, lost membership, addresses and regions that are not allowed. A retry does not help.',
  kind: 'stat',
  unit: 'count',
  sql: `SELECT sum(requests) AS value FROM ${rangeRows(['class', 'requests'], `class IN ${accessClasses}`)}`,
  width: 6,
  height: 4,
  empty: 'none',
  thresholds: [
    { value: 1, color: 'yellow' },
    { value: 100, color: 'red' },
  ],
  links: [keyRunbook],
};

const refusedKeys: Panel = {
  slug: 'refused-keys',
  title: 'Keys refused',
  description:
    'How many different keys were refused in the time range. One: that key. Many from one client: a leaked list is being tried, or a secret store was lost.',
  kind: 'stat',
  unit: 'count',
  sql: `SELECT uniqExactIf(api_key, api_key != '') AS value FROM ${rangeRows(['api_key', 'class'], `class IN ${accessClasses}`)}`,
  width: 6,
  height: 4,
  empty: 'none',
  thresholds: [{ value: 2, color: 'yellow' }],
  links: [keyRunbook],
};

const refusedRegions: Panel = {
  slug: 'refused-regions',
  title: 'Regions refused',
  description:
    'How many regions sent requests that the provider does not serve there. Usually a new deployment, proxy or VPN sends the traffic out through another country.',
  kind: 'stat',
  unit: 'count',
  sql: `SELECT uniqExact(region) AS value FROM ${rangeRows(['region', 'class'], "class = 'unsupported_region'")}`,
  width: 6,
  height: 4,
  empty: 'none',
  thresholds: [{ value: 1, color: 'red' }],
  links: [regionRunbook],
};

const refusedShare: Panel = {
  slug: 'access-share',
  title: 'Share of all requests',
  description:
    'Requests refused for key or access out of all requests. A step up just after a deployment or key rotation was caused by it; a slow rise is usually one old client that nobody updates.',
  kind: 'stat',
  unit: 'ratio',
  sql: `SELECT sumIf(requests, class IN ${accessClasses}) / nullIf(sum(requests), 0) AS value
FROM ${rangeRows(['class', 'requests'])}`,
  width: 6,
  height: 4,
  empty: 'no requests',
  thresholds: [
    { value: 0.01, color: 'yellow' },
    { value: 0.05, color: 'red' },
  ],
  links: [keyRunbook, toOverview],
};

const byClass: Panel = {
  slug: 'access-by-class',
  title: 'Refused by class',
  description:
    'Answers 401 and 403 per minute, one colour per class as everywhere. Incorrect key: replace it. Not a member: invite the account again. IP or region: check by which address the traffic leaves. Permission: check what the project may use.',
  kind: 'bars',
  unit: 'per_minute',
  sql: `SELECT $__timeInterval(ts) AS time, class AS series, ${perMinute('sum(requests)')} AS value
FROM ${chartRows(['class', 'requests'], `class IN ${accessClasses}`)}
GROUP BY time, series ORDER BY time, series`,
  stacked: true,
  colors: Object.fromEntries(accessClassNames.map((name) => [name, classColors[name] ?? ''])),
  seriesOf: { dimension: 'class' },
  minStep: 60,
  width: 12,
  height: 9,
  empty: 'no requests refused',
  links: [keyRunbook, runbook('permission_denied', 'permission')],
};

const byClient: Panel = {
  slug: 'access-by-client',
  title: 'Refused by client',
  description:
    'Which services are refused, per minute. If it is one client, it has a wrong key or leaves by a wrong address; if all are refused at once, a shared key or the membership of the organization was lost.',
  kind: 'bars',
  unit: 'per_minute',
  sql: `SELECT $__timeInterval(ts) AS time, if(client = '', 'no client', client) AS series, ${perMinute('sum(requests)')} AS value
FROM ${chartRows(['client', 'requests'], `class IN ${accessClasses}`)}
GROUP BY time, series ORDER BY time, series`,
  stacked: true,
  color: errorClasses.incorrect_api_key.color,
  seriesOf: { dimension: 'client', none: 'no client', where: [`class=${accessClassNames.join(',')}`] },
  minStep: 60,
  width: 12,
  height: 9,
  empty: 'no requests refused',
  links: [keyRunbook, toQuota],
};

const columns = ['ts', 'org', 'project', 'api_key', 'client', 'class', 'requests'];

const keys: Panel = {
  slug: 'keys-refused',
  title: 'Keys that are refused',
  description:
    'One row per key, most refusals first: since when, when it last worked, how many clients use it and why it is refused. A last success just before the first refusal means that it was revoked or rotated then; none means that it has not worked for a week. Keys are fingerprints.',
  kind: 'table',
  unit: 'count',
  sql: `SELECT org, project, api_key, sumIf(n, class IN ${accessClasses}) AS refusals,
  minIf(first, class IN ${accessClasses}) AS first_refused, maxIf(last, class IN ${accessClasses}) AS last_refused,
  if(countIf(class = 'ok') = 0, NULL, maxIf(last, class = 'ok')) AS last_success,
  uniqExactIf(client, class IN ${accessClasses}) AS clients, argMaxIf(class, n, class IN ${accessClasses}) AS main_class
FROM (
  SELECT org, project, api_key, client, class, sum(requests) AS n, min(ts) AS first, max(ts) AS last
  FROM (
    SELECT * FROM ${rangeRows(columns, `class IN ${accessClasses}`)}
    UNION ALL
    SELECT * FROM ${rangeRows(
      columns,
      `ts > $__toTime - 604800 AND class = 'ok' AND api_key GLOBAL IN (
      SELECT api_key FROM request_counts_1m WHERE $__timeFilter(ts) AND class IN ${accessClasses})`,
    )}
  )
  GROUP BY org, project, api_key, client, class
)
GROUP BY org, project, api_key HAVING refusals > 0
ORDER BY refusals DESC, org, project, api_key LIMIT 100`,
  columns: [
    filterColumn('org'),
    filterColumn('project'),
    keyColumn,
    { name: 'refusals', title: 'Refused', unit: 'count' },
    { name: 'first_refused', title: 'First refused', unit: 'age' },
    { name: 'last_refused', title: 'Last refused', unit: 'age' },
    { name: 'last_success', title: 'Last success', unit: 'age' },
    { name: 'clients', title: 'Clients', unit: 'count' },
    classColumn('main_class', 'Mostly'),
  ],
  width: 24,
  height: 9,
  empty: 'no key was refused',
  links: [keyRunbook, toOverview],
};

const clients: Panel = {
  slug: 'clients-refused',
  title: 'Clients that are refused',
  description:
    'One row per client and region: how many different keys it was refused with, and why. Many keys of one client within minutes look like probing with a stolen list: find out who runs it.',
  kind: 'table',
  unit: 'count',
  sql: `SELECT client, region, uniqExactIf(api_key, api_key != '') AS keys, sum(n) AS refusals,
  argMax(class, n) AS main_class, max(last) AS last_seen
FROM (
  SELECT client, region, api_key, class, sum(requests) AS n, max(ts) AS last
  FROM ${rangeRows(['ts', 'client', 'region', 'api_key', 'class', 'requests'], `class IN ${accessClasses}`)}
  GROUP BY client, region, api_key, class
)
GROUP BY client, region ORDER BY keys DESC, refusals DESC, client, region LIMIT 50`,
  columns: [
    clientColumn,
    regionColumn,
    { name: 'keys', title: 'Keys', unit: 'count' },
    { name: 'refusals', title: 'Refused', unit: 'count' },
    classColumn('main_class', 'Mostly'),
    { name: 'last_seen', title: 'Last', unit: 'age' },
  ],
  width: 24,
  height: 8,
  empty: 'no client was refused',
  links: [regionRunbook, keyRunbook],
};

/** Which keys are refused, and since when. */
export const keysPage: Dashboard = {
  uid: 'faultline-keys',
  title: 'faultline / Keys and access',
  question: 'Which key, member, address or region is refused, since when, and who still uses it?',
  rows: [
    { title: 'Now', panels: [refusals, refusedKeys, refusedRegions, refusedShare] },
    { title: 'What is refused', panels: [byClass, byClient] },
    { title: 'Who', panels: [keys, clients] },
    {
      title: 'Incidents',
      panels: [
        incidentHistory('access-incidents', kindsAbout(accessClassNames), 'Incidents of keys and access'),
      ],
    },
  ],
};
