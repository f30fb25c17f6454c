import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { errorClassNames, errorClasses } from '../../domain/error-class.ts';
import { factsOf, incidentKindNames } from '../../domain/incident-kind.ts';
import { panelId } from '../panel.ts';
import { dashboards } from '../panels/list.ts';
import { alertRules } from '../panels/alerts.ts';
import type { FileRule } from './alerting.ts';
import { buildFiles, fileText } from './build.ts';
import { checkFiles, compareFiles } from './check.ts';
import { finish } from './finish.ts';
import { ruleGroup } from './push.ts';

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
  test('pass every check of ours', () => {
    expect(checkFiles(files)).toEqual([]);
  });

  test('are the committed ones', () => {
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

  test('hold only JSON in the alerting folder, since any other file stops Grafana', () => {
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

  test('its rows begin on the left below each other and are full', () => {
    for (const { uid, rows } of dashboards) {
      for (const { title, panels } of rows) {
        expect(panels.reduce((sum, { width }) => sum + width, 0) % 24, `${uid}: ${title}`).toBe(0);
      }
    }
  });

  test('shows each class in its own colour and no two the same', () => {
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

  test('another address of the documentation is taken everywhere', () => {
    const text = buildFiles('https://docs.example.org/faultline/').map(fileText).join('');
    expect(text).not.toContain('/public/faultline');
    expect(text).toContain('"https://docs.example.org/faultline/errors/slow_down.md"');
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
      // The pipeline is faultline's own: no class of errors says what to do about it.
      const own = rule.labels['kind'] === 'pipeline';
      expect(rule.annotations['remedy']).toContain(
        own ? 'faultline incidents' : errorClasses[rule.labels['class'] as 'slow_down'].remedy[0],
      );
      const [, page] =
        /^\{\{ .*externalURL \}\}\/public\/faultline\/(.*)$/.exec(rule.annotations['runbook_url'] ?? '') ??
        [];
      const kind = rule.labels['kind'] as 'pipeline';
      expect(page).toBe(factsOf(kind).runbook ?? `errors/${rule.labels['class']}.md`);
      expect(existsSync(`docs/${(page ?? '').replace(/#.*/, '')}`), `no page docs/${page}`).toBe(true);
      if (own) expect(page).toBe('incidents.md#pipeline');
    },
  );

  test('stand for the kinds of incident, each beside its panel', () => {
    expect(rules.map(({ uid, panelId: id }) => [uid, id])).toEqual(
      incidentKindNames.map((kind) => [
        `faultline-${kind.replaceAll('_', '-')}`,
        panelId({ slug: factsOf(kind).panel }),
      ]),
    );
  });

  test('are the same over the HTTP API, under its names', () => {
    const group = ruleGroup(alertRules, '/public/faultline') as {
      interval: number;
      rules: Record<string, unknown>[];
    };
    expect(group.interval).toBe(10);
    expect(group.rules.map((rule) => rule['uid'])).toEqual(rules.map(({ uid }) => uid));
    for (const rule of group.rules) {
      expect(rule).toMatchObject({
        keep_firing_for: '0s',
        missingSeriesEvalsToResolve: 2,
        folderUID: 'faultline',
        orgID: 1,
      });
      expect(rule).not.toHaveProperty('keepFiringFor');
      expect(rule).not.toHaveProperty('panelId');
    }
  });
});

const panel = (over: object) => ({ id: 1, title: 'p', gridPos: { x: 0, y: 0, w: 12, h: 8 }, ...over });

describe('finish refuses what the SDK lets through', () => {
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
