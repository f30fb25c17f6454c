import { array, assert, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { completeUntil, expand, forGrafana, type PanelQuestion } from './expand.ts';
import { filterVariables } from './panel.ts';

const question: PanelQuestion = { from: 1_000, to: 2_000, step: 60, filters: {} };

describe('expand', () => {
  test.each([
    ['$__timeFilter(ts)', "ts >= toDateTime(1000, 'UTC') AND ts <= toDateTime(2000, 'UTC')"],
    ['$__timeFilter( last_ts )', "last_ts >= toDateTime(1000, 'UTC') AND last_ts <= toDateTime(2000, 'UTC')"],
    ['$__timeInterval(ts)', "toStartOfInterval(toDateTime(ts, 'UTC'), INTERVAL 60 second)"],
    ['$__buckets(ts)', "ts >= toDateTime(960, 'UTC') AND ts < toDateTime(1980, 'UTC')"],
    ['60 / $__interval_s', '60 / 60'],
    ['$__fromTime', "toDateTime(1000, 'UTC')"],
    ['$__toTime', "toDateTime(2000, 'UTC')"],
    ['WHERE $__filters', 'WHERE 1 = 1'],
    ['WHERE $__scopeFilters', 'WHERE 1 = 1'],
  ])('%s becomes %s', (sql, expanded) => {
    expect(expand(sql, question)).toEqual({ sql: expanded, params: {} });
  });

  test('chosen values become parameters, an empty choice means all', () => {
    const filters = { provider: ['openai', 'azure'], org: [], model: ['gpt-5'] };
    expect(expand('$__filters', { ...question, filters })).toEqual({
      sql: 'provider IN ({filter_provider:Array(String)}) AND model IN ({filter_model:Array(String)})',
      params: { filter_provider: ['openai', 'azure'], filter_model: ['gpt-5'] },
    });
  });

  test('a panel that filters by some variables ignores the chosen values of the others', () => {
    const filters = { provider: ['openai'], model: ['gpt-5'] };
    expect(expand('$__filtersOf(provider, org)', { ...question, filters }).sql).toBe(
      'provider IN ({filter_provider:Array(String)})',
    );
    expect(expand('$__filtersOf()', { ...question, filters }).sql).toBe('1 = 1');
  });

  test('the incident of the page is a parameter', () => {
    expect(expand('id = $__incident', { ...question, incident: "x' OR 1" })).toEqual({
      sql: 'id = {incident:String}',
      params: { incident: "x' OR 1" },
    });
  });

  test('intervals reach only as far as the counts are complete', () => {
    expect(expand('$__buckets(ts)', { ...question, complete: 1_900 }).sql).toBe(
      "ts >= toDateTime(960, 'UTC') AND ts < toDateTime(1860, 'UTC')",
    );
  });

  test('for incidents, an empty column matches every choice', () => {
    expect(expand('$__scopeFilters', { ...question, filters: { org: ['acme'] } }).sql).toBe(
      "(org = '' OR org IN ({filter_org:Array(String)}))",
    );
  });

  test('fractions of seconds are cut off, and a step is at least one second', () => {
    const sql = '$__fromTime $__toTime $__interval_s';
    expect(expand(sql, { ...question, from: 1.9, to: 2.9, step: 0.2 }).sql).toBe(
      "toDateTime(1, 'UTC') toDateTime(2, 'UTC') 1",
    );
  });

  test.each(['$__timeFilter_ms(ts)', '$provider', '${provider:singlequote}', '$__conditionalAll(1, $x)'])(
    '%s is refused by name',
    (sql) => {
      expect(() => expand(sql, question)).toThrow(/a panel's SQL holds \$/);
    },
  );

  test('the SQL does not depend on the values of filters', () => {
    const usual = expand('$__filters AND $__scopeFilters', { ...question, filters: { project: ['x'] } }).sql;
    assert(
      property(array(string({ unit: 'binary' }), { minLength: 1 }), (values) => {
        const { sql, params } = expand('$__filters AND $__scopeFilters', {
          ...question,
          filters: { project: values },
        });
        expect(sql).toBe(usual);
        expect(params).toEqual({ filter_project: values });
      }),
    );
  });
});

describe('completeUntil', () => {
  test.each([
    ['the newest minute may still grow', 10_000, 9_960, 9_960],
    ['a range in the past is complete', 5_000, 9_960, 5_000],
    ['after a long time without counts, intervals are taken for complete', 10_000, 5_000, 9_100],
    ['a range before the counts stopped is complete', 8_000, 5_000, 8_000],
  ])('%s', (_name, to, newest, until) => {
    expect(completeUntil(to, newest, 10_000)).toBe(until);
  });
});

describe('forGrafana', () => {
  test('the store leaves out incomplete intervals, because it knows its newest minute', () => {
    const sql = forGrafana('WHERE $__buckets(ts)');
    expect(sql).toContain(
      "ts >= toStartOfInterval(toDateTime($__fromTime, 'UTC'), INTERVAL $__interval_s second)",
    );
    expect(sql).toContain('(SELECT max(ts) FROM request_counts_1m)');
  });

  test('the incident of the page is the value of the variable `id`, as text', () => {
    expect(forGrafana('id = $__incident')).toBe('id = ${id:singlequote}');
  });

  test('each filter is left out while All is chosen', () => {
    expect(forGrafana('WHERE $__timeFilter(ts) AND $__filters')).toBe(
      `WHERE $__timeFilter(ts) AND ${filterVariables
        .map((name) => `$__conditionalAll(${name} IN (\${${name}:singlequote}), $${name})`)
        .join(' AND ')}`,
    );
  });

  test('scope filters keep rows that concern all', () => {
    expect(forGrafana('$__scopeFilters')).toContain(
      "$__conditionalAll((org = '' OR org IN (${org:singlequote})), $org)",
    );
  });
});
