import { describe, expect, test } from 'vitest';
import { givenOf } from '../../tests/fixtures/given.ts';
import { countRow, START, type Stream, traffic } from '../../tests/fixtures/traffic.ts';
import { failingRun } from '../runs.ts';
import type { MeasuredRow } from '../reads.ts';
import { burnRate } from './burn-rate.ts';
import { crossing, forecastOf } from './crossing.ts';
import { headerLimits, headroom } from './headroom.ts';
import { hasGrown, ramp } from './ramp.ts';

const at = (minute: number): number => START + minute * 60;
const HOUR = 3_600;
const settings = { enabled: true, count: 5, window_seconds: 60, clear_seconds: 300 };
const ok = (per_minute: number, from = 0, to = 60): Stream => ({ from, to, per_minute });
const failed = (per_minute: number, from: number, to: number, more: Partial<Stream> = {}): Stream => ({
  from,
  to,
  per_minute,
  class: 'server_error' as const,
  ...more,
});
const errors = { classes: ['server_error' as const], measure: 'requests' as const };

describe('burn rate', () => {
  const rule = burnRate({
    matching: errors,
    budget: () => 0.01,
    paces: () => [
      { name: 'fast', windows: [60, 300], factor: 14 },
      { name: 'leak', windows: [1_800, 6 * HOUR, 72 * HOUR], factor: 2 },
    ],
  });
  const reads = { fine: 900, minutes: 6 * HOUR, hours: 72 * HOUR };
  test.each<[string, Stream[], number, string, string | null]>([
    ['nothing fails', [ok(60)], 60, 'healthy', null],
    ['no requests', [ok(60)], 90, 'no_data', null],
    ['everything has failed for a minute', [ok(60, 0, 59), failed(60, 59, 60)], 60, 'breach', 'fast'],
    [
      'everything failed until a minute ago',
      [ok(60, 0, 56), failed(60, 56, 59), ok(60, 59)],
      60,
      'healthy',
      null,
    ],
    [
      'a tenth fails: no longer the fast pace, but half of it',
      [ok(60), failed(7, 50, 60)],
      60,
      'lingering',
      'fast',
    ],
    ['four failures of four are too few to begin', [failed(4, 59, 60)], 60, 'lingering', 'fast'],
    ['five failures of five are enough', [failed(5, 59, 60)], 60, 'breach', 'fast'],
    [
      'six failures, two of them retries, are too few',
      [failed(4, 59, 60), failed(2, 59, 60, { retries: 1 })],
      60,
      'lingering',
      'fast',
    ],
    ['one failure in an hour of a quiet caller', [ok(0.2), failed(1, 59, 60)], 60, 'healthy', null],
    ['3 % of 1,000 a second within the factor', [ok(60_000), failed(1_800, 0, 60)], 60, 'healthy', null],
    ['3 % for two days leak', [ok(60, 0, 2_880), failed(2, 0, 2_880)], 2_880, 'breach', 'leak'],
    [
      '3 % for an hour after two good days do not',
      [ok(60, 0, 2_880), failed(2, 2_820, 2_880)],
      2_880,
      'healthy',
      null,
    ],
    ['3 % for an hour are no leak without a longer history', [ok(60), failed(2, 0, 60)], 60, 'healthy', null],
    [
      'a leak is over half an hour after it ended',
      [ok(60, 0, 2_880), failed(2, 0, 2_845)],
      2_880,
      'healthy',
      null,
    ],
  ])('%s', (_name, streams, minute, level, pace) => {
    const judged = rule.level(givenOf(traffic(streams), at(minute), settings, reads));
    expect([judged.level, judged.pace?.name ?? null]).toEqual([level, pace]);
  });
  test('a small model that fails is a part, and begins with its first failure', () => {
    const streams = [ok(600), failed(10, 55, 60, { model: 'small' })];
    const given = givenOf(traffic(streams), at(60), settings, reads);
    const judged = rule.level(given);
    expect(judged.part?.name).toBe('model\nsmall');
    expect(rule.start(given, judged)).toBe(at(55));
  });
  test('two failures after an outage are no second one, although the long window is full of the first', () => {
    const slow = burnRate({
      matching: errors,
      budget: () => 0.01,
      paces: () => [{ name: 'slow', windows: [300, 3_600], factor: 3 }],
    });
    const level = (after: number): string => {
      const streams = [ok(10, 0, 15), failed(10, 15, 30), ok(10, 30), failed(after, 30, 60)];
      return slow.level(givenOf(traffic(streams), at(60), settings, reads)).level;
    };
    expect([0, 0.2, 0.4, 2].map(level)).toEqual(['healthy', 'healthy', 'lingering', 'breach']);
  });
  test('stray failures before and after do not belong to an outage', () => {
    const stray = failed(1, 0, 60);
    const rows = traffic([ok(60, 0, 50), failed(60, 50, 57), ok(60, 57), stray]);
    const early = givenOf(rows, at(51), settings, reads);
    const judged = rule.level(early);
    expect(rule.start(early, judged)).toBe(at(50));
    expect(rule.last?.(givenOf(rows, at(59), settings, reads), judged, at(50))).toBe(at(57) - 10);
  });
});

