import { expect, test } from 'vitest';
import { play } from '../../tests/fixtures/play.ts';
import { START, type Stream, traffic } from '../../tests/fixtures/traffic.ts';
import { errorSurge } from './error-surge.ts';

const minute = (n: number): string => new Date((START + n * 60) * 1000).toISOString();
const detectors = [errorSurge];
const web: Stream = { from: 0, to: 120, per_minute: 60, project: 'shop', client: 'web', model: 'gpt-5' };
const bot: Stream = { ...web, client: 'bot', model: 'gpt-4.1', per_minute: 30 };
const failing = (stream: Stream, cls: Stream['class'], perMinute: number): Stream => ({
  ...stream,
  from: 60,
  to: 80,
  per_minute: perMinute,
  ...(cls === undefined ? {} : { class: cls }),
});

test.each([
  ['bad_request', 'unknown', 12],
  ['not_found', 'unknown', 30],
  ['permission_denied', 'account', 30],
] as const)('%s of one client is one incident of it, with party %s', (cls, party, perMinute) => {
  const { incidents } = play(traffic([web, bot, failing(bot, cls, perMinute)]), { detectors });
  expect(incidents).toMatchObject([
    {
      started_at: minute(60),
      resolved_at: minute(80),
      verdict: { party },
      evidence: { class: cls, affected_clients: ['bot'], usual_share: expect.closeTo(0, 2) },
    },
  ]);
  expect(incidents[0]?.scope).toMatchObject({ client: 'bot', class: cls });
});

test.each([
  ['bad_request', 'the requests themselves are refused, so a retry fails again', 'no'],
  ['conflict', 'the requests collide with others, so a retry can succeed after a wait', 'after_wait'],
] as const)('the verdict about %s agrees with the remedy whether to retry', (cls, text, retry) => {
  const [incident] = play(traffic([web, bot, failing(bot, cls, 30)]), { detectors }).incidents;
  expect(incident?.verdict.why).toContain(text);
  expect(incident?.remedy.retry).toBe(retry);
});

test('stray failures afterwards and in other parts do not keep an incident open', () => {
  const stray: Stream = { ...web, per_minute: 2, class: 'bad_request' };
  const { incidents } = play(
    traffic([
      { ...web, per_minute: 600 },
      { ...bot, per_minute: 120 },
      stray,
      { ...stray, client: 'bot', model: 'gpt-4.1', per_minute: 1 },
      failing(bot, 'bad_request', 60),
    ]),
    { detectors },
  );
  expect(incidents).toMatchObject([{ resolved_at: minute(80) }]);
});

test('a client that sends two requests a minute is found by the longer window', () => {
  const small = { ...bot, per_minute: 2 };
  const { incidents } = play(traffic([web, { ...small, to: 60 }, failing(small, 'bad_request', 4)]), {
    detectors,
  });
  expect(incidents).toMatchObject([{ scope: { client: 'bot' } }]);
});

test.each([
  ['an eighth of the requests', 32, 4, 140],
  ['a third of the requests', 30, 15, 60],
  ['all requests of a small client', 6, 6, 60],
])('%s of a client fails: found within seconds of the sixth failure', (_name, of, failed, most) => {
  const own = { ...bot, per_minute: of };
  const streams = [
    { ...web, per_minute: 600 },
    { ...own, to: 60 },
    { ...own, from: 60, per_minute: of - failed },
  ];
  const { incidents } = play(traffic([...streams, failing(bot, 'bad_request', failed)]), { detectors });
  expect(incidents).toMatchObject([{ scope: { client: 'bot' } }]);
  const seconds = (Date.parse(incidents[0]?.detected_at ?? '') - Date.parse(minute(60))) / 1000;
  expect(seconds).toBeLessThanOrEqual(most);
});

test.each([
  ['requests that always fail', [web, bot, { ...bot, per_minute: 6, class: 'bad_request' as const }]],
  ['four failures', [web, { ...bot, from: 60, to: 61, per_minute: 4, class: 'bad_request' as const }]],
  [
    'nine failures of a single moment',
    [web, { ...bot, from: 60, to: 60.3, per_minute: 27, class: 'bad_request' as const }],
  ],
  ['under a tenth of the requests', [web, failing(web, 'bad_request', 5)]],
  ['classes that belong to other kinds', [web, failing(web, 'server_error', 60)]],
  [
    'a thousand requests a second with 1 % of bad ones',
    [
      { ...web, per_minute: 60_000 },
      { ...web, per_minute: 600, class: 'bad_request' as const },
    ],
  ],
])('%s: no incident', (_name, streams) => {
  expect(play(traffic(streams), { detectors }).incidents).toEqual([]);
});
