import { describe, expect, test } from 'vitest';
import type { MeasuredRow } from '../reads.ts';
import { play } from '../../tests/fixtures/play.ts';
import { seeded, START, type Stream, traffic } from '../../tests/fixtures/traffic.ts';
import { rateLimitSaturation } from './rate-limit-saturation.ts';

const minute = (n: number): string => new Date((START + n * 60) * 1000).toISOString();
const web: Stream = { from: 0, to: 90, per_minute: 60, project: 'shop', client: 'web', model: 'gpt-5' };
const batch: Stream = {
  ...web,
  client: 'batch',
  per_minute: (m) => (m >= 40 && m < 60 ? 90 : 30),
};
const detectors = [rateLimitSaturation];

/**
 * Adds rate-limit headers to the rows. `left` is the part of the limit (120 requests a minute) that remains at a minute
 * after the start.
 */
function withHeaders(rows: readonly MeasuredRow[], left: (minute: number) => number): MeasuredRow[] {
  return rows.map((row) => ({
    ...row,
    limit_requests: 120,
    remaining_requests: Math.round(120 * left((row.ts - START) / 60)),
  }));
}
/** The limit falls from full to nothing within four minutes, stays there for ten, and is full again. */
const drained = (m: number): number => (m < 40 ? 1 : m < 44 ? 1 - (m - 40) / 4 : m < 54 ? 0.02 : 1);

const random = seeded(7);
const byChance = (): number => 0.4 + 0.6 * random();

describe('a limit that is drained within four minutes', () => {
  const { incidents } = play(withHeaders(traffic([web, batch]), drained), { detectors });
  const [saturation] = incidents;

  test('is one incident of the organization and model', () => {
    expect(incidents).toHaveLength(1);
    expect(saturation?.scope).toEqual({ provider: 'openai', org: 'org-acme', model: 'gpt-5' });
  });

  test('is found before nothing is left, and ends when the limit is full again', () => {
    expect(Date.parse(saturation?.detected_at ?? '')).toBeLessThan(Date.parse(minute(44)));
    expect(saturation).toMatchObject({ state: 'resolved', verdict: { party: 'traffic' } });
    expect(Math.abs(Date.parse(saturation?.resolved_at ?? '') - Date.parse(minute(54)))).toBeLessThan(70_000);
  });

  test('names the limit, the safe pace and who drove it', () => {
    expect(saturation?.evidence).toMatchObject({
      limit: 'requests',
      limit_per_minute: 120,
      safe_per_minute: 108,
      drivers: [expect.stringMatching(/^batch: 3\d.* to 90/), expect.stringMatching(/^web/)],
    });
    expect(saturation?.verdict.why).toContain('batch');
  });
});

test.each([
  ['half of the limit is left', () => 0.5],
  ['what is left goes up and down', (m: number) => 0.75 + 0.2 * Math.sin(m)],
  ['what is left is anything from two fifths on, by chance', byChance],
  ['one answer alone shows nothing left', (m: number) => (m === 40 ? 0.02 : 0.9)],
  ['it falls slowly, by a tenth in an hour', (m: number) => 0.95 - m / 600],
])('no incident if %s', (_name, left) => {
  expect(play(withHeaders(traffic([web, batch]), left), { detectors }).incidents).toEqual([]);
});

test('answers without headers say nothing', () => {
  expect(play(traffic([web, batch]), { detectors }).incidents).toEqual([]);
});

test('a caller with six requests a minute is found as well', () => {
  const small = { ...web, per_minute: 6 };
  const { incidents } = play(
    withHeaders(traffic([small]), (m) => (m < 40 ? 0.9 : 0.05)),
    { detectors },
  );
  expect(incidents).toHaveLength(1);
});
