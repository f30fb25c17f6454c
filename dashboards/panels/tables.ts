import type { Panel } from '../panel.ts';
import { providerClasses } from './facts.ts';

const classLink = { to: 'runbook', title: 'Open the runbook' } as const;

/** Where it fails: one row a provider and model. */
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
  SELECT provider, model, class, sum(requests) AS n FROM request_counts_1m
  WHERE $__timeFilter(ts) AND $__filters GROUP BY provider, model, class
)
GROUP BY provider, model ORDER BY failures DESC, calls DESC, provider, model LIMIT 50`,
  columns: [
    {
      name: 'provider',
      title: 'Provider',
      unit: 'text',
      link: { to: 'filter', title: 'Only this provider', variable: 'provider' },
    },
    {
      name: 'model',
      title: 'Model',
      unit: 'text',
      link: { to: 'filter', title: 'Only this model', variable: 'model' },
    },
    { name: 'calls', title: 'Requests', unit: 'count', width: 90 },
    { name: 'failures', title: 'Failed', unit: 'count', width: 80 },
    { name: 'share', title: 'Share', unit: 'ratio', width: 75 },
    { name: 'provider_share', title: 'Theirs', unit: 'ratio', width: 75 },
    { name: 'main_class', title: 'Mostly', unit: 'text', width: 150, link: classLink },
  ],
  width: 12,
  height: 9,
  empty: 'no requests',
  links: [{ to: 'runbook', title: 'Runbook: server errors', class: 'server_error' }],
};

/** Who fails: one row an organization, project, key and client. */
export const topCallers: Panel = {
  slug: 'top-callers',
  title: 'By project, key and client',
  description:
    'Who sees the failures, most first, and how many of their retries cannot succeed. A single row: that key or client. Many rows of one organization: its account. Keys are fingerprints, never the key.',
  kind: 'table',
  unit: 'count',
  sql: `SELECT org, project, api_key, client, sum(n) AS calls, sumIf(n, class != 'ok') AS failures,
  failures / nullIf(calls, 0) AS share, sum(useless) AS useless_retries_sent,
  argMaxIf(class, n, class != 'ok') AS main_class
FROM (
  SELECT org, project, api_key, client, class, sum(requests) AS n, sum(useless_retries) AS useless
  FROM request_counts_1m
  WHERE $__timeFilter(ts) AND $__filters GROUP BY org, project, api_key, client, class
)
GROUP BY org, project, api_key, client HAVING failures > 0
ORDER BY failures DESC, org, project, api_key, client LIMIT 50`,
  columns: [
    {
      name: 'org',
      title: 'Organization',
      unit: 'text',
      link: { to: 'filter', title: 'Only this organization', variable: 'org' },
    },
    {
      name: 'project',
      title: 'Project',
      unit: 'text',
      link: { to: 'filter', title: 'Only this project', variable: 'project' },
    },
    { name: 'api_key', title: 'Key', unit: 'text' },
    { name: 'client', title: 'Client', unit: 'text' },
    { name: 'calls', title: 'Requests', unit: 'count', width: 90 },
    { name: 'failures', title: 'Failed', unit: 'count', width: 80 },
    { name: 'share', title: 'Share', unit: 'ratio', width: 75 },
    { name: 'useless_retries_sent', title: 'Useless retries', unit: 'count', width: 80 },
    { name: 'main_class', title: 'Mostly', unit: 'text', width: 150, link: classLink },
  ],
  width: 12,
  height: 9,
  empty: 'no failures',
  links: [{ to: 'runbook', title: 'Runbook: wrong keys', class: 'incorrect_api_key' }],
};

/** What it says: the commonest error texts, numbers left out so that equal errors meet in one row. */
export const topMessages: Panel = {
  slug: 'top-messages',
  title: 'Top messages',
  description:
    'The commonest error texts, redacted, with digits shown as # so that equal errors are one row, and one request id to give to support. "Last" tells whether it still happens.',
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
    { name: 'class', title: 'Class', unit: 'text', width: 150, link: classLink },
    { name: 'status_text', title: 'Status', unit: 'text', width: 70 },
    { name: 'error_code', title: 'Code', unit: 'text', width: 170 },
    { name: 'text', title: 'Message', unit: 'text' },
    { name: 'failures', title: 'Times', unit: 'count', width: 80 },
    { name: 'last_seen', title: 'Last', unit: 'age', width: 130 },
    { name: 'sample_request_id', title: 'A request id', unit: 'text', width: 200 },
  ],
  width: 24,
  height: 9,
  empty: 'no failures',
  links: [{ to: 'runbook', title: 'Runbook: unclassified errors', class: 'other' }],
};