describe('burn rate of one window, that has to last', () => {
  const rule = burnRate({
    matching: errors,
    budget: () => 0.01,
    paces: () => [{ name: 'fast', windows: [60], factor: 10, lasts: 20 }],
  });
  const second = (n: number): number => 59 + n / 60;
  const levelOf = (streams: Stream[], now: number): string =>
    rule.level(givenOf(traffic(streams), START + now * 60, settings)).level;
  const down = (from: number, to: number, share: number, rate = 300): Stream[] => [
    ok(rate, 0, from),
    ok(rate * (1 - share), from, to),
    failed(rate * share, from, to),
    ok(rate, to, 61),
  ];
  test.each<[string, Stream[], number, string]>([
    ['all fails since ten seconds: it may be a blip', down(second(0), 61, 1), second(10), 'lingering'],
    ['all fails since twenty', down(second(0), 61, 1), second(20), 'breach'],
    ['a quarter fails since half a minute', down(second(0), 61, 0.25), second(30), 'breach'],
    [
      'all failed for twenty seconds, and it is over',
      down(second(0), second(20), 1),
      second(30),
      'lingering',
    ],
    ['a tenth failed for twenty seconds', down(second(0), second(20), 0.1), second(20), 'healthy'],
    ['a few ask: good answers by chance are no end', down(second(0), 61, 0.6, 30), second(40), 'breach'],
  ])('%s', (_name, streams, now, expected) => {
    expect(levelOf(streams, now)).toBe(expected);
  });

  test('answers that repeat a failed request make it neither surer nor less sure', () => {
    const few = [ok(6, 0, 59), failed(6, 59, 61)];
    const retries = failed(12, 59, 61, { retries: 2 });
    expect(levelOf(few, 60)).toBe('breach');
    expect(levelOf([...few, retries], 60)).toBe('breach');
  });
});

describe('what people were told of', () => {
  const rule = burnRate({
    matching: errors,
    budget: () => 0.01,
    paces: () => [{ name: 'fast', windows: [60, 300], factor: 10 }],
  });
  const levelOf = (streams: Stream[], state: 'firing' | 'pending' = 'firing'): string =>
    rule.level({
      ...givenOf(traffic(streams), at(120), settings, { fine: 7_200 }),
      known: { state, scope: { provider: 'openai' }, started_at: at(20) },
      previous: { requests: 1_000, matching: 24 },
    }).level;
  const leak = failed(0.5, 20, 120);
  test.each<[string, string, string]>([
    ['goes on below all thresholds, while it fails as before', levelOf([ok(20, 0, 120), leak]), 'lingering'],
    ['is over when it keeps the budget', levelOf([ok(20, 0, 120), { ...leak, to: 70 }]), 'healthy'],
    [
      'is not over for a minute without a failure',
      levelOf([ok(20, 0, 120), { ...leak, to: 118 }]),
      'lingering',
    ],
    ['says nothing of what nobody was told of', levelOf([ok(20, 0, 120), leak], 'pending'), 'healthy'],
  ])('%s', (_name, level, expected) => {
    expect(level).toBe(expected);
  });
});

