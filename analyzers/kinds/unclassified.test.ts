import { expect, test } from 'vitest';
import { play } from '../../tests/fixtures/play.ts';
import { START, type Stream, traffic } from '../../tests/fixtures/traffic.ts';
import { unclassified } from './unclassified.ts';

const minute = (n: number): string => new Date((START + n * 60) * 1000).toISOString();
const detectors = [unclassified];
const web: Stream = { from: 0, to: 120, per_minute: 60, project: 'shop', client: 'web', model: 'gpt-5' };
const bot: Stream = { ...web, client: 'bot', model: 'gpt-4.1', per_minute: 30 };

test('failures that no rule recognises are one incident of the client that has them', () => {
  const { incidents } = play(
    traffic([web, bot, { ...bot, from: 60, to: 80, per_minute: 12, class: 'other' }]),
    { detectors },
  );
  expect(incidents).toMatchObject([
    {
      scope: { client: 'bot' },
      started_at: minute(60),
      resolved_at: minute(80),
      verdict: { party: 'unknown' },
      evidence: { unknown_failures: 240, affected_clients: ['bot'] },
    },
  ]);
});

test.each([
  [
    'one in two thousand',
    [
      { ...web, per_minute: 6_000 },
      { ...web, per_minute: 3, class: 'other' as const },
    ],
  ],
  ['a share that is usual', [web, { ...web, per_minute: 6, class: 'other' as const }]],
  ['four in the window', [web, { ...bot, from: 60, to: 61, per_minute: 4, class: 'other' as const }]],
  ['nine of a single moment', [web, { ...bot, from: 60, to: 60.3, per_minute: 27, class: 'other' as const }]],
])('%s: no incident', (_name, streams) => {
  expect(play(traffic(streams), { detectors }).incidents).toEqual([]);
});
