import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { errorClassNames, errorClasses } from '../../domain/error-class.ts';
import { factsOf, incidentKindNames } from '../../domain/incident-kind.ts';
import { columnWidth, LEAST_TEXT, panelId } from '../panel.ts';
import { dashboards } from '../panels/list.ts';
import { type FileRule, ruleGroups } from './alerting.ts';
import { buildFiles, fileText } from './build.ts';
import { checkFiles, compareFiles } from './check.ts';
import { finish } from './finish.ts';
import { apiGroup } from './push.ts';

interface JsonPanel {
  id: number;
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  links?: { title: string; url: string }[];
  targets?: { rawSql: string; format: number }[];
  fieldConfig: {
    defaults: { unit: string; displayName?: string };
    overrides: { matcher: { id: string; options: string }; properties: { id: string; value: unknown }[] }[];
  };
}

const files = buildFiles();
const contentOf = (path: string) => {
  const file = files.find((one) => one.path === path);
  if (file === undefined) throw new Error(`no file ${path}`);
  return file.content;
};
const panelsOf = (uid: string) => contentOf(`dashboards/${uid}.json`)['panels'] as JsonPanel[];
const rules = (contentOf('alerting/rules.json') as { groups: { rules: FileRule[] }[] }).groups.flatMap(
  (group) => group.rules,
);

describe('the generated files', () => {
  test('pass every check', () => {
    expect(checkFiles(files)).toEqual([]);
  });

  test('are equal to the committed files', () => {
    const out = new URL('./out/', import.meta.url);
    const committed = ['alerting', 'dashboards'].flatMap((folder) =>
      readdirSync(new URL(`${folder}/`, out)).map(
        (name) => [`${folder}/${name}`, readFileSync(new URL(`${folder}/${name}`, out), 'utf8')] as const,
      ),
    );
    const built = files.map((file) => ({ path: file.path, text: fileText(file) }));
    expect(compareFiles(built, new Map(committed))).toEqual([]);
  });

  test('are the same bytes when they are built twice in one process', () => {
    expect(buildFiles().map(fileText)).toEqual(files.map(fileText));
  });

  test('hold only JSON in the alerting folder, because any other file stops Grafana', () => {
    const names = readdirSync(new URL('./out/alerting/', import.meta.url));
    expect(names.filter((name) => !name.endsWith('.json'))).toEqual([]);
  });

  test('hide no link or annotation in a menu', () => {
    expect(files.map(fileText).join('')).not.toContain('inControlsMenu');
  });
});

describe('a dashboard', () => {
  test('has every panel of the model under its id', () => {
    for (const dashboard of dashboards) {
      const expected = dashboard.rows.flatMap(({ panels }) =>
        panels.map((one) => `${panelId(one)} ${one.title}`),
      );
      const built = panelsOf(dashboard.uid).filter(({ type }) => type !== 'row');
      expect(built.map(({ id, title }) => `${id} ${title}`)).toEqual(expected);
    }
  });

  test('ids, slugs and dashboard uids are unique over all dashboards', () => {
    const panels = dashboards.flatMap(({ rows }) => rows.flatMap(({ panels }) => panels));
    expect(new Set(panels.map(panelId)).size).toBe(panels.length);
    expect(new Set(panels.map(({ slug }) => slug)).size).toBe(panels.length);
    expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(dashboards.length);
  });

  test('has only rows whose panels fill the whole width', () => {
    for (const { uid, rows } of dashboards) {
      for (const { title, panels } of rows) {
        expect(panels.reduce((sum, { width }) => sum + width, 0) % 24, `${uid}: ${title}`).toBe(0);
      }
    }
  });

  test('shows each class in a colour of its own', () => {
    const panel = panelsOf('faultline-overview').find(
      ({ id }) => id === panelId({ slug: 'errors-by-class' }),
    );
    for (const name of errorClassNames) {
      // Grafana may name the series by its label, by the number column and its label, or by its labels.
      for (const seriesName of [name, `value ${name}`, `A value ${name}`, `value {series="${name}"}`]) {
        const found = panel?.fieldConfig.overrides.filter(({ matcher }) =>
          new RegExp(matcher.options.slice(1, -1)).test(seriesName),
        );
        expect(found?.map(({ properties }) => properties)).toEqual([
          [{ id: 'color', value: { mode: 'fixed', fixedColor: errorClasses[name].color } }],
        ]);
      }
    }
    const colors = errorClassNames.map((name) => errorClasses[name].color);
    expect(new Set(colors).size).toBe(colors.length);
  });

  test('a click on a model keeps time and the other filters', () => {
    const panel = panelsOf('faultline-overview').find(
      ({ id }) => id === panelId({ slug: 'providers-and-models' }),
    );
    const override = panel?.fieldConfig.overrides.find(({ matcher }) => matcher.options === 'model');
    expect(override?.properties.find(({ id }) => id === 'links')?.value).toEqual([
      {
        title: 'Only this model',
        url: '/d/faultline-overview?${__url_time_range}&${datasource:queryparam}&${provider:queryparam}&${org:queryparam}&${project:queryparam}&var-model=${__value.raw}',
        targetBlank: false,
      },
    ]);
  });

  test('another address of the documentation is used everywhere', () => {
    const text = buildFiles('https://docs.example.org/faultline/').map(fileText).join('');
    expect(text).not.toContain('/public/faultline');
    expect(text).toContain('"https://docs.example.org/faultline/errors/slow_down.md"');
  });
});

