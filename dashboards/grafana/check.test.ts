import { describe, expect, test } from 'vitest';
import { type BuiltFile, buildFiles } from './build.ts';
import { panelId } from '../panel.ts';
import { checkFiles, compareFiles } from './check.ts';

/**
 * Replaces one value in the correct files and returns what `checkFiles` finds. `keys` is the path of the value;
 * `undefined` removes it.
 */
function broken(path: string, keys: readonly (string | number)[], value: unknown): string[] {
  const files = structuredClone(buildFiles());
  const file = files.find((one) => one.path === path);
  if (file === undefined) throw new Error(`no file ${path}`);
  let at: unknown = file.content;
  for (const key of keys.slice(0, -1)) at = (at as Record<string | number, unknown>)[key];
  const last = keys.at(-1) ?? '';
  if (value === undefined) delete (at as Record<string | number, unknown>)[last];
  else (at as Record<string | number, unknown>)[last] = value;
  return checkFiles(files);
}

const rule = (...keys: (string | number)[]) => ['groups', 0, 'rules', 0, ...keys];
const { groups: ruleFile } = (buildFiles().find(({ path }) => path === 'alerting/rules.json')?.content ?? {
  groups: [],
}) as { groups: { rules: { data: unknown[] }[] }[] };
/** Number of queries of the first rule. The last one is the threshold. */
const lastQuery = ruleFile[0]?.rules[0]?.data.length ?? 0;
const panelIndex = (files: readonly BuiltFile[], id: number) =>
  files
    .flatMap(({ content }) => (content['panels'] ?? []) as { id: number }[])
    .findIndex((panel) => panel.id === id);
const failures = panelId({ slug: 'errors-by-class' });
const neighbour = panelId({ slug: 'failures-by-fault' });
const series = panelIndex(buildFiles(), failures);
const inPanel = (...keys: (string | number)[]) => ['panels', series, ...keys];

describe('a dashboard file that Grafana would silently misread or leave out', () => {
  test.each<[string, readonly (string | number)[], unknown, string]>([
    ['a misspelt key', ['refesh'], '1m', 'unknown key refesh'],
    ['no title', ['title'], '', 'title'],
    ['a uid over 40', ['uid'], 'x'.repeat(41), 'uid'],
    ['editable', ['editable'], true, 'editable'],
    [
      'a panel without description',
      inPanel('description'),
      '',
      `panel ${failures} "Failures by class": has no description`,
    ],
    ['an unknown unit', inPanel('fieldConfig', 'defaults', 'unit'), 'percent', 'has unknown unit percent'],
    ['a fixed data source', inPanel('datasource', 'uid'), 'clickhouse', 'does not use ${datasource}'],
    ['no query', inPanel('targets'), [], 'asks nothing'],
    ['no link', inPanel('links'), [], 'leads nowhere'],
    ['a kind of panel that does not exist', inPanel('type'), 'timeserie', 'is of unknown type timeserie'],
    [
      'a setting that Grafana ignores',
      inPanel('fieldConfig', 'overrides', 0, 'properties', 0, 'id'),
      'custom.colour',
      'has unknown property custom.colour',
    ],
    [
      'a variable that the other page does not have',
      inPanel('links', 0, 'url'),
      '/d/faultline-incident?var-model=x',
      'sets variable model of dashboard faultline-incident, which has none',
    ],
    [
      'a link to no dashboard',
      inPanel('links', 0, 'url'),
      '/d/nowhere',
      'links to dashboard nowhere, which does not exist',
    ],
    [
      'an unknown variable',
      inPanel('targets', 0, 'rawSql'),
      'SELECT 1 WHERE $__timeFilter(ts) AND $modle ORDER BY time',
      'unknown variable or macro $modle',
    ],
    [
      'a macro of another plugin',
      inPanel('targets', 0, 'rawSql'),
      'SELECT $timeSeries, $__toTime ORDER BY time',
      'unknown variable or macro $timeSeries',
    ],
    [
      'no time filter',
      inPanel('targets', 0, 'rawSql'),
      'SELECT 1 ORDER BY time',
      'not bound to the time range',
    ],
    ['no order', inPanel('targets', 0, 'rawSql'), 'SELECT $__toTime AS time', 'must ORDER BY time'],
    [
      'incidents without FINAL',
      inPanel('targets', 0, 'rawSql'),
      'SELECT $__toTime FROM incidents ORDER BY time',
      'without FINAL',
    ],
    ['a text as width', inPanel('gridPos', 'w'), '12', 'gridPos.w'],
    ['panels that overlap', inPanel('gridPos', 'y'), 0, 'lie on each other'],
    ['a panel past the edge', inPanel('gridPos', 'x'), 20, `panel ${failures} passes column 24`],
    ['an id used twice', inPanel('id'), neighbour, `panel id ${neighbour} is used twice`],
    [
      'an invalid regular expression',
      inPanel('fieldConfig', 'overrides', 1, 'matcher', 'options'),
      'rate_limit',
      'is not a /regexp/',
    ],
    [
      'a variable that does not refresh',
      ['templating', 'list', 1, 'refresh'],
      1,
      'variable provider does not refresh',
    ],
    [
      'a variable missing',
      ['templating', 'list', 2],
      { type: 'datasource', name: 'x', label: 'x', query: 'y' },
      'variable org is missing',
    ],
    ['no annotations', ['annotations', 'list'], [], 'annotations.list'],
  ])('the check reports: %s', (_name, keys, value, problem) => {
    const problems = broken('dashboards/faultline-overview.json', keys, value);
    expect(problems.join('\n')).toContain(problem);
    expect(problems.join('\n')).toContain('dashboards/faultline-overview.json');
  });
});

