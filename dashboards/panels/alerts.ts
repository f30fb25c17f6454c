import { errorClasses, type RequestClass } from '../../domain/error-class.ts';
import type { IncidentKind } from '../../domain/incident.ts';
import { runbookOfKind, scopeOfIncident } from './facts.ts';
import { overview } from './overview.ts';

/**
 * One alert rule. Grafana judges nothing: the analyzers have decided, with hysteresis, what is an incident; a rule
 * only routes that.
 */
export interface AlertRule {
  /** At most 40 of [A-Za-z0-9_-]; stable for ever. */
  uid: string;
  title: string;
  kind: IncidentKind;
  /** The class that the kind is about. */
  class: RequestClass;
  /** Page below `docs/` that is the runbook. */
  runbook: string;
  /** The panel shown with the alert. */
  dashboardUid: string;
  panelId: number;
  /** One row an incident: text columns, which become labels, and the one number `firing`, 1 or 0. */
  sql: string;
  /** How far back the rule looks for incidents that ended, in seconds. */
  lookBack: number;
  /** Fires above this. */
  threshold: number;
  /** For routing. That of the kind: an incident's own may change while it lasts, and a label must not. */
  severity: 'warning' | 'critical';
  /** First sentence of the notification; `{{ $labels.x }}` is a text column of the SQL. */
  summary: string;
  /** Who must act and why. */
  verdict: string;
  remedy: string;
}

/** The alert rules, one a kind of incident. */
export const alertRules: readonly AlertRule[] = [
  incidentRule({
    kind: 'slow_down_surge',
    title: 'Slow Down surge',
    panelId: 20,
    summary: 'Slow Down surge since {{ $labels.since }}: {{ $labels.affected }}.',
    verdict:
      'Who must act: {{ $labels.verdict }}. {{ if eq $labels.verdict "provider" }}The request rate had not risen: the provider is short of capacity.{{ else }}The request rate rose faster than the provider allows; nothing is wrong with key, quota or requests.{{ end }}',
  }),
  incidentRule({
    kind: 'quota_exhausted',
    title: 'Quota exhausted',
    panelId: 21,
    summary:
      'Quota exhausted since {{ $labels.since }}: {{ $labels.affected }} (quota: {{ $labels.quota }}).',
    verdict:
      'Who must act: {{ $labels.verdict }}. Credit or a spend limit is used up; waiting and retrying never help.',
  }),
  incidentRule({
    kind: 'pipeline',
    title: 'Counts are missing',
    panelId: 50,
    runbook: 'incidents.md#pipeline',
    summary: 'Counts of {{ $labels.affected }} are incomplete since {{ $labels.since }}.',
    verdict:
      'Who must act: {{ $labels.verdict }}. A worker does not go on or is gone, or records were deleted before they were read; nothing is known of the API.',
    remedy:
      'faultline incidents --state firing says which partition, which worker and why. See whether the workers run, and whether ClickHouse and Kafka answer them; a worker goes on by itself as soon as it can.',
  }),
];

/**
 * Rows of one kind of incident for a rule. A label set must not vanish while it matters, so an incident stays in the
 * result as 0 for an hour after it ended, and the row `none` is always there: an empty answer then means trouble, not
 * health. Labels hold what does not change while an incident lives, and three things whose change is news (`affected`,
 * `verdict`, `quota`: they are corrected in the first minutes); summary and numbers stand on the dashboard.
 */
export function incidentRows(kind: IncidentKind): string {
  const affected =
    kind === 'pipeline' ? `concat('topic ', JSONExtractString(evidence, 'topic'))` : scopeOfIncident;
  return `SELECT id AS incident, ${affected} AS affected,
  toString(provider) AS provider, toString(org) AS org, toString(project) AS project,
  toString(verdict_party) AS verdict, JSONExtractString(evidence, 'quota') AS quota,
  formatDateTime(started_at, '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS since, toFloat64(state = 'firing') AS firing
FROM incidents FINAL
WHERE kind = '${kind}' AND (state = 'firing' OR (state = 'resolved' AND $__timeFilter(resolved_at)))
UNION ALL
SELECT 'none', 'nothing', '', '', '', 'nobody', '', '', toFloat64(0)`;
}

function incidentRule(
  rule: Pick<AlertRule, 'title' | 'panelId' | 'summary' | 'verdict'> & {
    kind: IncidentKind;
    /** Both of the class unless told. */
    remedy?: string;
    runbook?: string;
  },
): AlertRule {
  const about = runbookOfKind[rule.kind];
  return {
    ...rule,
    uid: `faultline-${rule.kind.replaceAll('_', '-')}`,
    class: about,
    dashboardUid: overview.uid,
    sql: incidentRows(rule.kind),
    lookBack: 3_600,
    threshold: 0.5,
    severity: 'critical',
    runbook: rule.runbook ?? `errors/${about}.md`,
    remedy: rule.remedy ?? errorClasses[about].remedy.join(' '),
  };
}