describe('the stretch that fails', () => {
  const intervals = (...counts: [requests: number, matching: number][]) =>
    counts.map(([requests, matching], i) => ({ ts: i * 10, requests, matching }));
  test.each<[string, ReturnType<typeof intervals>, ReturnType<typeof failingRun>]>([
    ['nothing fails', intervals([50, 0], [50, 0]), null],
    [
      'a stray long before is no part of it',
      intervals([50, 1], [50, 0], [50, 0], [50, 30]),
      { from: 30, to: 40, is_over: false },
    ],
    [
      'good answers after it end it',
      intervals([50, 0], [50, 30], [50, 30], [50, 0]),
      { from: 10, to: 30, is_over: true },
    ],
    [
      'two good answers do not',
      intervals([5, 0], [5, 3], [5, 3], [2, 0]),
      { from: 10, to: 30, is_over: false },
    ],
    [
      'a lull in between does not cut it',
      intervals([50, 30], [2, 0], [50, 30]),
      { from: 0, to: 30, is_over: false },
    ],
  ])('%s', (_name, given, expected) => {
    expect(failingRun(given)).toEqual(expected);
  });
});

describe('ramp', () => {
  const own = { ...settings, window_seconds: 300 };
  const rule = ramp({ amount: 'requests', ago: () => 900, growth: () => 0.5, floor: () => 10 });
  test.each<[string, Stream[], string]>([
    ['an even rate', [ok(60)], 'healthy'],
    ['twice the rate', [ok(60, 0, 55), ok(120, 55)], 'breach'],
    ['growth of 45 % lingers', [ok(600, 0, 55), ok(870, 55)], 'lingering'],
    ['growth of 10 %', [ok(600, 0, 55), ok(660, 55)], 'healthy'],
    ['twice a very low rate stays below the floor', [ok(2, 0, 55), ok(4, 55)], 'healthy'],
    ['traffic that begins after a time that is known to be empty', [ok(0.05), ok(60, 55)], 'breach'],
    ['counts that begin with the window', [ok(60, 55)], 'healthy'],
    ['silence', [ok(60, 0, 50)], 'no_data'],
  ])('%s', (_name, streams, level) => {
    expect(rule.level(givenOf(traffic(streams), at(60), own)).level).toBe(level);
  });
  test.each([
    ['6 after 3 is chance', { requests: 6, input_tokens: 0 }, { requests: 3, input_tokens: 0 }, false],
    ['60 after 20 is not', { requests: 60, input_tokens: 0 }, { requests: 20, input_tokens: 0 }, true],
  ])('%s', (_name, present, before, expected) => {
    expect(hasGrown('requests', present, before)).toBe(expected);
  });
  test('three large requests are no ramp of tokens, many are', () => {
    const before = { requests: 10, input_tokens: 10_000 };
    expect(hasGrown('input_tokens', { requests: 10, input_tokens: 25_000 }, before)).toBe(false);
    const many = { requests: 500, input_tokens: 500_000 };
    expect(hasGrown('input_tokens', { requests: 500, input_tokens: 800_000 }, many)).toBe(true);
  });
  test('begins where the rate rose', () => {
    const given = givenOf(traffic([ok(60, 0, 52), ok(120, 52)]), at(60), own);
    const start = rule.start(given, rule.level(given));
    expect(Math.abs(start - at(52))).toBeLessThanOrEqual(300);
  });
});

