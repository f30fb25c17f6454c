import { z } from 'zod';
import { alerting } from './alerting.ts';
import { clickhouseType } from './query.ts';

const duration = z.string().regex(/^(\d+(ms|[smhdwy]))+$/, 'is not a duration such as 30s');
const uid = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,40}$/, 'is not a uid of at most 40 characters of A-Z a-z 0-9 _ -');
const range = z
  .strictObject({ from: z.int().positive(), to: z.int().min(0) })
  .refine(({ from, to }) => from > to, 'from must be before to');

const sqlModel = z.strictObject({
  refId: z.string().min(1),
  datasource: z.strictObject({ type: z.literal(clickhouseType), uid }),
  editorType: z.literal('sql'),
  rawSql: z.string().min(1),
  format: z.literal(1, 'must be 1, a table'),
  queryType: z.literal('table'),
  pluginVersion: z.string().min(1),
  intervalMs: z.int().min(10_000),
  maxDataPoints: z.int().positive(),
});
const evaluator = z.strictObject({
  type: z.enum(['gt', 'lt', 'gte', 'lte']),
  params: z.array(z.number()).length(1),
});
const thresholdModel = z.strictObject({
  refId: z.string().min(1),
  type: z.literal('threshold'),
  expression: z.string().min(1),
  datasource: z.strictObject({ type: z.literal('__expr__'), uid: z.literal('__expr__') }),
  conditions: z.array(z.strictObject({ evaluator, unloadEvaluator: evaluator.optional() })).length(1),
  intervalMs: z.int().min(10_000),
  maxDataPoints: z.int().positive(),
});
const rule = z.strictObject({
  uid,
  title: z.string().min(1).max(190),
  condition: z.string().min(1),
  data: z
    .array(
      z.strictObject({
        refId: z.string().min(1),
        datasourceUid: z.string().min(1),
        relativeTimeRange: range,
        model: z.union([sqlModel, thresholdModel]),
      }),
    )
    .min(2),
  dashboardUid: uid,
  panelId: z.int().positive(),
  noDataState: z.enum(['NoData', 'Alerting', 'OK', 'KeepLast']),
  execErrState: z.enum(['Alerting', 'Error', 'OK', 'KeepLast']),
  for: duration,
  annotations: z.record(z.string(), z.string().min(1)),
  labels: z.record(z.string().regex(/^[a-z_]+$/), z.string().min(1)),
  isPaused: z.literal(false),
});
const group = z.strictObject({
  orgId: z.int().positive(),
  name: z.string().min(1),
  folder: z.string().min(1),
  interval: duration,
  rules: z.array(rule).min(1),
});
const route = z.strictObject({
  receiver: z.string().min(1),
  object_matchers: z.array(z.tuple([z.string().min(1), z.enum(['=', '!=', '=~', '!~']), z.string()])).min(1),
  group_by: z.array(z.string()).optional(),
  group_wait: duration.optional(),
  group_interval: duration.optional(),
  repeat_interval: duration.optional(),
  mute_time_intervals: z.array(z.string()).optional(),
  continue: z.boolean().optional(),
});
/**
 * Everything that the alerting files may contain. Other keys are refused here, because Grafana drops an unknown key
 * silently.
 */
const file = z.strictObject({
  apiVersion: z.literal(1),
  groups: z.array(group).optional(),
  deleteRules: z.array(z.strictObject({ orgId: z.int(), uid })).optional(),
  contactPoints: z
    .array(
      z.strictObject({
        orgId: z.int().positive(),
        name: z.string().min(1),
        receivers: z
          .array(
            z.strictObject({
              uid,
              type: z.literal('webhook'),
              settings: z.strictObject({
                url: z.string().min(1),
                httpMethod: z.enum(['POST', 'PUT']),
                title: z.string().min(1),
                message: z.string().min(1),
              }),
              disableResolveMessage: z.boolean(),
            }),
          )
          .min(1),
      }),
    )
    .optional(),
  policies: z
    .array(
      z.strictObject({
        orgId: z.int().positive(),
        receiver: z.string().min(1),
        group_by: z.array(z.string()).min(1),
        group_wait: duration,
        group_interval: duration,
        repeat_interval: duration,
        routes: z.array(route).optional(),
      }),
    )
    .optional(),
  templates: z
    .array(
      z.strictObject({ orgId: z.int().positive(), name: z.string().min(1), template: z.string().min(1) }),
    )
    .optional(),
});

/** Ids of the panels of each dashboard, by the dashboard's uid. */
export type PanelIds = ReadonlyMap<string, ReadonlySet<number>>;

