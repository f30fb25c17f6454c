import { pageUrl } from '../docs-url.ts';
import { incidentVariable } from '../expand.ts';
import { type AlertRule, incidentRules } from '../panels/alerts.ts';
import { storeRules } from '../panels/store-alerts.ts';
import { incidentUid } from './links.ts';
import { clickhouseType, pluginVersion } from './query.ts';

/** Names, data source and routing of the alert rules, both in the files and over the HTTP API. */
export const alerting = {
  folder: 'faultline',
  /** Uid of the data source that the rules query; rules cannot use a variable of a dashboard. */
  dataSourceUid: 'clickhouse',
  contactPoint: 'faultline-webhook',
} as const;

/**
 * The groups of rules. Intervals are multiples of 10 s, the step of Grafana's scheduler and of the analyzers. Rules
 * about values over minutes run once a minute.
 */
export const ruleGroups = [
  { name: 'faultline-incidents', intervalSeconds: 10, rules: incidentRules },
  { name: 'faultline-pipeline', intervalSeconds: 60, rules: storeRules },
] as const;
export type RuleGroup = (typeof ruleGroups)[number];

/** An alert rule as provisioning files contain it. */
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

/** The file with the alert rules. */
export function rulesFile(docsUrl: string): Record<string, unknown> {
  return {
    apiVersion: 1,
    groups: ruleGroups.map((group) => ({
      orgId: 1,
      name: group.name,
      folder: alerting.folder,
      interval: `${group.intervalSeconds}s`,
      rules: groupRules(group, docsUrl),
    })),
  };
}

/** The rules of a group as a file contains them. */
export function groupRules({ rules, intervalSeconds }: RuleGroup, docsUrl: string): FileRule[] {
  return rules.map((rule) => fileRule(rule, intervalSeconds * 1_000, docsUrl));
}

/**
 * The file with the contact points. The address comes from Grafana's environment. Grafana does not start when the
 * address is empty, so the compose file has a default that leads nowhere.
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
            settings: {
              url: '$FAULTLINE_ALERT_WEBHOOK_URL',
              httpMethod: 'POST',
              title: '{{ template "faultline.title" . }}',
              message: '{{ template "faultline.message" . }}',
            },
            disableResolveMessage: false,
          },
        ],
      },
    ],
  };
}

/**
 * The file with the notification policies: one notification per incident. Those about critical incidents are sent
 * sooner and repeated every hour. Alerts about faultline itself are separate, because other people act on them.
 */
export function policiesFile(): Record<string, unknown> {
  const receiver = alerting.contactPoint;
  return {
    apiVersion: 1,
    policies: [
      {
        orgId: 1,
        receiver,
        group_by: ['alertname', 'incident'],
        group_wait: '30s',
        group_interval: '1m',
        repeat_interval: '12h',
        routes: [
          {
            receiver,
            object_matchers: [
              ['team', '=', 'faultline'],
              ['kind', '=', 'pipeline'],
            ],
            group_by: ['alertname'],
            group_wait: '1m',
            repeat_interval: '4h',
          },
          {
            receiver,
            object_matchers: [
              ['team', '=', 'faultline'],
              ['severity', '=', 'critical'],
            ],
            group_wait: '10s',
            repeat_interval: '1h',
          },
        ],
      },
    ],
  };
}

/**
 * The file with the texts of notifications. The texts are short enough for a phone, and say what to do before they say
 * how faultline found the incident.
 */
export function templatesFile(): Record<string, unknown> {
  const line = (name: string): string => `{{ if .Annotations.${name} }}{{ .Annotations.${name} }}\n{{ end }}`;
  const alert = `${['summary', 'number', 'hold_until', 'verdict', 'remedy'].map(line).join('')}${['incident_url', 'runbook_url'].map(line).join('')}`;
  const template = `{{ define "faultline.title" }}{{ if eq .Status "firing" }}{{ .CommonLabels.severity }}: {{ else }}resolved: {{ end }}{{ .CommonLabels.alertname }}{{ if .CommonLabels.org }}, {{ .CommonLabels.org }}{{ end }}{{ end }}
{{ define "faultline.message" }}{{ range .Alerts.Firing }}${alert}
{{ end }}{{ range .Alerts.Resolved }}Resolved: {{ .Annotations.summary }}
{{ end }}{{ end }}
`;
  return { apiVersion: 1, templates: [{ orgId: 1, name: 'faultline', template }] };
}

function fileRule(rule: AlertRule, intervalMs: number, docsUrl: string): FileRule {
  const known = (annotations: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(annotations).filter(([, text]) => text !== ''));
  const ofIncident = rule.sql.includes(' AS incident,');
  return {
    uid: rule.uid,
    title: rule.title,
    condition: 'C',
    data: [
      rows(rule, 'A', rule.sql, intervalMs),
      ...rule.numbers.map(({ refId, sql }) => rows(rule, refId, sql, intervalMs)),
      threshold(rule, intervalMs),
    ],
    dashboardUid: rule.dashboardUid,
    panelId: rule.panelId,
    noDataState: rule.whenSilent,
    execErrState: rule.whenSilent,
    for: duration(rule.pending),
    annotations: known({
      summary: rule.summary,
      number: rule.number,
      verdict: rule.verdict,
      remedy: rule.remedy,
      hold_until: rule.hold,
      description: ofIncident
        ? '{{ $labels.affected }}: faultline incidents {{ $labels.incident }} shows the evidence, the plan and sample request ids.'
        : 'faultline doctor says which part does not answer.',
      runbook_url: absolute(pageUrl(docsUrl, rule.runbook)),
      ...(ofIncident
        ? { incident_url: absolute(`/d/${incidentUid}?var-${incidentVariable}={{ $labels.incident }}`) }
        : {}),
      __dashboardUid__: rule.dashboardUid,
      __panelId__: String(rule.panelId),
    }),
    labels: { team: 'faultline', severity: rule.severity, kind: rule.kind, class: rule.class },
    isPaused: false,
  };
}

/** A duration as Grafana returns it, so that what was sent can be compared with what Grafana has. */
function duration(seconds: number): string {
  return seconds > 0 && seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}

function rows(rule: AlertRule, refId: string, sql: string, intervalMs: number): RuleQuery {
  return {
    refId,
    datasourceUid: alerting.dataSourceUid,
    relativeTimeRange: { from: rule.lookBack, to: 0 },
    model: {
      refId,
      datasource: { type: clickhouseType, uid: alerting.dataSourceUid },
      editorType: 'sql',
      rawSql: sql,
      format: 1,
      queryType: 'table',
      pluginVersion,
      intervalMs,
      maxDataPoints: 43_200,
    },
  };
}

function threshold(rule: AlertRule, intervalMs: number): RuleQuery {
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
      intervalMs,
      maxDataPoints: 43_200,
    },
  };
}

// People read a notification outside Grafana, so a path gets the address of Grafana in front.
function absolute(url: string): string {
  return url.startsWith('/') ? `{{ reReplaceAll "/+$" "" externalURL }}${url}` : url;
}
