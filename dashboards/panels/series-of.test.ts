import { expect, test } from 'vitest';
import { isRequestClass } from '../../domain/error-class.ts';
import { parseCondition } from '../../domain/condition.ts';
import { planFilters } from '../../store/queries/trends-plan.ts';
import { dashboards } from './list.ts';

const charts = dashboards
  .filter(({ about }) => about === undefined)
  .flatMap(({ rows }) => rows.flatMap(({ panels }) => panels))
  .filter(({ kind }) => kind === 'bars' || kind === 'timeseries');

test.each(
  charts.filter(({ seriesOf }) => seriesOf !== undefined).map((panel) => [panel.slug, panel] as const),
)('the series of %s are values of a dimension that can be asked for', (_, { seriesOf, sql }) => {
  const { dimension = '', where = [], values = {}, none } = seriesOf ?? {};
  const conditions = [`${dimension}=x`, ...where].map((text) => parseCondition(text));
  expect(planFilters(conditions.filter((one) => one !== null))).toHaveLength(1 + where.length);
  for (const name of dimension === 'class' ? Object.values(values).flat() : [])
    expect(isRequestClass(name)).toBe(true);
  // Without `none`, a click on the series of requests without a value would make Explore search for a value with the
  // name of the series.
  expect(/if\((\w+) = '', '([^']+)', \1\) AS series/.exec(sql)?.slice(1)).toEqual(
    none === undefined ? undefined : [dimension, none],
  );
});

test('every chart whose series come from a column of the counts names the dimension', () => {
  const silent = charts.filter(({ sql, seriesOf }) => seriesOf === undefined && / AS series/.test(sql));
  expect(silent.map(({ slug }) => slug)).toEqual(['worker-batches']);
});
