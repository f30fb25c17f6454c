import { z } from 'zod';
import { incidentVariable } from '../expand.ts';
import { filterVariables } from '../panel.ts';
import { knownGrafanaUnits } from './units.ts';

const query = z.looseObject({
  refId: z.string().min(1),
  rawSql: z.string().min(1),
  format: z.int().min(0).max(1),
});
const link = z.looseObject({ title: z.string().min(1), url: z.string() });
const panel = z.looseObject({
  id: z.int().positive(),
  type: z.string().min(1),
  title: z.string().min(1),
  gridPos: z.strictObject({
    x: z.int().min(0),
    y: z.int().min(0),
    w: z.int().positive(),
    h: z.int().positive(),
  }),
  description: z.string().optional(),
  datasource: z.strictObject({ type: z.string(), uid: z.string() }).optional(),
  targets: z.array(query).optional(),
  links: z.array(link).optional(),
  fieldConfig: z
    .looseObject({
      defaults: z.looseObject({ unit: z.string().optional() }),
      overrides: z.array(
        z.strictObject({
          matcher: z.strictObject({ id: z.enum(['byName', 'byRegexp']), options: z.string().min(1) }),
          properties: z.array(z.strictObject({ id: z.string().min(1), value: z.unknown() })).min(1),
        }),
      ),
    })
    .optional(),
});
const variable = z.looseObject({
  type: z.enum(['datasource', 'query']),
  name: z.string().min(1),
  label: z.string().min(1),
  refresh: z.int().optional(),
  query: z.union([z.string(), z.looseObject({ rawSql: z.string().min(1), refId: z.string().min(1) })]),
});
const annotation = z.looseObject({ name: z.string(), target: query });
const schema = z.looseObject({
  uid: z.string().regex(/^[A-Za-z0-9_-]{1,40}$/),
  title: z.string().min(1),
  editable: z.literal(false),
  schemaVersion: z.int().positive(),
  templating: z.looseObject({ list: z.array(variable) }),
  annotations: z.looseObject({ list: z.array(annotation).min(1) }),
  panels: z.array(panel).min(1),
});

/** Top-level keys of a classic dashboard; Grafana silently ignores any other. */
const topLevelKeys = new Set([
  'annotations',
  'description',
  'editable',
  'fiscalYearStartMonth',
  'graphTooltip',
  'links',
  'panels',
  'refresh',
  'schemaVersion',
  'tags',
  'templating',
  'time',
  'timezone',
  'title',
  'uid',
]);

/** Variables that Grafana itself provides in links. */
const builtInVariables = new Set(['__url_time_range', '__value', '__field']);
/** Macros of the data source that can be used in a panel. */
const macros = new Set([
  '__timeFilter',
  '__timeInterval',
  '__interval_s',
  '__fromTime',
  '__toTime',
  '__conditionalAll',
]);

/** Names of the variables of each dashboard, by the uid of the dashboard. */
export type VariableNames = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Kinds of panels and column settings that faultline uses. Grafana shows an unknown kind as an error and ignores an
 * unknown setting.
 */
const panelTypes = new Set(['row', 'timeseries', 'stat', 'table', 'heatmap']);
const properties = new Set([
  'color',
  'custom.cellOptions',
  'custom.filterable',
  'custom.minWidth',
  'custom.width',
  'custom.wrapText',
  'displayName',
  'links',
  'mappings',
  'noValue',
  'unit',
]);

/**
 * All errors in a dashboard file, one line each; empty when there are none. `others`: the variables of all dashboards.
 */
export function checkDashboard(content: unknown, others: VariableNames): string[] {
  const parsed = schema.safeParse(content);
  if (!parsed.success) {
    return parsed.error.issues.map((issue) => `${issue.path.join('.') || 'file'}: ${issue.message}`);
  }
  const dashboard = parsed.data;
  const problems = Object.keys(dashboard)
    .filter((key) => !topLevelKeys.has(key))
    .map((key) => `unknown key ${key}`);
  const names = dashboard.templating.list.map(({ name }) => name);
  problems.push(...repeated(names).map((name) => `variable ${name} is defined twice`));
  const known = new Set(names);
  // A page about one incident has no other filter.
  const filters = known.has(incidentVariable) ? [] : filterVariables;
  for (const name of ['datasource', ...filters]) {
    if (!known.has(name)) problems.push(`variable ${name} is missing`);
  }
  for (const one of dashboard.templating.list) {
    if (one.type === 'datasource' && (one.name !== 'datasource' || one.label !== 'Data source')) {
      problems.push(
        `variable ${one.name}: the data source is to be called datasource, with label Data source`,
      );
    }
    if (one.type === 'query' && one.refresh !== 2)
      problems.push(`variable ${one.name} does not refresh on time change`);
    if (typeof one.query !== 'string')
      problems.push(...checkSql(one.query.rawSql, known).map((p) => `variable ${one.name}: ${p}`));
  }
  for (const one of dashboard.annotations.list) {
    problems.push(
      ...checkSql(one.target.rawSql, known).map((problem) => `annotation ${one.name}: ${problem}`),
    );
  }
  problems.push(
    ...repeated(dashboard.panels.map(({ id }) => String(id))).map((id) => `panel id ${id} is used twice`),
  );
  problems.push(...overlaps(dashboard.panels));
  for (const one of dashboard.panels) {
    if (one.gridPos.x + one.gridPos.w > 24) problems.push(`panel ${one.id} passes column 24`);
    if (one.type === 'row') continue;
    problems.push(
      ...checkPanel(one, known, others).map((problem) => `panel ${one.id} "${one.title}": ${problem}`),
    );
  }
  return problems;
}