describe('a table', () => {
  const tables = dashboards.flatMap(({ uid, rows }) =>
    rows.flatMap(({ panels }) =>
      panels
        .filter(({ kind }) => kind === 'table' || kind === 'incidents')
        .map((one) => [uid, one.slug, one] as const),
    ),
  );

  test.each(tables)('%s %s: an empty cell does not show the text for no rows', (uid, _slug, model) => {
    const built = panelsOf(uid).find(({ id }) => id === panelId(model));
    for (const { name } of model.columns ?? []) {
      const override = built?.fieldConfig.overrides.find(({ matcher }) => matcher.options === name);
      expect(override?.properties, name).toContainEqual({ id: 'noValue', value: '–' });
    }
  });

  // The page has 32 pixels around the columns, and the panel 24.
  test.each(
    tables.flatMap(([, slug, model]) => [1_280, 1_600, 2_560].map((page) => [slug, page, model] as const)),
  )('%s: no column is cut on a page of %i pixels', (_slug, page, model) => {
    const room = Math.floor(((page - 32) * model.width) / 24) - 24;
    const widths = (model.columns ?? []).map(columnWidth);
    const fixed = widths.reduce<number>((sum, width) => sum + (width ?? 0), 0);
    const texts = widths.filter((width) => width === null).length;
    expect(fixed + texts * (page < 1_600 ? 100 : LEAST_TEXT)).toBeLessThanOrEqual(room);
  });

  test.each(tables)('%s %s: long texts wrap in Grafana 11 and in later ones', (uid, _slug, model) => {
    const built = panelsOf(uid).find(({ id }) => id === panelId(model));
    for (const column of model.columns ?? []) {
      if (columnWidth(column) !== null && column.wraps !== true) continue;
      const override = built?.fieldConfig.overrides.find(({ matcher }) => matcher.options === column.name);
      expect(override?.properties, column.name).toContainEqual({ id: 'custom.wrapText', value: true });
      expect(override?.properties, column.name).toContainEqual({
        id: 'custom.cellOptions',
        value: { type: 'auto', wrapText: true },
      });
    }
  });
});

describe('a chart', () => {
  const charts = dashboards.flatMap(({ uid, rows }) =>
    rows.flatMap(({ panels }) =>
      panels
        .filter(({ kind }) => kind === 'timeseries' || kind === 'bars')
        .map((one) => [uid, one.slug, one] as const),
    ),
  );

  test.each(charts)(
    '%s %s: no series is left to the palette of Grafana, whose first colour is green',
    (uid, _slug, model) => {
      if (model.columns !== undefined) {
        for (const { name } of model.columns) expect(model.colors, name).toHaveProperty(name);
        return;
      }
      expect(model.colors ?? model.color).toBeDefined();
      if (model.colors !== undefined) return;
      const built = panelsOf(uid).find(({ id }) => id === panelId(model));
      expect(built?.fieldConfig.defaults).toHaveProperty(
        'color',
        model.color === 'by_name'
          ? { mode: 'palette-classic-by-name' }
          : { mode: 'shades', fixedColor: model.color },
      );
    },
  );

  test.each(charts)('%s %s: its first and last interval are complete', (_uid, slug, model) => {
    // These charts show batches at the time when they were stored, which is never later than now, so no interval is
    // left out.
    if (['batch-size', 'worker-batches'].includes(slug)) return;
    expect(model.sql).toContain('$__buckets(');
  });

  test('a rate is a number with its period, not "c/m"', () => {
    const text = files.map(fileText).join('');
    expect(text).not.toMatch(/"(cpm|cps)"/);
    for (const [uid, , model] of charts) {
      if (model.unit !== 'per_minute') continue;
      const built = panelsOf(uid).find(({ id }) => id === panelId(model));
      expect(built?.fieldConfig.defaults).toMatchObject({ custom: { axisLabel: 'per minute' } });
    }
  });
});

describe('the page of one incident', () => {
  test('is reached from every table of incidents, and its variable is the id', () => {
    for (const { uid, rows, about } of dashboards) {
      if (about !== undefined) continue;
      for (const model of rows.flatMap(({ panels }) => panels)) {
        if (model.kind !== 'incidents') continue;
        const built = panelsOf(uid).find(({ id }) => id === panelId(model));
        const override = built?.fieldConfig.overrides.find(({ matcher }) => matcher.options === 'id');
        expect(override?.properties.find(({ id }) => id === 'links')?.value, model.slug).toMatchObject([
          {
            url: expect.stringMatching(
              /^\/d\/faultline-incident\?\$\{__url_time_range\}&.*var-id=\$\{__value\.raw\}$/,
            ),
          },
        ]);
      }
    }
    const { list } = contentOf('dashboards/faultline-incident.json')['templating'] as {
      list: { name: string; multi?: boolean; includeAll?: boolean }[];
    };
    expect(list.map(({ name }) => name)).toEqual(['datasource', 'id']);
    expect(list[1]).toMatchObject({ multi: false, includeAll: false });
  });
});

