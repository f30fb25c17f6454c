import { describe, expect, test } from 'vitest';
import { play } from '../../tests/fixtures/play.ts';
import { countRow, START, type Stream, traffic } from '../../tests/fixtures/traffic.ts';
import { rateLimitSurge } from './rate-limit-surge.ts';

const minute = (n: number): string => new Date((START + n * 60) * 1000).toISOString();
const detectors = [rateLimitSurge];
const web: Stream = { from: 0, to: 90, per_minute: 60, project: 'shop', client: 'web', model: 'gpt-5' };
const batch: Stream = { ...web, project: 'docs', client: 'batch', per_minute: 30 };
const limited = (stream: Stream, from: number, to: number, perMinute: number): Stream => ({
  ...stream,
  from,
  to,
  per_minute: perMinute,
  class: 'rate_limit',
  subclass: 'tokens_per_minute',
});

describe('a client that runs into its limit for a quarter of an hour', () => {
  const { incidents } = play(traffic([web, batch, limited(batch, 60, 75, 18)]), { detectors });

  test('is one incident of that client, from the first refusal to the last', () => {
    expect(incidents).toMatchObject([
      {
        scope: { provider: 'openai', org: 'org-acme', project: 'docs', client: 'batch' },
        started_at: minute(60),
        resolved_at: minute(75),
        verdict: { party: 'traffic' },
      },
    ]);
  });

  test('names the limit and who sends', () => {
    expect(incidents[0]?.summary).toContain('the limit of tokens per minute');
    expect(incidents[0]?.evidence).toMatchObject({
      limits: ['tokens_per_minute'],
      affected_clients: ['batch'],
      refused_requests: 270,
    });
  });
});

test.each([
  ['under 5 % of the requests', [web, limited(web, 60, 75, 2)]],
  ['a share that is usual', [web, limited(web, 0, 90, 6)]],
  ['nine refusals in the window', [{ ...web, per_minute: 6 }, limited(web, 60, 61, 9)]],
  ['calm traffic of one request a minute', [{ ...web, per_minute: 1 }]],
  ['calm traffic of a thousand a second', [{ ...web, per_minute: 60_000 }, limited(web, 0, 90, 200)]],
])('%s: no incident', (_name, streams) => {
  expect(play(traffic(streams), { detectors }).incidents).toEqual([]);
});

const small: Stream = { ...web, per_minute: 1 };

test.each([
  ['after an hour of answers', [{ ...small, to: 60 }, limited(small, 60, 90, 1)], 60],
  ['from its first request on', [limited(small, 0, 90, 1)], 0],
  ['with two requests a minute', [{ ...small, per_minute: 2, to: 60 }, limited(small, 60, 90, 2)], 60],
])('a caller of few requests that is always refused is found %s', (_name, streams, from) => {
  const { incidents } = play(traffic([{ ...web, org: 'org-other' }, ...streams]), { detectors });
  expect(incidents).toMatchObject([{ severity: 'critical', resolved_at: null }]);
  const { started_at: started, detected_at: detected } = incidents[0] ?? {};
  expect(started?.slice(0, 16)).toBe(minute(from).slice(0, 16));
  expect(Date.parse(String(detected))).toBeLessThanOrEqual(Date.parse(minute(from + 6)));
});

test.each([
  ['with retries, sent by a job that never ran before', [0, 10, 30, 70, 150, 200]],
  ['that is sent again every 30 s', [0, 30, 60, 90, 120, 150, 180]],
])('one refused request %s: no incident', (_name, seconds) => {
  const rows = seconds.map((after, i) =>
    countRow({ ts: START + 600 + after, class: 'rate_limit', client: 'job', retries: i === 0 ? 0 : 1 }),
  );
  const around = traffic([{ ...web, to: 30 }]);
  expect(play([...around, ...rows], { detectors }).incidents).toEqual([]);
});

test('a burst of another small caller does not hide a caller that is always refused', () => {
  const burst: Stream = { ...limited(small, 60, 61, 8), client: 'burst', project: 'burst', model: 'o4' };
  const { incidents } = play(
    traffic([
      { ...web, client: 'app', project: 'app', model: 'gpt-4' },
      { ...small, to: 58 },
      limited(small, 58, 90, 1),
      { ...small, client: 'burst', project: 'burst', model: 'o4', to: 60 },
      burst,
    ]),
    { detectors },
  );
  expect(incidents).toMatchObject([{ resolved_at: null }]);
  // The burst is in the long window until minute 66.
  expect(Date.parse(String(incidents[0]?.detected_at))).toBeLessThanOrEqual(Date.parse(minute(64)));
});

test('a small caller that grows, and is refused a smaller but still too large share, stays one incident', () => {
  const { incidents } = play(
    traffic([
      { ...web, org: 'org-other' },
      limited(small, 0, 20, 2),
      { ...small, from: 20, per_minute: 45 },
      limited(small, 20, 90, 15),
    ]),
    { detectors },
  );
  expect(incidents).toMatchObject([
    { started_at: expect.stringMatching(/^2026-11-02T10:00/), resolved_at: null },
  ]);
});

test('silence after a surge is not a proof that it is over', () => {
  const streams = [{ ...web, to: 62 }, limited(web, 60, 62, 15)];
  const { incidents } = play(traffic([{ ...web, org: 'org-other', to: 75 }, ...streams]), { detectors });
  expect(incidents).toMatchObject([{ state: 'firing', resolved_at: null }]);
});

test.each([
  ['one minute of refusals', limited(small, 60, 61, 6)],
  ['a third of the requests refused', limited(small, 60, 90, 0.5)],
])('a caller of one request a minute with %s: no incident', (_name, refused) => {
  expect(play(traffic([small, refused]), { detectors }).incidents).toEqual([]);
});

test('a surge in traffic of a thousand requests a second is found by its share', () => {
  const busy = { ...web, per_minute: 60_000 };
  const { incidents } = play(traffic([busy, limited(busy, 60, 70, 6_000)]), { detectors });
  expect(incidents).toMatchObject([{ severity: 'warning', started_at: minute(60), resolved_at: minute(70) }]);
});

test.each([
  ['an hour of earlier traffic', 0, 'usually 0 %', { usual_share: 0 }],
  ['two minutes of earlier traffic', 58, 'with too little earlier traffic to compare with', {}],
])('with %s, a usual share is stated only if it was measured', (_name, from, text, usual) => {
  const streams = [{ ...web, from }, limited(web, 60, 65, 30)];
  const [incident] = play(traffic(streams), { detectors }).incidents;
  expect(incident?.verdict.why).toContain(`${text}: the callers send more than the limit allows`);
  const { usual_share: share } = incident?.evidence ?? {};
  expect(share === undefined ? {} : { usual_share: share }).toEqual(usual);
});