/**
 * All errors in the alerting files together, one line each. Grafana does not start with some of these errors and
 * silently accepts the others, so both kinds are checked here.
 */
export function checkAlerting(contents: readonly unknown[], panels: PanelIds): string[] {
  const problems: string[] = [];
  const files = contents.flatMap((content) => {
    const parsed = file.safeParse(content);
    if (parsed.success) return [parsed.data];
    problems.push(
      ...parsed.error.issues.map((issue) => `${issue.path.join('.') || 'file'}: ${issueText(issue)}`),
    );
    return [];
  });
  const groups = files.flatMap((one) => one.groups ?? []);
  const rules = groups.flatMap((one) => one.rules);
  const receivers = new Set(files.flatMap((one) => one.contactPoints ?? []).map(({ name }) => name));
  problems.push(...repeated(rules.map((one) => one.uid)).map((name) => `rule uid ${name} is used twice`));
  problems.push(
    ...repeated(groups.map(({ folder, name }) => `${folder}/${name}`)).map(
      (name) => `two groups are called ${name}`,
    ),
    // A title must be unique in its folder, over all groups.
    ...repeated(groups.flatMap(({ folder, rules }) => rules.map(({ title }) => `${folder}/${title}`))).map(
      (title) => `two rules are called ${title}`,
    ),
    ...checkReceivers(files),
  );
  for (const one of groups) {
    if (seconds(one.interval) % 10 !== 0 || seconds(one.interval) === 0) {
      problems.push(`group ${one.name}: interval ${one.interval} is not a multiple of 10s`);
    }
  }
  for (const one of rules) {
    problems.push(...checkRule(one, panels).map((problem) => `rule ${one.uid}: ${problem}`));
  }
  for (const policy of files.flatMap((one) => one.policies ?? [])) {
    if (policy.group_by.includes('...'))
      problems.push("the policy groups by '...': one notification per alert");
    for (const { receiver } of [policy, ...(policy.routes ?? [])]) {
      if (!receivers.has(receiver))
        problems.push(`the policy names receiver ${receiver}, which no contact point has`);
    }
    for (const { mute_time_intervals } of policy.routes ?? []) {
      for (const name of mute_time_intervals ?? [])
        problems.push(`the policy names mute time ${name}, which is not defined`);
    }
  }
  return problems;
}

