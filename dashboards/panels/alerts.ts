import { errorClasses, type RequestClass } from '../../domain/error-class.ts';
import { factsOf, type IncidentKind, incidentKindNames, type KindFacts } from '../../domain/incident-kind.ts';
import { panelId } from '../panel.ts';
import { scopeOfIncident } from './facts.ts';
import { dashboards } from './list.ts';

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

/** The alert rules, one a kind of incident, as the table of kinds has it. */
export const alertRules: readonly AlertRule[] = incidentKindNames.map(incidentRule);

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

function incidentRule(kind: IncidentKind): AlertRule {
  const facts = factsOf(kind);
  return {
    uid: `faultline-${kind.replaceAll('_', '-')}`,
    title: facts.title,
    kind,
    class: facts.class,
    ...placeOf(facts.panel),
    sql: incidentRows(kind),
    lookBack: 3_600,
    threshold: 0.5,
    severity: facts.severity,
    summary: `${facts.alert} since {{ $labels.since }}: {{ $labels.affected }}{{ if $labels.quota }} (quota: {{ $labels.quota }}){{ end }}.`,
    verdict: `Who must act: {{ $labels.verdict }}. ${whyText(facts.why)}`,
    runbook: facts.runbook ?? `errors/${facts.class}.md`,
    remedy: facts.remedy ?? errorClasses[facts.class].remedy.join(' '),
  };
}

/** The sentence for the party of the verdict, in Grafana's template language. */
function whyText({ otherwise, ...parties }: KindFacts['why']): string {
  const [first, ...rest] = Object.entries(parties);
  if (first === undefined) return otherwise;
  const branch = ([party, text]: readonly [string, string]): string =>
    `if eq $labels.verdict "${party}" }}${text}`;
  const others = rest.map((entry) => `{{ else ${branch(entry)}`).join('');
  return `{{ ${branch(first)}${others}{{ else }}${otherwise}{{ end }}`;
}

/** Where a panel is found in Grafana. Throws when no dashboard has it. */
function placeOf(slug: string): Pick<AlertRule, 'dashboardUid' | 'panelId'> {
  for (const { uid, rows } of dashboards) {
    if (rows.some(({ panels }) => panels.some((panel) => panel.slug === slug)))
      return { dashboardUid: uid, panelId: panelId({ slug }) };
  }
  throw new Error(`no dashboard has the panel ${slug} that an alert is to show`);
}
