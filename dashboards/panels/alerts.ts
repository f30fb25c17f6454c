import { errorClasses, type RequestClass } from '../../domain/error-class.ts';
import { factsOf, type IncidentKind, incidentKindNames, type KindFacts } from '../../domain/incident-kind.ts';
import { panelId } from '../panel.ts';
import { number, numbersOf, type RuleNumber } from './alert-numbers.ts';
import { scopeOfIncident } from './shared-sql.ts';
import { dashboards } from './list.ts';

/** The state of an alert in Grafana when its query fails or returns nothing. */
export type NoDataState = 'KeepLast' | 'Alerting';

/**
 * One alert rule. Grafana does not detect incidents: the analyzers have already decided, with hysteresis, and a rule
 * only routes their result. The rules of `store-alerts.ts` judge what only Grafana can see.
 */
export interface AlertRule {
  /** At most 40 characters of [A-Za-z0-9_-]; never changes. */
  uid: string;
  title: string;
  kind: IncidentKind;
  /** The class that the kind is about. */
  class: RequestClass;
  /** Page below `docs/` that is the runbook. */
  runbook: string;
  /** The panel that the alert shows. */
  dashboardUid: string;
  panelId: number;
  /** One row per alert: text columns, which become labels, and one number. */
  sql: string;
  /** Further numbers for the text, each with the same labels. */
  numbers: readonly RuleNumber[];
  /** How far back the rule looks, in seconds. */
  lookBack: number;
  /** Fires above this value. */
  threshold: number;
  /** How long the value must stay above the threshold, in seconds. */
  pending: number;
  whenSilent: NoDataState;
  /**
   * Label for routing. It is the severity of the kind, because that of an incident may change, and a label must not
   * change.
   */
  severity: 'warning' | 'critical';
  /** First sentence of the notification; `{{ $labels.x }}` is a text column of the SQL. */
  summary: string;
  /** The most important number; the text may turn out empty. */
  number: string;
  /** The party of the verdict, and why. */
  verdict: string;
  remedy: string;
  /** Until when to hold the rate; the text may turn out empty. */
  hold: string;
}

/** An incident is history when no version of it was written within this many seconds after its event time. */
const LATE_SECONDS = 900;
/** How many seconds after its end an incident stays in the result, as 0. */
const KEPT_SECONDS = 3_600;

/**
 * Columns that become labels of the alert. A changed label makes a new alert, so their values do not change while an
 * incident lasts, unless the change is news.
 */
const LABELS = [
  'incident',
  'affected',
  'provider',
  'org',
  'project',
  'model',
  'party',
  'quota',
  'since',
] as const;

/**
 * Makes the query of a rule: the incidents of one kind, one row each. A row that vanished would end the alert, so an
 * incident stays in the result as 0 for an hour after its end. The row `none` is always there, so that an empty answer
 * means trouble and not health. A changed label would make a new alert, so labels do not change while an incident
 * lasts, except for three whose change is news (`affected`, `party`, `quota`: they are corrected in the first minutes).
 * Summary and numbers are therefore no labels. An incident that a backlog or an import reveals is left out, because it
 * was judged long after its event time. An incident that was reported in time stays, even if its later counts are late.
 * A consequence is left out while its cause fires.
 */
export function incidentRows(kind: IncidentKind): string {
  return rowsOf(
    kind,
    `toFloat64(state = 'firing' AND id GLOBAL IN (
    SELECT id FROM incidents WHERE kind = '${kind}'
      AND toUnixTimestamp(written_at) - intDiv(version, 1000) < ${LATE_SECONDS})
    AND id GLOBAL NOT IN (SELECT arrayJoin(related) FROM incidents FINAL WHERE state = 'firing')) AS firing`,
  );
}

/**
 * Makes the rows of a rule: one for each incident of the kind, with its labels and with the SQL expression `value` as
 * its number.
 */
