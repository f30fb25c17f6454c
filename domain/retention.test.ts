import { describe, expect, test } from 'vitest';
import { defaultRetention, longest, parseRetention, toRetention } from './retention.ts';

describe('a retention', () => {
  test.each([
    ['7d', 7],
    ['2w', 14],
    ['3y', 1_095],
    ['18250d', 18_250],
    ['never', null],
  ])('%s is %s days', (text, days) => {
    expect(parseRetention(text)).toBe(days);
  });

  test.each(['0', '0d', '', '7', '-1d', '1.5d', '24h', '51y', '18251d', 'for ever', '7d '])(
    '%j is refused',
    (text) => {
      expect(parseRetention(text)).toBeUndefined();
    },
  );

  test('of every table has a default', () => {
    expect(toRetention(defaultRetention)).toEqual({
      request_counts: 7,
      request_counts_1m: 90,
      request_counts_1h: 1_095,
      error_events: 30,
      dead_letters: 30,
      incidents: 365,
      notifications: 90,
      ingest_batches: 90,
    });
  });

  test('for ever is longer than any other', () => {
    expect([longest([1, 1_095, 30]), longest([1, null, 30])]).toEqual([1_095, null]);
  });
});
