import { describe, expect, test } from 'vitest';
import { incident as incidentSchema } from '../../domain/incident.ts';
import { play } from '../../tests/fixtures/play.ts';
import { START, type Stream, traffic } from '../../tests/fixtures/traffic.ts';

const minute = (n: number): string => new Date((START + n * 60) * 1000).toISOString();
const whole = { provider: 'openai', org: 'org-acme' };

const web: Stream = {
  from: 0,
  to: 90,
  per_minute: 60,
  project: 'shop',
  client: 'web',
  region: 'eu-west-1',
  model: 'gpt-5',
  api_key: 'k1',
};
const proxy: Stream = { ...web, client: 'batch', region: 'ap-east-1', per_minute: 6 };
const refused = (from: number, to: number): Stream => ({ ...proxy, from, to, class: 'unsupported_region' });

describe('a client moves to a region that is not served, and back', () => {
  const { incidents, changes } = play(
    traffic([web, { ...proxy, to: 30 }, refused(30, 50), { ...proxy, from: 50 }]),
  );
  const [blocked] = incidents;

  test('is one incident of that client that fires and resolves once', () => {
    expect(incidents).toHaveLength(1);
    expect(blocked).toMatchObject({ kind: 'region_blocked', state: 'resolved', severity: 'warning' });
    // All requests of the blocked client have one project and one model, so the scope names these too.
    expect(blocked?.scope).toEqual({ ...whole, project: 'shop', client: 'batch', model: 'gpt-5' });
    expect(changes.map(({ reason }) => reason).filter((reason) => reason !== 'refreshed')).toEqual([
      'fired',
      'resolved',
    ]);
    expect(incidentSchema.parse(blocked)).toEqual(blocked);
  });

  test('begins with the first refusal and ends with the last', () => {
    expect(blocked).toMatchObject({ started_at: minute(30), resolved_at: minute(50) });
  });

  test('counts the refusals, names who is refused and says what to do first', () => {
    expect(blocked?.evidence).toMatchObject({
      refused_requests: 120,
      // Successes that come before the incident is resolved do not lower the share.
      refused_share: 1,
      affected_regions: ['ap-east-1'],
      affected_clients: ['batch'],
      affected_keys: ['k1'],
    });
    expect(blocked?.verdict).toMatchObject({ party: 'region', why: expect.stringContaining('ap-east-1') });
    expect(blocked?.remedy).toMatchObject({ retry: 'no', docs: 'docs/incidents/region-blocked.md' });
    expect(blocked?.remedy.steps[0]).toMatch(/address/);
  });
});

test.each([
  ['two refusals in five minutes', [web, { ...refused(30, 32), per_minute: 1 }], 0],
  ['three refusals in five minutes', [web, { ...refused(30, 33), per_minute: 1 }], 1],
  // 3 of 60 requests a minute are refused: 5 %, whichever part of the traffic is looked at.
  ['refusals below the share', [web, { ...web, class: 'unsupported_region', per_minute: 3 }], 0],
  ['refusals above the share', [web, { ...web, class: 'unsupported_region', per_minute: 10 }], 1],
  ['calm traffic of 1 request a minute', [{ ...web, per_minute: 1 }], 0],
  [
    'calm traffic of 1,000 requests a second with a stray refusal a second',
    [
      { ...web, to: 20, per_minute: 60_000 },
      { ...web, to: 20, class: 'unsupported_region', per_minute: 60 },
    ],
    0,
  ],
] as [string, Stream[], number][])('%s', (_name, streams, expected) => {
  const { incidents } = play(traffic(streams));
  expect(incidents.map(({ kind }) => kind)).toEqual(Array.from({ length: expected }, () => 'region_blocked'));
});

test('without requests nothing is proven: the incident stays open', () => {
  const { incidents } = play(
    traffic([
      { ...web, to: 30 },
      { ...refused(30, 40), per_minute: 60 },
    ]),
    {
      until: START + 80 * 60,
    },
  );
  expect(incidents[0]).toMatchObject({ state: 'firing', evidence: { no_data: true } });
});

test('half of the threshold keeps the incident open, less resolves it', () => {
  const few = { ...web, class: 'unsupported_region' as const, from: 40 };
  const lingering = play(
    traffic([web, { ...few, to: 50, per_minute: 12 }, { ...few, from: 50, per_minute: 4 }]),
  );
  expect(lingering.incidents[0]?.state).toBe('firing');
  const gone = play(traffic([web, { ...few, to: 50, per_minute: 12 }, { ...few, from: 50, per_minute: 1 }]));
  expect(gone.incidents[0]?.state).toBe('resolved');
});