/** Checks contact points and the templates that they use. */
function checkReceivers(files: readonly z.infer<typeof file>[]): string[] {
  const points = files.flatMap((one) => one.contactPoints ?? []);
  const templates = files.flatMap((one) => one.templates ?? []);
  const receivers = points.flatMap((point) => point.receivers);
  const defined = new Set(templates.flatMap(({ template }) => namesIn(template, 'define')));
  const problems = [
    ...repeated(points.map(({ name }) => name)).map((name) => `two contact points are called ${name}`),
    ...repeated(receivers.map(({ uid }) => uid)).map((uid) => `receiver uid ${uid} is used twice`),
    ...repeated(templates.map(({ name }) => name)).map((name) => `two templates are called ${name}`),
  ];
  for (const { name, template } of templates) {
    if (namesIn(template, 'define').length === 0) problems.push(`template ${name} defines nothing`);
    problems.push(...unbalanced(template).map((problem) => `template ${name}: ${problem}`));
  }
  for (const { uid, settings } of receivers) {
    for (const [key, text] of Object.entries(settings)) {
      for (const name of namesIn(text, 'template')) {
        if (!defined.has(name))
          problems.push(`receiver ${uid}: ${key} uses template ${name}, which is not defined`);
      }
      // In these settings $ starts an environment variable; a variable of a template must be written with $$.
      if (/\{\{[^}]*(?<!\$)\$(?!\$)/.test(text.replaceAll('$$', '')))
        problems.push(`receiver ${uid}: ${key} holds a bare $ in a template: write $$`);
    }
  }
  return problems;
}

function namesIn(text: string, word: 'define' | 'template'): string[] {
  return [...text.matchAll(new RegExp(`\\{\\{-?\\s*${word} "([^"]+)"`, 'g'))].map((match) => match[1] ?? '');
}

/**
 * Errors that Go's templates report only at the first notification: braces that do not close, an `if` without its
 * `end`.
 */
function unbalanced(text: string): string[] {
  const problems: string[] = [];
  if (text.split('{{').length !== text.split('}}').length) problems.push('has unequal braces');
  const opened = text.match(/\{\{-?\s*(if|range|with|define|block)\b/g) ?? [];
  const closed = text.match(/\{\{-?\s*end\s*-?\}\}/g) ?? [];
  if (opened.length !== closed.length) problems.push(`has ${opened.length} blocks and ${closed.length} ends`);
  return problems;
}

function checkRule(one: z.infer<typeof rule>, panels: PanelIds): string[] {
  const problems: string[] = [];
  const refIds = one.data.map(({ refId }) => refId);
  problems.push(...repeated(refIds).map((refId) => `query ${refId} occurs twice`));
  if (!refIds.includes(one.condition)) problems.push(`condition ${one.condition} names no query`);
  for (const { refId, datasourceUid, model } of one.data) {
    if (model.refId !== refId) problems.push(`query ${refId} calls itself ${model.refId}`);
    // Grafana accepts an unknown uid, and the rule then fails at every evaluation.
    if (![alerting.dataSourceUid, '__expr__'].includes(datasourceUid))
      problems.push(`query ${refId} asks data source ${datasourceUid}, which is not provisioned`);
    if (model.datasource.uid !== datasourceUid) problems.push(`query ${refId} names two data sources`);
    if ('expression' in model) {
      if (!refIds.includes(model.expression))
        problems.push(`threshold ${refId} reads ${model.expression}, which is not a query`);
    } else problems.push(...checkRuleSql(model.rawSql).map((problem) => `query ${refId}: ${problem}`));
  }
  if (!panels.get(one.dashboardUid)?.has(one.panelId)) {
    problems.push(`dashboard ${one.dashboardUid} has no panel ${one.panelId}`);
  }
  if (one.annotations['__dashboardUid__'] !== one.dashboardUid)
    problems.push('__dashboardUid__ is not its dashboard');
  if (one.annotations['__panelId__'] !== String(one.panelId)) problems.push('__panelId__ is not its panel');
  for (const name of ['summary', 'verdict', 'remedy', 'runbook_url']) {
    if (one.annotations[name] === undefined) problems.push(`annotation ${name} is missing`);
  }
  for (const [name, text] of Object.entries(one.annotations)) {
    problems.push(...unbalanced(text).map((problem) => `annotation ${name} ${problem}`));
    for (const [, refId = ''] of text.matchAll(/\$values\.(\w+)/g)) {
      if (!refIds.includes(refId))
        problems.push(`annotation ${name} reads $values.${refId}, which is not a query`);
    }
    for (const [, label = ''] of text.matchAll(/\$labels\.(\w+)/g)) {
      if (
        !one.data.some(({ model }) => 'rawSql' in model && new RegExp(`\\bAS ${label}\\b`).test(model.rawSql))
      )
        problems.push(`annotation ${name} reads $labels.${label}, which is not a column`);
    }
  }
  for (const name of ['severity', 'kind', 'team']) {
    if (one.labels[name] === undefined) problems.push(`label ${name} is missing; alerts are routed by it`);
  }
  // With other values, Grafana would send its own alert about the missing answer, with the labels of the rule and empty
  // texts. Such an alert would look like an incident.
  for (const state of [one.noDataState, one.execErrState] as const) {
    if (one.annotations['incident_url'] !== undefined && state !== 'KeepLast')
      problems.push(
        `is about incidents and ${state} when the store does not answer: only KeepLast says nothing`,
      );
  }
  // In labels and titles a single $ starts an environment variable, which is replaced by nothing if it is not set.
  for (const [name, value] of [...Object.entries(one.labels), ['title', one.title] as const]) {
    if (/(?<!\$)\$(?!\$)/.test(value.replaceAll('$$', '')))
      problems.push(`label ${name} holds a bare $: write $$`);
  }
  return problems;
}

function checkRuleSql(sql: string): string[] {
  const allowed = new Set(['__timeFilter', '__fromTime', '__toTime', '__interval_s', '__timeInterval']);
  const problems = [...sql.matchAll(/\$\{?(\w+)/g)]
    .map((match) => match[1] ?? '')
    .filter((name) => !allowed.has(name))
    .map((name) => `$${name} is not expanded in an alert rule`);
  if (!/\$__(timeFilter|fromTime|toTime)\b/.test(sql)) problems.push('is not bound to the time range');
  if (/(?<!\bSELECT id )\bFROM incidents(?! FINAL)\b/.test(sql))
    problems.push('reads incidents without FINAL: every version is a row');
  return problems;
}

function issueText(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `unknown key ${issue.keys.join(', ')}`;
  return issue.message;
}

function repeated(names: readonly string[]): string[] {
  return names.filter((name, index) => names.indexOf(name) !== index);
}

const unitSeconds: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3_600,
  d: 86_400,
  w: 604_800,
  y: 31_536_000,
};

function seconds(text: string): number {
  return [...text.matchAll(/(\d+)(ms|[smhdwy])/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (unitSeconds[unit ?? ''] ?? 0),
    0,
  );
}
