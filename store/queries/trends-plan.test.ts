import { describe, expect, it } from 'vitest';
import { planTrends, stepStarts, type TrendRequest } from './trends-plan.ts';

const DAY = 86_400;
const now = Date.UTC(2026, 2, 10, 12, 34, 56) / 1_000;
const noon = Date.UTC(2026, 2, 10, 12) / 1_000;

const request = (part: Partial<TrendRequest>): TrendRequest => ({
  by: ['class'],
  since: noon - DAY,
  until: now,
  now,
  step: null,
  where: [],
  ...part,
});
const where = (dimension: string) => [{ dimension, values: ['x'], negate: false }];

describe('the plan of a trend', () => {
  it.each<[string, Partial<TrendRequest>, string, number]>([
    ['an hour that begins within a minute', { since: now - 3_600 }, 'request_counts', 60],
    ['an hour that begins on a minute', { since: noon }, 'request_counts_1m', 60],
    ['ten minutes', { since: now - 600 }, 'request_counts', 10],
    ['a day', {}, 'request_counts_1m', 1_800],
    ['a month by class', { since: noon - 30 * DAY }, 'request_counts_1h', 86_400],
    [
      'a month by key, which counts per hour lack',
      { by: ['api_key'], since: noon - 30 * DAY },
      'request_counts_1m',
      86_400,
    ],
    [
      'a day by endpoint, which only counts per ten seconds have',
      { by: ['endpoint'] },
      'request_counts',
      1_800,
    ],
    ['a day filtered by status', { where: where('status') }, 'request_counts', 1_800],
    ['a day in hours', { step: 3_600 }, 'request_counts_1h', 3_600],
    [
      'a day in hours that begins a minute late',
      { since: noon - DAY + 60, step: 3_600 },
      'request_counts_1h',
      3_600,
    ],
    [
      'hours that start between two hours',
      { since: noon - 3 * 3_600 + 1_200, step: 3_600 },
      'request_counts_1m',
      3_600,
    ],
    [
      'ten minutes of an old day',
      { since: noon - 20 * DAY, until: noon - 20 * DAY + 600 },
      'request_counts_1m',
      60,
    ],
    ['two years', { since: noon - 730 * DAY }, 'request_counts_1h', 1_123_200],
  ])('reads %s from the cheapest table that has it', (_name, part, table, step) => {
    expect(planTrends(request(part))).toMatchObject({ table, step });
  });

  it.each<[string, Partial<TrendRequest>, string]>([
    [
      'an unknown dimension',
      { by: ['classs'] },
      '"classs" is not a dimension; use one of provider, org, project',
    ],
    ['an unknown filter', { where: where('__proto__') }, '"__proto__" is not a dimension'],
    ['a step below the counting interval', { step: 5 }, 'a step of 5s is not possible'],
    ['a step between two intervals', { step: 15 }, 'a step of 15s is not possible'],
    [
      'too many steps',
      { since: noon - 6 * DAY, step: 10 },
      'a step of 10s gives over 10000 steps; use 1m or more',
    ],
    ['an empty range', { since: now, until: now }, 'the range is empty'],
    [
      'seconds of an old day',
      { since: noon - 20 * DAY, until: noon - 20 * DAY + 60, step: 10 },
      'use a later start, or a step of 1m',
    ],
    [
      'endpoints of an old day',
      { by: ['endpoint'], since: noon - 20 * DAY },
      'counts by endpoint are kept for 7 days',
    ],
    [
      'keys of an old year',
      { by: ['api_key', 'region'], since: noon - 200 * DAY },
      'counts by api_key, region are kept for 90 days',
    ],
    ['a time before all counts', { since: 0 }, 'counts are kept for 1095 days'],
  ])('refuses %s in one line that says what is possible', (_name, part, message) => {
    expect(() => planTrends(request(part))).toThrow(message);
  });

  it('accepts key as a name of api_key, and lists each dimension once', () => {
    expect(planTrends(request({ by: ['key', 'api_key', 'class'] }))).toMatchObject({
      by: ['api_key', 'class'],
      scopeBy: ['api_key'],
    });
  });

  it('compares with a window as long as the time that has passed, not as the whole range', () => {
    const plan = planTrends(request({ since: noon, until: noon + DAY, step: 60 }));
    expect(plan.from - (plan.previousFrom ?? 0)).toBe(35 * 60);
  });

  it('compares with nothing when the window before is no longer kept', () => {
    expect(planTrends(request({ by: ['endpoint'], since: noon - 6 * DAY })).previousFrom).toBeNull();
  });

  it('starts steps at multiples of their length, so that the first and last are cut by the range', () => {
    expect(stepStarts({ from: 130, to: 250, step: 60 })).toEqual([120, 180, 240]);
  });
});