describe('the alert rules', () => {
  test.each(rules.map((rule) => [rule.title, rule] as const))(
    '%s says what to do, where and why',
    (_title, rule) => {
      const columns = new Set(
        [...String(rule.data[0]?.model['rawSql']).matchAll(/ AS (\w+)/g)].map((match) => match[1]),
      );
      const text = Object.values(rule.annotations).join(' ');
      const used = [...text.matchAll(/\$labels\.(\w+)/g)].map((match) => match[1] ?? '');
      expect(
        used.filter((name) => !columns.has(name)),
        'labels that no column gives',
      ).toEqual([]);
      // The pipeline is faultline's own, so no class of errors has its remedy.
      const own = rule.labels['kind'] === 'pipeline';
      const remedy = factsOf(rule.labels['kind'] as 'pipeline').remedy;
      if (!own)
        expect(rule.annotations['remedy']).toContain(
          remedy ?? errorClasses[rule.labels['class'] as 'slow_down'].remedy[0],
        );
      const [, page] =
        /^\{\{ .*externalURL \}\}\/public\/faultline\/(.*)$/.exec(rule.annotations['runbook_url'] ?? '') ??
        [];
      const kind = rule.labels['kind'] as 'pipeline';
      expect(page).toBe(factsOf(kind).runbook);
      expect(existsSync(`docs/${page}`), `no page docs/${page}`).toBe(true);
    },
  );

  test('exist for all kinds of incident, each with its panel', () => {
    const ofIncidents = rules.filter(({ annotations }) => annotations['incident_url'] !== undefined);
    expect(ofIncidents.map(({ uid, panelId: id }) => [uid, id])).toEqual(
      incidentKindNames.map((kind) => [
        `faultline-${kind.replaceAll('_', '-')}`,
        panelId({ slug: factsOf(kind).panel }),
      ]),
    );
  });

  test('a ClickHouse that is down fires one rule with its own text and severity, and no other', () => {
    const loud = rules.filter((rule) => rule.execErrState !== 'KeepLast' || rule.noDataState !== 'KeepLast');
    expect(loud.map(({ uid }) => uid)).toEqual(['faultline-store-unreachable']);
    expect(loud[0]).toMatchObject({ execErrState: 'Alerting', noDataState: 'Alerting', for: '2m' });
    expect(loud[0]?.labels).toMatchObject({ severity: 'warning', kind: 'pipeline' });
    expect(loud[0]?.annotations['summary']).toMatch(/^ClickHouse has not answered Grafana[^{]*$/);
  });

  test('the surge names the rate to return to, and until when to hold it', () => {
    const surge = rules.find(({ uid }) => uid === 'faultline-slow-down-surge');
    expect(surge?.annotations['number']).toBe(
      '{{ if and $values.N1.Value $values.N2.Value }}Return to {{ humanize $values.N1.Value }} requests a minute (now {{ humanize $values.N2.Value }} with retries).{{ else if $values.N3.Value }}{{ humanize $values.N3.Value }} Slow Down answers in all.{{ end }}',
    );
    expect(surge?.annotations['hold_until']).toContain('humanizeTimestamp $values.H.Value');
  });

  test('mean the same in Grafana 11, 12 and 13, because all of them know every key', () => {
    for (const rule of rules) {
      expect(Object.keys(rule)).not.toContain('keepFiringFor');
      expect(Object.keys(rule)).not.toContain('missing_series_evals_to_resolve');
    }
  });

  test('are the same over the HTTP API, with the field names of the API', () => {
    const groups = ruleGroups.map((one) => apiGroup(one, '/public/faultline'));
    expect(groups.map(({ interval }) => interval)).toEqual([10, 60]);
    const sent = groups.flatMap((group) => group.rules);
    expect(sent.map((rule) => rule['uid'])).toEqual(rules.map(({ uid }) => uid));
    for (const rule of sent) {
      expect(rule).toMatchObject({ folderUID: 'faultline', orgID: 1 });
      expect(rule).not.toHaveProperty('panelId');
    }
  });
});

const panel = (over: object) => ({ id: 1, title: 'p', gridPos: { x: 0, y: 0, w: 12, h: 8 }, ...over });

describe('finish refuses errors that the SDK accepts', () => {
  test.each([
    ['a panel without an id', [panel({ id: undefined })], 'panel "p" has no id'],
    ['an id used twice', [panel({}), panel({})], 'panel "p" has id 1, which another panel has too'],
    [
      'an id used twice within a collapsed row',
      [panel({ panels: [panel({})] })],
      'which another panel has too',
    ],
    [
      'a panel past column 24',
      [panel({ gridPos: { x: 16, y: 0, w: 16, h: 8 } })],
      'panel "p" ends at column 32',
    ],
    ['a panel without a place', [panel({ gridPos: undefined })], 'panel "p" has no place'],
  ])('%s', (_name, panels, message) => {
    expect(() => finish({ panels })).toThrow(message);
  });
});