describe('headroom', () => {
  const rule = headroom({ limits: headerLimits, share: () => 0.1, reset: () => 60 });
  const more = {
    more: ['remaining_requests', 'limit_requests', 'remaining_tokens', 'limit_tokens'] as const,
  };
  /** Rows that report how much of a limit of 100 remains: one number for every ten seconds up to minute 60. */
  const remaining = (...left: number[]): MeasuredRow[] =>
    left.map((remaining, i) => ({
      ...countRow({ ts: at(60) - (left.length - i) * 10, requests: 3 }),
      remaining_requests: remaining,
      limit_requests: 100,
    }));
  test.each<[string, MeasuredRow[], string]>([
    ['answers without headers', [countRow({ ts: at(59) })], 'no_data'],
    ['much is left', remaining(90, 80, 90, 85), 'healthy'],
    ['little is left once', remaining(90, 8, 90, 90), 'lingering'],
    ['little is left twice', remaining(90, 8, 90, 9), 'breach'],
    ['it falls to zero before the limit is full again', remaining(90, 60, 30), 'breach'],
    ['it falls fast, but much is left', remaining(100, 90, 80), 'healthy'],
    ['it falls slowly', remaining(47, 46, 45), 'healthy'],
    ['two intervals make no slope', remaining(80, 40), 'healthy'],
  ])('%s', (_name, rows, level) => {
    expect(rule.level(givenOf(rows, at(60), settings, more)).level).toBe(level);
  });
  test('reports which limit, how much is left and for how long', () => {
    const judged = rule.level(givenOf(remaining(90, 60, 30), at(60), settings, more));
    expect(judged).toMatchObject({ limit: { name: 'requests' }, left: 0.3, allowed: 100 });
    expect(judged.seconds_to_zero).toBeCloseTo(10);
  });
});

describe('crossing', () => {
  const rule = crossing({
    amount: (view) => view.values('spend_usd').reduce((sum, { value }) => sum + value, 0),
    limit: () => 1_000,
    period: () => ({ from: START, to: START + 720 * HOUR }),
    learn: () => 168 * HOUR,
  });
  const spend = (perHour: (hour: number) => number, hours: number): MeasuredRow[] =>
    Array.from({ length: hours }, (_, i) =>
      countRow({ ts: START + i * HOUR, requests: 10, cost_usd: perHour(i) }),
    );
  const judge = (rows: MeasuredRow[], hours: number) =>
    rule.level(givenOf(rows, START + hours * HOUR, settings, { hours: 744 * HOUR, more: ['spend_usd'] }));
  test.each<[string, (hour: number) => number, number, string]>([
    ['a pace that lasts the month', () => 1, 100, 'healthy'],
    ['a pace of twice that', () => 2.8, 100, 'breach'],
    ['a pace just below, with hours that differ', (i) => (i % 2 === 0 ? 0.2 : 2.45), 100, 'lingering'],
    ['five hours are too few', () => 50, 5, 'healthy'],
    ['a limit that is reached', () => 20, 100, 'breach'],
  ])('%s', (_name, perHour, hours, level) => {
    expect(judge(spend(perHour, hours), hours).level).toBe(level);
  });
  test('an even pace gives one date, an uneven one an interval around it', () => {
    const even = forecastOf(
      Array.from({ length: 48 }, () => 10),
      500,
      1_000,
      0,
    );
    for (const time of [even?.at, even?.earliest, even?.latest]) expect(time).toBeCloseTo(50 * HOUR);
    const uneven = forecastOf(
      Array.from({ length: 48 }, (_, i) => (i % 2) * 20),
      500,
      1_000,
      0,
    );
    expect(uneven?.at).toBeCloseTo(50 * HOUR);
    expect(uneven?.earliest).toBeLessThan(50 * HOUR);
    expect(uneven?.latest).toBeGreaterThan(50 * HOUR);
  });
  test('without spending the limit is never reached', () => {
    expect(forecastOf([0, 0, 0, 0, 0, 0], 5, 10, 0)).toMatchObject({ at: null, earliest: null });
  });
});
