import { describe, expect, it } from 'vitest';
import type { TrendResult } from '../../store/queries/trends.ts';
import { planTrends } from '../../store/queries/trends-plan.ts';
import { trendsCsv } from '../../dashboards/console/v1/trends.ts';
import { trendsAsJson, trendsAsTable } from '../format/trends.ts';
import { parseBy, parseWhere } from '../options/where.ts';

describe('the flags of trends', () => {
  it('name dimensions, or none', () => {
    expect(parseBy(undefined)).toEqual(['class']);
    expect(parseBy(' class, model ')).toEqual(['class', 'model']);
    expect(parseBy('none')).toEqual([]);
    expect(() => parseBy(' , ')).toThrow('--by is empty');
  });

  it('join filters of the same dimension that are both = or both !=', () => {
    expect(
      parseWhere({ where: ['class=slow_down', 'model = a,b', 'class=rate_limit', 'client!=x', 'org='] }),
    ).toEqual([
      { dimension: 'class', negate: false, values: ['slow_down', 'rate_limit'] },
      { dimension: 'model', negate: false, values: ['a', 'b'] },
      { dimension: 'client', negate: true, values: ['x'] },
      { dimension: 'org', negate: false, values: [''] },
    ]);
  });

  it.each([
    ['class', '--where is "class": must be dimension=value'],
    ['=x', '--where is "=x": must be dimension=value'],
    ['class=slowdown', '--where names class "slowdown"; did you mean slow_down?'],
    ['class=slow_down,xyz', '--where names class "xyz"'],
  ])('refuse --where %s', (text, message) => expect(() => parseWhere({ where: [text] })).toThrow(message));
});

const noon = Date.UTC(2026, 2, 10, 12) / 1_000;
const plan = planTrends({
  by: ['class', 'model'],
  since: noon,
  until: noon + 120,
  now: noon + 120,
  step: 60,
  where: [],
});
const result: TrendResult = {
  left_off: 0,
  series: [
    {
      group: { class: 'slow_down', model: 'gpt-5,"x"' },
      requests: 2_000,
      errors: 100,
      share: 0.05,
      previous_errors: 50,
      change: 1,
      points: [
        { ts: noon, requests: 1_000, errors: 100 },
        { ts: noon + 60, requests: 1_000, errors: 0 },
      ],
    },
  ],
};

describe('trends are shown', () => {
  it('as a table with share, change, trend and meaning', () => {
    expect(trendsAsTable(plan, result, { width: 100, color: false })).toEqual([
      '2026-03-10 12:00 to 2026-03-10 12:02 UTC in steps of 1m, change against the 2m before',
      '',
      'class      model      requests  errors  share  change  trend  meaning',
      'slow_down  gpt-5,"x"     2,000     100  5.0 %  +100 %  █▁     Slow Down',
    ]);
  });

  it('as JSON with ISO times', () => {
    const [first]: unknown[] = JSON.parse(trendsAsJson(result));
    expect(first).toEqual({
      ...result.series[0],
      title: 'Slow Down',
      points: [
        { ts: '2026-03-10T12:00:00.000Z', requests: 1_000, errors: 100 },
        { ts: '2026-03-10T12:01:00.000Z', requests: 1_000, errors: 0 },
      ],
    });
  });

  it('as CSV with a row per group and step', () => {
    expect(trendsCsv(plan, result)).toBe(
      'ts,class,model,requests,errors\r\n' +
        '2026-03-10T12:00:00.000Z,slow_down,"gpt-5,""x""",1000,100\r\n' +
        '2026-03-10T12:01:00.000Z,slow_down,"gpt-5,""x""",1000,0\r\n',
    );
  });
});