function checkPanel(one: z.infer<typeof panel>, known: ReadonlySet<string>, others: VariableNames): string[] {
  const problems: string[] = [];
  if ((one.description ?? '').length < 40) problems.push('has no description that says how to read it');
  if (one.datasource?.uid !== '${datasource}') problems.push('does not use ${datasource}');
  const unit = one.fieldConfig?.defaults.unit;
  if (unit === undefined || !knownGrafanaUnits.has(unit))
    problems.push(`has unknown unit ${unit ?? '(none)'}`);
  if ((one.targets ?? []).length === 0) problems.push('asks nothing');
  if ((one.links ?? []).length === 0) problems.push('leads nowhere: give it a runbook or a neighbour');
  for (const { rawSql, format } of one.targets ?? []) {
    problems.push(...checkSql(rawSql, known));
    if (format === 0 && !/\bORDER BY time\b/.test(rawSql)) problems.push('a time series must ORDER BY time');
  }
  const overrides = one.fieldConfig?.overrides ?? [];
  const addresses = [
    ...(one.links ?? []).map(({ url }) => url),
    ...overrides.flatMap(({ properties }) =>
      properties
        .filter(({ id }) => id === 'links')
        .flatMap(({ value }) =>
          z
            .array(link)
            .parse(value)
            .map(({ url }) => url),
        ),
    ),
  ];
  for (const url of addresses) {
    problems.push(...unknownVariables(url, known));
    const uid = /^\/d\/([^?]+)/.exec(url)?.[1];
    if (uid === undefined) continue;
    const there = others.get(uid);
    if (there === undefined) problems.push(`links to dashboard ${uid}, which does not exist`);
    for (const [, name = ''] of url.matchAll(/[?&]var-(\w+)=/g)) {
      if (there?.has(name) === false)
        problems.push(`sets variable ${name} of dashboard ${uid}, which has none`);
    }
  }
  if (!panelTypes.has(one.type)) problems.push(`is of unknown type ${one.type}`);
  for (const { id } of overrides.flatMap((override) => override.properties)) {
    if (!properties.has(id)) problems.push(`has unknown property ${id}`);
  }
  for (const { matcher, properties: set } of overrides) {
    const ids = set.map(({ id }) => id);
    // The panel's text for "no rows" would otherwise appear in every empty cell of the column.
    if (
      one.type === 'table' &&
      one.fieldConfig?.defaults['noValue'] !== undefined &&
      !ids.includes('noValue')
    )
      problems.push(`column ${matcher.options} shows the text for no rows in its empty cells`);
    // Grafana 11 reads the first of these settings, later versions the second.
    if (ids.includes('custom.cellOptions') !== ids.includes('custom.wrapText'))
      problems.push(`column ${matcher.options} wraps in some versions of Grafana only`);
  }
  for (const { matcher } of overrides) {
    if (matcher.id === 'byRegexp' && !/^\/.+\/$/.test(matcher.options))
      problems.push(`${matcher.options} is not a /regexp/`);
  }
  return problems;
}

/** Errors in a query of a dashboard: no time range, or unknown macros or variables. */
function checkSql(sql: string, known: ReadonlySet<string>): string[] {
  const problems = unknownVariables(sql, new Set([...known, ...macros]));
  if (!/\$__(timeFilter|fromTime|toTime)\b/.test(sql))
    problems.push('the query is not bound to the time range');
  if (/(?<!\bSELECT id )\bFROM incidents(?! FINAL)\b/.test(sql) && !/\bORDER BY version\b/.test(sql))
    problems.push('reads incidents without FINAL: every version is a row');
  if ((sql.match(/\(/g) ?? []).length !== (sql.match(/\)/g) ?? []).length)
    problems.push('the query has unequal brackets');
  return problems;
}

function unknownVariables(text: string, known: ReadonlySet<string>): string[] {
  return [...text.matchAll(/\$\{?(\w+)/g)]
    .map((match) => match[1] ?? '')
    .filter((name) => !known.has(name) && !builtInVariables.has(name))
    .map((name) => `unknown variable or macro $${name}`);
}

function repeated(names: readonly string[]): string[] {
  return names.filter((name, index) => names.indexOf(name) !== index);
}

function overlaps(panels: readonly z.infer<typeof panel>[]): string[] {
  return panels.flatMap((a, index) =>
    panels
      .slice(index + 1)
      .filter(
        ({ gridPos: b }) =>
          a.gridPos.x < b.x + b.w &&
          b.x < a.gridPos.x + a.gridPos.w &&
          a.gridPos.y < b.y + b.h &&
          b.y < a.gridPos.y + a.gridPos.h,
      )
      .map((b) => `panels ${a.id} and ${b.id} lie on each other`),
  );
}