function rowsOf(kind: IncidentKind, value: string, has = ''): string {
  const affected =
    kind === 'pipeline' ? `concat('topic ', JSONExtractString(evidence, 'topic'))` : scopeOfIncident;
  const name = value.slice(value.lastIndexOf(' AS ') + 4);
  return `SELECT id AS incident, ${affected} AS affected,
  toString(provider) AS provider, toString(org) AS org, toString(project) AS project, toString(model) AS model,
  toString(verdict_party) AS party, JSONExtractString(evidence, 'quota') AS quota,
  formatDateTime(started_at, '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS since, ${value}
FROM incidents FINAL
WHERE kind = '${kind}' AND (state = 'firing' OR (state = 'resolved' AND $__timeFilter(resolved_at)))${has}
UNION ALL
SELECT 'none', 'nothing', '', '', '', '', 'nobody', '', '', toFloat64(0) AS ${name}`;
}

function incidentRule(kind: IncidentKind): AlertRule {
  const facts = factsOf(kind);
  const { numbers, text } = numbersOf(facts.matters ?? [], LABELS);
  return {
    uid: `faultline-${kind.replaceAll('_', '-')}`,
    title: facts.title,
    kind,
    class: facts.class,
    ...placeOf(facts.panel),
    sql: incidentRows(kind),
    numbers: [
      ...numbers.map(({ refId, name }) => ({ refId, sql: rowsOf(kind, ...evidenceNumber(name)) })),
      { refId: 'H', sql: rowsOf(kind, ...HOLD_UNTIL) },
    ],
    lookBack: KEPT_SECONDS,
    threshold: 0.5,
    // The analyzers have already waited, and resolve with hysteresis; waiting again would only delay the alert.
    pending: 0,
    // A store that does not answer says nothing about the API, so alerts keep their state. A rule of `store-alerts.ts`
    // reports the store.
    whenSilent: 'KeepLast',
    severity: facts.severity,
    summary: `${facts.alert} since {{ $labels.since }}: {{ $labels.affected }}.`,
    number: text,
    verdict: `Cause: {{ $labels.party }}. ${whyText(facts.why)}`,
    runbook: facts.runbook,
    remedy: facts.remedy ?? errorClasses[facts.class].remedy.join(' '),
    hold: `{{ if ${number('H')} }}Hold until {{ humanizeTimestamp ${number('H')} }}.{{ end }}`,
  };
}

function evidenceNumber(name: string): [value: string, has: string] {
  return [
    `JSONExtractFloat(evidence, '${name}') AS amount`,
    ` AND JSONType(evidence, '${name}') IN ('Int64', 'UInt64', 'Double')`,
  ];
}

const HOLD_UNTIL: [value: string, has: string] = [
  `toFloat64(toUnixTimestamp(parseDateTimeBestEffortOrZero(JSONExtractString(remedy, 'hold_until'), 'UTC'))) AS hold_until`,
  ` AND JSONHas(remedy, 'hold_until')`,
];

/** The reason for the party of the verdict, in Grafana's template language. */
function whyText({ otherwise, ...parties }: KindFacts['why']): string {
  const [first, ...rest] = Object.entries(parties);
  if (first === undefined) return otherwise;
  const branch = ([party, text]: readonly [string, string]): string =>
    `if eq $labels.party "${party}" }}${text}`;
  const others = rest.map((entry) => `{{ else ${branch(entry)}`).join('');
  return `{{ ${branch(first)}${others}{{ else }}${otherwise}{{ end }}`;
}

/** The dashboard and the id of a panel in Grafana. Throws when no dashboard has the panel. */
export function placeOf(slug: string): Pick<AlertRule, 'dashboardUid' | 'panelId'> {
  for (const { uid, rows } of dashboards) {
    if (rows.some(({ panels }) => panels.some((panel) => panel.slug === slug)))
      return { dashboardUid: uid, panelId: panelId({ slug }) };
  }
  throw new Error(`no dashboard has the panel ${slug} that an alert shows`);
}

/** The alert rules of incidents, one per kind, made from the table of kinds. */
export const incidentRules: readonly AlertRule[] = incidentKindNames.map(incidentRule);
