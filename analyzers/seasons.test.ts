import { expect, test } from 'vitest';
import type { SeasonRow } from '../store/queries/season.ts';
import { play } from '../tests/fixtures/play.ts';
import { START, type Stream, traffic } from '../tests/fixtures/traffic.ts';
import { errorSurge } from './kinds/error-surge.ts';
import { type Season, seasonOf, usualShares } from './seasons.ts';

const HOUR = 3_600;
const job = { provider: 'openai', org: 'org-acme', project: 'etl', client: 'nightly', model: 'gpt-5' };
const key = Object.values(job).join('\n');
/** A row with requests and matching answers for each week, newest first. */
const weeks = (...counts: [number, number][]): SeasonRow => ({
  ...job,
  requests: counts.map(([requests]) => requests),
  matching: counts.map(([, matching]) => matching),
});

test.each<[string, SeasonRow, number, number]>([
  ['a job that fails every week', weeks([600, 180], [600, 200], [600, 190], [600, 170]), 0.3, 0.4],
  ['three weeks are enough', weeks([600, 180], [600, 200], [600, 190]), 0.3, 0.4],
  ['two weeks are still learning', weeks([600, 180], [600, 200]), 0, 0],
  ['one incident of the past is not usual', weeks([600, 3], [600, 500], [600, 3], [600, 3]), 0.004, 0.02],
  ['a week with hardly any requests does not count', weeks([600, 180], [600, 200], [4, 4]), 0, 0],
  ['without any failure nothing is usual', weeks([60, 0], [60, 0], [60, 0]), 0, 0],
  ['with one failure in one week nothing is usual', weeks([60, 1], [60, 0], [60, 0], [60, 0]), 0, 0],
  ['a share is never above 1', weeks([20, 20], [20, 20], [20, 20]), 1, 1],
])('%s', (_name, row, from, to) => {
  const share = usualShares([row]).get(key) ?? 0;
  expect(share).toBeGreaterThanOrEqual(from);
  expect(share).toBeLessThanOrEqual(to);
});

test('a span needs each hour that it touches, and those within ten minutes', () => {
  const season = seasonOf(new Map([[START, new Map([[key, 0.3]])]]));
  const at = (from: number): number => season(job, { from: START + from, to: START + from + 60 });
  expect([-700, -650, 0, 3_590, 4_190, 4_210].map(at)).toEqual([0, 0.3, 0.3, 0.3, 0.3, 0]);
  expect(season({ ...job, client: 'web' }, { from: START, to: START + 60 })).toBe(0);
});

const web: Stream = { from: 0, to: 120, per_minute: 60, project: 'shop', client: 'web', model: 'gpt-5' };
const nightly: Stream = { ...web, ...job, api_key: 'sk-1', region: 'eu', from: 60, to: 100, per_minute: 20 };
const refused = (perMinute: number): Stream => ({
  ...nightly,
  per_minute: perMinute,
  class: 'bad_request',
});
/** The known share of the job: in every week three in ten of its requests fail in this hour. */
const every: Season = seasonOf(
  new Map(
    [[START + HOUR, usualShares([weeks([800, 240], [800, 240], [800, 240])])]].map(([hour, shares]) => [
      hour as number,
      shares as Map<string, number>,
    ]),
  ),
);

test.each<[string, Stream[], Season | undefined, number]>([
  ['a job that fails as in every week is no incident', [refused(8)], every, 0],
  ['the same failures without such a job are an incident', [refused(8)], undefined, 1],
  ['a job that fails more than in any week is an incident', [refused(40)], every, 1],
  ['another client that fails at that time is an incident', [{ ...refused(20), client: 'web' }], every, 1],
  [
    'a job that ends nine minutes late is no incident',
    [
      { ...refused(8), from: 95, to: 129 },
      { ...nightly, from: 95, to: 129 },
    ],
    every,
    0,
  ],
])('%s', (_name, streams, season, count) => {
  const rows = traffic([{ ...web, to: 180 }, nightly, ...streams]);
  const { incidents } = play(rows, {
    detectors: [errorSurge],
    until: START + 180 * 60,
    ...(season === undefined ? {} : { season }),
  });
  expect(incidents.map(({ scope }) => scope)).toHaveLength(count);
});
