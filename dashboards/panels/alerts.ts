import { errorClasses, type RequestClass } from '../../domain/error-class.ts';
import { factsOf, type IncidentKind, incidentKindNames, type KindFacts } from '../../domain/incident-kind.ts';
import { panelId } from '../panel.ts';
import { number, numbersOf, type RuleNumber } from './alert-numbers.ts';
import { scopeOfIncident } from './facts.ts';
import { dashboards } from './list.ts';

/** What Grafana makes of a rule whose query fails or answers nothing. */
export type Silence = 'KeepLast' | 'Alerting';

/**
 * One alert rule. Grafana judges no incident: the analyzers have decided, with hysteresis, what is one; a rule only
 * routes that. What Grafana alone can see is judged by the rules of `store-alerts.ts`.
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
  /** One row an alert: text columns, which become labels, and one number. */
  sql: string;
  /** Further numbers for the text, each by the same labels. */
  numbers: readonly RuleNumber[];
  /** How far back the rule looks, in seconds. */
  lookBack: number;
  /** Fires above this. */
  threshold: number;
  /** How long it is to stay so, in seconds. */
  pending: number;
  whenSilent: Silence;
  /** For routing. That of the kind: an incident's own may change while it lasts, and a label must not. */
  severity: 'warning' | 'critical';
  /** First sentence of the notification; `{{ $labels.x }}` is a text column of the SQL. */
  summary: string;
  /** The one number that matters; may come out empty. */
  number: string;
  /** Who must act and why. */
  verdict: string;
  remedy: string;
  /** Until when something is to be held; may come out empty. */
  hold: string;
}

/** An incident whose newest evaluations were all written so long after their time is history, in seconds. */
const LATE_SECONDS = 900;
/** So long an incident stays in the answer as 0 after it ended, in seconds. */
const KEPT_SECONDS = 3_600;

/** Columns that become labels. They hold what does not change while an incident lives, and what is news when it does. */
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
 * Rows of one kind of incident for a rule. A label set must not vanish while it matters, so an incident stays in the
 * result as 0 for an hour after it ended, and the row `none` is always there: an empty answer then means trouble, not
 * health. Labels hold what does not change while an incident lives, and three things whose change is news (`affected`,
 * `party`, `quota`: they are corrected in the first minutes); summary and numbers are no labels.
 *
 * What a backlog or an import brings to light is not news: such an incident was judged long after its time. One that was
 * told in time goes on, also while its later counts are behind. A consequence is told by its cause, as long as that fires.
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

/** The rows with another number, for those that have it. */
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
    // The analyzers have waited, and clear with hysteresis; to wait again would only delay the news.
    pending: 0,
    // A store that is away says nothing of the API: what was told stays told, and a rule of its own speaks of the store.
    whenSilent: 'KeepLast',
    severity: facts.severity,
    summary: `${facts.alert} since {{ $labels.since }}: {{ $labels.affected }}.`,
    number: text,
    verdict: `Who must act: {{ $labels.party }}. ${whyText(facts.why)}`,
    runbook: facts.runbook ?? `errors/${facts.class}.md`,
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

/** The sentence for the party of the verdict, in Grafana's template language. */
function whyText({ otherwise, ...parties }: KindFacts['why']): string {
  const [first, ...rest] = Object.entries(parties);
  if (first === undefined) return otherwise;
  const branch = ([party, text]: readonly [string, string]): string =>
    `if eq $labels.party "${party}" }}${text}`;
  const others = rest.map((entry) => `{{ else ${branch(entry)}`).join('');
  return `{{ ${branch(first)}${others}{{ else }}${otherwise}{{ end }}`;
}

/** Where a panel is found in Grafana. Throws when no dashboard has it. */
export function placeOf(slug: string): Pick<AlertRule, 'dashboardUid' | 'panelId'> {
  for (const { uid, rows } of dashboards) {
    if (rows.some(({ panels }) => panels.some((panel) => panel.slug === slug)))
      return { dashboardUid: uid, panelId: panelId({ slug }) };
  }
  throw new Error(`no dashboard has the panel ${slug} that an alert is to show`);
}

/** The alert rules of incidents, one a kind, as the table of kinds has it. */
export const incidentRules: readonly AlertRule[] = incidentKindNames.map(incidentRule);
