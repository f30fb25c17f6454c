import type { Panel } from '../panel.ts';
import {
  calls,
  classColumn,
  clientColumn,
  failures,
  filterColumn,
  keyColumn,
  share,
  useless,
} from './columns.ts';
import { callerRows, rangeRows } from './counts.ts';
import { providerClasses } from './shared-sql.ts';
import { keyRunbook, runbook, serverErrorRunbook, toKeys, toProviders } from './links.ts';

/** Where requests fail: one row per provider and model. */
export const topModels: Panel = {
  slug: 'providers-and-models',
  title: 'By provider and model',
  description:
    'Most failures first. One model bad and its neighbours fine: the model. All models of one provider: the provider. Everything at once: us or the network. Click a provider or model to filter by it.',
  kind: 'table',
  unit: 'count',
  sql: `SELECT provider, model, sum(n) AS calls, sumIf(n, class != 'ok') AS failures,
  failures / nullIf(calls, 0) AS share,
  sumIf(n, class IN ${providerClasses}) / nullIf(calls, 0) AS provider_share,
  argMaxIf(class, n, class != 'ok') AS main_class
FROM (
  SELECT provider, model, class, sum(requests) AS n
  FROM ${rangeRows(['provider', 'model', 'class', 'requests'])} GROUP BY provider, model, class
)
GROUP BY provider, model ORDER BY failures DESC, calls DESC, provider, model LIMIT 50`,
  columns: [
    filterColumn('provider'),
    filterColumn('model'),
    calls,
    failures,
    share,
    { name: 'provider_share', title: 'Theirs', unit: 'ratio' },
    classColumn('main_class', 'Mostly'),
  ],
  width: 24,
  height: 9,
  empty: 'no requests',
  links: [serverErrorRunbook, toProviders],
};

/** Who sees failures: one row per organization, project, key and client. */
export const topCallers: Panel = {
  slug: 'top-callers',
  title: 'By project, key and client',
  description:
    'Who sees the failures, most first, and how many of their retries cannot succeed. A single row: that key or client. Many rows of one organization: its account. Keys are fingerprints, never the key; in ranges of more than three days, keys are not shown (see Keys and access).',
  kind: 'table',
  unit: 'count',
  sql: `SELECT org, project, api_key, client, sum(n) AS failures, sum(useless) AS useless_retries_sent,
  argMax(class, n) AS main_class, max(last) AS last_seen
FROM (
  SELECT org, project, api_key, client, class, sum(requests) AS n, sum(useless_retries) AS useless, max(ts) AS last
  FROM ${callerRows(['org', 'project', 'client', 'class', 'requests', 'useless_retries'], "class != 'ok'")}
  GROUP BY org, project, api_key, client, class
)
GROUP BY org, project, api_key, client ORDER BY failures DESC, org, project, api_key, client LIMIT 50`,
  columns: [
    filterColumn('org'),
    filterColumn('project'),
    keyColumn,
    clientColumn,
    failures,
    useless,
    classColumn('main_class', 'Mostly'),
    { name: 'last_seen', title: 'Last', unit: 'age' },
  ],
  width: 24,
  height: 9,
  empty: 'no failures',
  links: [keyRunbook, toKeys],
};

/** The most frequent error texts. Digits are replaced, so that equal errors are in one row. */
export const topMessages: Panel = {
  slug: 'top-messages',
  title: 'Top messages',
  description:
    'The most frequent error texts, redacted, with digits shown as # so that equal errors are one row, and one request id to give to support. "Last" shows whether it still happens.',
  kind: 'table',
  unit: 'count',
  sql: `SELECT class, status_text, error_code, text, count() AS failures, max(ts) AS last_seen,
  argMax(request_id, ts) AS sample_request_id
FROM (
  SELECT class, toString(status) AS status_text, if(code = '', type, code) AS error_code, ts, request_id,
    replaceRegexpAll(if(message = '', exception, substringUTF8(message, 1, 300)), '[0-9]+', '#') AS text
  FROM error_events
  WHERE $__timeFilter(ts) AND $__filters
)
GROUP BY class, status_text, error_code, text ORDER BY failures DESC, last_seen DESC, class, text LIMIT 50`,
  columns: [
    classColumn('class', 'Class'),
    { name: 'status_text', title: 'Status', unit: 'text', chars: 6 },
    { name: 'error_code', title: 'Code', unit: 'text', chars: 26 },
    { name: 'text', title: 'Message', unit: 'text' },
    { name: 'failures', title: 'Times', unit: 'count' },
    { name: 'last_seen', title: 'Last', unit: 'age' },
    { name: 'sample_request_id', title: 'A request id', unit: 'text', chars: 36 },
  ],
  width: 24,
  height: 9,
  empty: 'no failures',
  links: [runbook('other', 'unclassified errors')],
};
