import { describe, expect, test } from 'vitest';
import { settingsSchema } from '../../domain/settings.ts';
import { play } from '../../tests/fixtures/play.ts';
import { START, type Stream, traffic } from '../../tests/fixtures/traffic.ts';
import { quotaForecast } from './quota-forecast.ts';

const HOUR = 60;
/** START is 10:00, so the day ends after 14 hours. */
const hour = (n: number): number => (START + n * 3_600) * 1000;
/** A stream of one project that spends two dollars a minute. */
const shop: Stream = {
  from: 0,
  to: 14 * HOUR,
  per_minute: 6,
  project: 'shop',
  client: 'web',
  model: 'gpt-5',
  cost_usd: 1 / 3,
};

function forecasts(streams: readonly Stream[], budgets: readonly object[]) {
  const settings = settingsSchema.parse({ analyzers: { quota_forecast: { budgets } } }).analyzers;
  return play(traffic(streams), { settings, detectors: [quotaForecast] }).incidents;
}

describe('a project that spends 120 dollars an hour of a budget of 1,200 a day', () => {
  const [forecast, ...more] = forecasts([shop], [{ project: 'shop', amount_usd: 1_200, period: 'day' }]);

  test('is one incident as soon as six hours are known', () => {
    expect(more).toEqual([]);
    expect(Date.parse(forecast?.detected_at ?? '')).toBeGreaterThanOrEqual(hour(6));
    expect(Date.parse(forecast?.detected_at ?? '')).toBeLessThanOrEqual(hour(6) + 300_000);
    expect(forecast).toMatchObject({ verdict: { party: 'account' }, severity: 'critical' });
  });

  test('says when the money is gone, and who spends it', () => {
    const spentAt = Date.parse(String(forecast?.evidence['spent_at']));
    expect(Math.abs(spentAt - hour(10))).toBeLessThan(15 * 60_000);
    expect(forecast?.evidence).toMatchObject({ budget_usd: 1_200, period: 'day', usd_per_hour: 120 });
    expect(forecast?.evidence['top_spenders']).toEqual([expect.stringMatching(/^web \$/)]);
  });
});

test.each([
  ['will be spent', 9 * HOUR, /will be spent at 20\d\d-.+ UTC/, /the rest lasts until 20\d\d-/],
  ['has been spent', 12 * HOUR, /has been spent since 20\d\d-.+ UTC/, /are spent, so nothing is left/],
])('says whether a budget %s', (_name, to, summary, why) => {
  const [forecast] = forecasts([{ ...shop, to }], [{ project: 'shop', amount_usd: 1_200, period: 'day' }]);
  expect(forecast?.summary).toMatch(summary);
  expect(forecast?.verdict.why).toMatch(why);
});

test.each([
  ['without a budget', []],
  ['if the budget lasts', [{ amount_usd: 2_000, period: 'day' }]],
  ['if the budget belongs to another organization', [{ org: 'org-b', amount_usd: 10, period: 'day' }]],
  ['if the budget belongs to another project', [{ project: 'docs', amount_usd: 10, period: 'day' }]],
])('no incident %s', (_name, budgets) => {
  expect(forecasts([shop], budgets)).toEqual([]);
});

test('the budget that is spent first is reported', () => {
  const [forecast] = forecasts(
    [shop],
    [
      { amount_usd: 1_600, period: 'day' },
      { project: 'shop', amount_usd: 1_100, period: 'day' },
    ],
  );
  expect(forecast?.evidence['budget_usd']).toBe(1_100);
});

test('a budget of a month is not spent by one day of it', () => {
  expect(forecasts([shop], [{ amount_usd: 200_000, period: 'month' }])).toEqual([]);
});