describe('a table that reads wrongly', () => {
  const tableAt = panelIndex(buildFiles(), panelId({ slug: 'incidents' }));
  const overrides = ['panels', tableAt, 'fieldConfig', 'overrides'];
  test.each<[string, string, string]>([
    ['the text for no rows in every empty cell', 'noValue', 'shows the text for no rows in its empty cells'],
    ['texts that wrap in Grafana 11 only', 'custom.wrapText', 'wraps in some versions of Grafana only'],
    ['texts that wrap in Grafana 12 and later only', 'custom.cellOptions', 'wraps in some versions'],
  ])('the check reports: %s', (_name, property, problem) => {
    const content = (buildFiles()[0]?.content ?? { panels: [] }) as {
      panels: { fieldConfig: { overrides: { properties: { id: string }[] }[] } }[];
    };
    const list = content.panels[tableAt]?.fieldConfig.overrides;
    const without = list?.map((one) => ({
      ...one,
      properties: one.properties.filter(({ id }) => id !== property),
    }));
    expect(broken('dashboards/faultline-overview.json', overrides, without).join('\n')).toContain(problem);
  });

  test('two dashboards with the same title, of which Grafana shows only one', () => {
    const title = buildFiles()[1]?.content['title'];
    expect(broken('dashboards/faultline-overview.json', ['title'], title)).toEqual([
      'dashboards: two dashboards have one title',
    ]);
  });
});

