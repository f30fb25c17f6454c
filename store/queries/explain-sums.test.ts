import { describe, expect, it } from 'vitest';
import { planExplainSums } from './explain-sums.ts';

const now = Date.UTC(2026, 2, 10, 12) / 1_000;
const DAY = 86_400;
const ask = (age: number, more: Partial<Parameters<typeof planExplainSums>[0]> = {}) =>
  planExplainSums({
    by: null,
    where: [],
    classes: [],
    window: { from: now - age, to: now - age + 603 },
    against: { from: now - age - 3_600, to: now - age },
    now,
    ...more,
  });

describe('the table for an explanation', () => {
  it('is the finest that still holds both spans, with the dimensions it has', () => {
    expect(ask(3_600)).toMatchObject({
      table: 'request_counts',
      window: { from: now - 3_600, to: now - 2_990 },
    });
    expect(ask(3_600).by).toEqual([
      'provider',
      'org',
      'project',
      'client',
      'model',
      'endpoint',
      'region',
      'api_key',
    ]);
    expect(ask(30 * DAY).table).toBe('request_counts_1m');
    expect(ask(30 * DAY).by).not.toContain('endpoint');
    expect(ask(200 * DAY)).toMatchObject({
      table: 'request_counts_1h',
      by: ['provider', 'org', 'project', 'client', 'model'],
    });
    expect(ask(200 * DAY, { now: null }).table).toBe('request_counts');
  });

  it('counts an interval that is in both spans only in the window', () => {
    const { window, against } = ask(30 * DAY + 30);
    expect(against.to).toBe(window.from);
  });

  it.each([
    [{ by: ['endpoint'] }, 30 * DAY, 'counts by endpoint are kept for 7 days'],
    [{ by: ['class'] }, 60, '"class" does not say where a request went; use some of provider,'],
    [
      { where: [{ dimension: 'status', negate: false, values: ['429'] }] },
      60,
      'a filter by status would leave out',
    ],
    [{ where: [{ dimension: 'colour', negate: false, values: ['red'] }] }, 60, '"colour" is not a dimension'],
  ])('refuses %o', (more, age, message) => expect(() => ask(age, more)).toThrow(message));

  it('accepts key as the name of the fingerprint', () => {
    expect(ask(60, { by: ['key', 'model'] }).by).toEqual(['model', 'api_key']);
  });
});
