import { pageUrl } from '../docs-url.ts';
import type { AlertRule } from '../panels/alerts.ts';
import { clickhouseType, pluginVersion } from './query.ts';

/** Name, data source and routing, the same in the files and over the HTTP API. */
export const alerting = {
  group: 'faultline-incidents',
  folder: 'faultline',
  /** Uid of the data source that the rules ask; rules cannot use a dashboard's variable. */
  dataSourceUid: 'clickhouse',
  contactPoint: 'faultline-webhook',
  /** Multiple of Grafana's 10 s step, the analyzers' own. */
  intervalSeconds: 10,
} as const;

/** An alert rule of a provisioning file. */
export interface FileRule {
  uid: string;
  title: string;
  condition: string;
  data: RuleQuery[];
  dashboardUid: string;
  panelId: number;
  noDataState: 'NoData' | 'Alerting' | 'OK' | 'KeepLast';
  execErrState: 'Alerting' | 'Error' | 'OK' | 'KeepLast';
  for: string;
  keepFiringFor: string;
  missing_series_evals_to_resolve: number;
  annotations: Record<string, string>;
  labels: Record<string, string>;
  isPaused: boolean;
}

export interface RuleQuery {
  refId: string;
  datasourceUid: string;
  relativeTimeRange: { from: number; to: number };
  model: Record<string, unknown>;
}

/** The file of alert rules. */
export function rulesFile(rules: readonly AlertRule[], docsUrl: string): Record<string, unknown> {
  return {
    apiVersion: 1,
    groups: [
      {
        orgId: 1,
        name: alerting.group,
        folder: alerting.folder,
        interval: `${alerting.intervalSeconds}s`,
        rules: rules.map((rule) => fileRule(rule, docsUrl)),
      },
    ],
  };
}

/**
 * The file of contact points. The address comes from the environment of Grafana, which refuses to start when it is
 * empty: the compose file has a default that goes nowhere.
 */
export function contactPointsFile(): Record<string, unknown> {
  return {
    apiVersion: 1,
    contactPoints: [
      {
        orgId: 1,
        name: alerting.contactPoint,
        receivers: [
          {
            uid: 'faultline-webhook',
            type: 'webhook',
            settings: { url: '$FAULTLINE_ALERT_WEBHOOK_URL', httpMethod: 'POST' },
            disableResolveMessage: false,
          },
        ],
      },
    ],
  };
}

/** The file of the notification policy: one notification an incident, critical ones soon and more often. */
export function policiesFile(): Record<string, unknown> {
  return {
    apiVersion: 1,
    policies: [
      {
        orgId: 1,
        receiver: alerting.contactPoint,
        group_by: ['alertname', 'incident'],
        group_wait: '30s',
        group_interval: '1m',
        repeat_interval: '4h',
        routes: [
          {
            receiver: alerting.contactPoint,
            object_matchers: [['severity', '=', 'critical']],
            group_wait: '10s',
            repeat_interval: '1h',
          },
        ],
      },
    ],
  };
}

function fileRule(rule: AlertRule, docsUrl: string): FileRule {
  return {
    uid: rule.uid,
    title: rule.title,
    condition: 'C',
    data: [rows(rule), threshold(rule)],
    dashboardUid: rule.dashboardUid,
    panelId: rule.panelId,
    // The row `none` is always there, so no rows at all is trouble of its own; so is a query that fails.
    noDataState: 'NoData',
    execErrState: 'Error',
    // The analyzers have waited and clear with hysteresis; to wait again would only delay the news.
    for: '0s',
    keepFiringFor: '0s',
    missing_series_evals_to_resolve: 2,
    annotations: {
      summary: rule.summary,
      verdict: rule.verdict,
      remedy: rule.remedy,
      description: `{{ $labels.affected }}: faultline incidents {{ $labels.incident }} shows the evidence, the plan and sample request ids.`,
      runbook_url: absolute(pageUrl(docsUrl, rule.runbook)),
      __dashboardUid__: rule.dashboardUid,
      __panelId__: String(rule.panelId),
    },
    labels: { team: 'faultline', severity: rule.severity, kind: rule.kind, class: rule.class },
    isPaused: false,
  };
}

function rows(rule: AlertRule): RuleQuery {
  return {
    refId: 'A',
    datasourceUid: alerting.dataSourceUid,
    relativeTimeRange: { from: rule.lookBack, to: 0 },
    model: {
      refId: 'A',
      datasource: { type: clickhouseType, uid: alerting.dataSourceUid },
      editorType: 'sql',
      rawSql: rule.sql,
      format: 1,
      queryType: 'table',
      pluginVersion,
      intervalMs: alerting.intervalSeconds * 1_000,
      maxDataPoints: 43_200,
    },
  };
}

function threshold(rule: AlertRule): RuleQuery {
  const expression = { type: '__expr__', uid: '__expr__' };
  return {
    refId: 'C',
    datasourceUid: '__expr__',
    relativeTimeRange: { from: rule.lookBack, to: 0 },
    model: {
      refId: 'C',
      type: 'threshold',
      expression: 'A',
      datasource: expression,
      conditions: [{ evaluator: { type: 'gt', params: [rule.threshold] } }],
      intervalMs: alerting.intervalSeconds * 1_000,
      maxDataPoints: 43_200,
    },
  };
}

// A notification is read outside Grafana, where a path alone leads nowhere.
function absolute(url: string): string {
  return url.startsWith('/') ? `{{ reReplaceAll "/+$" "" externalURL }}${url}` : url;
}