describe('an alerting file that would stop Grafana, or that Grafana would silently misread', () => {
  test.each<[string, readonly (string | number)[], unknown, string]>([
    ['an unknown key in a rule', rule('keep_firing_for'), '0s', 'unknown key keep_firing_for'],
    // Grafana 11 silently drops this key, so the file would have another meaning for it.
    ['a key that Grafana 11 does not know', rule('keepFiringFor'), '5m', 'unknown key keepFiringFor'],
    [
      'a data source that does not exist',
      rule('data', 0, 'datasourceUid'),
      'clickhous',
      'which is not provisioned',
    ],
    ['a rule without a severity', rule('labels', 'severity'), undefined, 'label severity is missing'],
    [
      'a text about a number that no query returns',
      rule('annotations', 'number'),
      '{{ $values.Z.Value }}',
      '$values.Z, which is not a query',
    ],
    [
      'a text about a label that does not exist',
      rule('annotations', 'summary'),
      '{{ $labels.nobody }}',
      '$labels.nobody, which is not a column',
    ],
    [
      'a text whose braces do not close',
      rule('annotations', 'summary'),
      '{{ $labels.incident',
      'annotation summary has unequal braces',
    ],
    [
      'an if without end',
      rule('annotations', 'summary'),
      '{{ if $labels.incident }}x',
      'has 1 blocks and 0 ends',
    ],
    [
      'a store that is away, and an alert about it that reads like an incident',
      rule('execErrState'),
      'Error',
      'only KeepLast says nothing',
    ],
    ['no data that reads like an incident', rule('noDataState'), 'NoData', 'only KeepLast says nothing'],
    [
      'one title twice in a folder, in two groups',
      ['groups', 1, 'rules', 0, 'title'],
      'Quota exhausted',
      'two rules are called faultline/Quota exhausted',
    ],
    [
      'two groups with the same name',
      ['groups', 1, 'name'],
      'faultline-incidents',
      'two groups are called faultline/faultline-incidents',
    ],
    [
      'an unknown key in a query',
      rule('data', 0, 'model', 'rawSQL'),
      'x',
      'alerting: groups.0.rules.0.data.0.model',
    ],
    ['a rule without for', rule('for'), undefined, 'groups.0.rules.0.for'],
    ['a wrong duration', rule('for'), '5 min', 'is not a duration such as 30s'],
    [
      'an interval that is not a multiple of 10 s',
      ['groups', 0, 'interval'],
      '15s',
      'interval 15s is not a multiple of 10s',
    ],
    ['an empty folder', ['groups', 0, 'folder'], '', 'groups.0.folder'],
    ['an unknown state', rule('noDataState'), 'Ok', 'groups.0.rules.0.noDataState'],
    ['a uid over 40', rule('uid'), 'x'.repeat(41), 'is not a uid'],
    [
      'one uid twice',
      rule('uid'),
      'faultline-quota-exhausted',
      'rule uid faultline-quota-exhausted is used twice',
    ],
    ['one title twice', rule('title'), 'Quota exhausted', 'two rules are called faultline/Quota exhausted'],
    ['a condition that names no query', rule('condition'), 'B', 'condition B names no query'],
    [
      'a threshold on nothing',
      rule('data', lastQuery - 1, 'model', 'expression'),
      'B',
      'threshold C reads B, which is not a query',
    ],
    ['a query under another name', rule('data', 0, 'model', 'refId'), 'Z', 'query A calls itself Z'],
    [
      'a time range backwards',
      rule('data', 0, 'relativeTimeRange'),
      { from: 1, to: 60 },
      'from must be before to',
    ],
    ['no time range', rule('data', 0, 'relativeTimeRange'), undefined, 'relativeTimeRange'],
    [
      'a short interval',
      rule('data', 0, 'model', 'intervalMs'),
      1_000,
      'alerting: groups.0.rules.0.data.0.model',
    ],
    ['a time series', rule('data', 0, 'model', 'format'), 0, 'alerting: groups.0.rules.0.data.0.model'],
    [
      'a dashboard variable',
      rule('data', 0, 'model', 'rawSql'),
      'SELECT 1 WHERE $__timeFilter(ts) AND p = $provider',
      '$provider is not expanded in an alert rule',
    ],
    [
      'a macro of the frontend',
      rule('data', 0, 'model', 'rawSql'),
      'SELECT $__toTime, $__conditionalAll(1, 2)',
      '$__conditionalAll is not expanded',
    ],
    ['another data source', rule('data', 0, 'datasourceUid'), 'other', 'query A names two data sources'],
    ['a panel that does not exist', rule('panelId'), 999, 'dashboard faultline-overview has no panel 999'],
    ['a mark of another panel', rule('annotations', '__panelId__'), '21', '__panelId__ is not its panel'],
    ['no runbook', rule('annotations', 'runbook_url'), undefined, 'annotation runbook_url is missing'],
    ['a bare $ in a label', rule('labels', 'where'), '{{ $labels.provider }}', 'label where holds a bare $'],
    ['a bare $ in the title', rule('title'), 'Slow Down $labels', 'label title holds a bare $'],
  ])('the check reports: %s', (_name, keys, value, problem) => {
    expect(broken('alerting/rules.json', keys, value).join('\n')).toContain(problem);
  });

  test('$$ in a label is right', () => {
    expect(broken('alerting/rules.json', rule('labels', 'where'), '{{ $$labels.provider }}')).toEqual([]);
  });

  test.each<[string, string, readonly (string | number)[], unknown, string]>([
    ['a receiver that does not exist', 'policies', ['policies', 0, 'receiver'], 'nobody', 'receiver nobody'],
    ['a route to nobody', 'policies', ['policies', 0, 'routes', 0, 'receiver'], 'nobody', 'receiver nobody'],
    [
      'a mute time at the root',
      'policies',
      ['policies', 0, 'mute_time_intervals'],
      ['night'],
      'unknown key mute_time_intervals',
    ],
    [
      'a mute time that is not defined',
      'policies',
      ['policies', 0, 'routes', 0, 'mute_time_intervals'],
      ['night'],
      'mute time night, which is not defined',
    ],
    [
      'grouping by everything',
      'policies',
      ['policies', 0, 'group_by'],
      ['...'],
      'one notification per alert',
    ],
    [
      'a webhook without url',
      'contact-points',
      ['contactPoints', 0, 'receivers', 0, 'settings'],
      { httpMethod: 'POST' },
      'settings.url',
    ],
    [
      'a template that is not defined',
      'contact-points',
      ['contactPoints', 0, 'receivers', 0, 'settings', 'title'],
      '{{ template "faultlin.title" . }}',
      'title uses template faultlin.title, which is not defined',
    ],
    [
      'a variable of a template that Grafana would read as an environment variable',
      'contact-points',
      ['contactPoints', 0, 'receivers', 0, 'settings', 'message'],
      '{{ range $x := .Alerts }}{{ end }}',
      'message holds a bare $ in a template',
    ],
    [
      'a template without its end',
      'templates',
      ['templates', 0, 'template'],
      '{{ define "faultline.title" }}{{ define "faultline.message" }}{{ end }}',
      'template faultline: has 2 blocks and 1 ends',
    ],
    ['an unknown key of a template', 'templates', ['templates', 0, 'content'], 'x', 'unknown key content'],
    [
      'an unknown type of contact point',
      'contact-points',
      ['contactPoints', 0, 'receivers', 0, 'type'],
      'webhok',
      'receivers.0.type',
    ],
  ])('the check reports: %s', (_name, file, keys, value, problem) => {
    expect(broken(`alerting/${file}.json`, keys, value).join('\n')).toContain(problem);
  });
});

describe('compareFiles', () => {
  const built = [{ path: 'a.json', text: '{}\n' }];
  test.each([
    ['equal', new Map([['a.json', '{}\n']]), []],
    ['changed', new Map([['a.json', '{ }\n']]), ['a.json differs from what the code builds']],
    ['missing', new Map(), ['a.json is missing']],
    [
      'left over',
      new Map([
        ['a.json', '{}\n'],
        ['b.json', ''],
      ]),
      ['b.json is built by nothing'],
    ],
  ])('a file that is %s', (_name, committed, differences) => {
    expect(compareFiles(built, committed)).toEqual(differences);
  });
});
