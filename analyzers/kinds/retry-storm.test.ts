import { describe, expect, test } from 'vitest';
import { incident as incidentSchema } from '../../domain/incident.ts';
import { play } from '../../tests/fixtures/play.ts';
import { START, type Stream, traffic } from '../../tests/fixtures/traffic.ts';
import { retryStorm } from './retry-storm.ts';

const minute = (n: number): string => new Date((START + n * 60) * 1000).toISOString();

const web: Stream = {
  from: 0,
  to: 60,
  per_minute: 600,
  project: 'shop',
  client: 'web',
  model: 'gpt-5',
  api_key: 'k1',
};
const crawler: Stream = { ...web, project: 'search', client: 'crawler', api_key: 'k2', per_minute: 30 };

/** The stream fails in these minutes, and each failed request is retried twice without success. */
function storm(from: number, to: number, over: Partial<Stream> = {}): Stream[] {
  const failing: Stream = { ...crawler, from, to, class: 'server_error', ...over };
  return [failing, { ...failing, per_minute: 60, retries: 10 }];
}

/** These failures would also open a provider outage. Only retry storms are judged here. */
const alone = { detectors: [retryStorm] };

describe('a client repeats what fails', () => {
  const { incidents, changes } = play(
    traffic([web, { ...crawler, to: 20 }, ...storm(20, 35), { ...crawler, from: 35 }]),
    alone,
  );
  const [found] = incidents;

  test('is one incident of that client that fires and resolves once', () => {
    expect(incidents).toHaveLength(1);
    expect(found).toMatchObject({ kind: 'retry_storm', state: 'resolved', severity: 'critical' });
    expect(found?.scope).toEqual({
      provider: 'openai',
      org: 'org-acme',
      project: 'search',
      client: 'crawler',
      model: 'gpt-5',
    });
    expect(changes.map(({ reason }) => reason).filter((reason) => reason !== 'refreshed')).toEqual([
      'fired',
      'resolved',
    ]);
    expect(incidentSchema.parse(found)).toEqual(found);
  });

  test('begins with the first failed retry and ends with the last', () => {
    expect(found).toMatchObject({ started_at: minute(20), resolved_at: minute(35) });
    expect(Date.parse(found?.detected_at ?? '') - Date.parse(minute(20))).toBeLessThanOrEqual(60_000);
  });

  test('reports how often a request is sent, by whom, and what to do first', () => {
    expect(found?.evidence).toMatchObject({ failed_retries: 900, affected_clients: ['crawler'] });
    // The storm has 30 requests and 60 retries a minute. Traffic after its end does not count.
    expect(found?.evidence).toMatchObject({ attempts_per_request: 3, failed_retry_share: 0.6667 });
    expect(found?.verdict).toMatchObject({ party: 'traffic', why: expect.stringContaining('crawler') });
    expect(found?.remedy.owner).toBe('owner of crawler');
    expect(found?.remedy.steps[0]).toMatch(/Back off in crawler/);
  });
});

test.each([
  ['5 failed retries a minute', [web, { ...crawler, class: 'server_error', per_minute: 5, retries: 1 }], 0],
  [
    '24 failed retries of one request',
    [web, { ...crawler, class: 'server_error', to: 2, per_minute: 12, retries: 2 }],
    0,
  ],
  [
    '24 failed retries of a caller with three requests a minute',
    [
      web,
      { ...crawler, class: 'server_error', from: 30, to: 38, per_minute: 3 },
      { ...crawler, class: 'server_error', from: 30, to: 38, per_minute: 3, retries: 1 },
    ],
    1,
  ],
  ['30 failed retries a minute', [web, { ...crawler, class: 'server_error', per_minute: 30, retries: 5 }], 1],
  // 60 failed retries of 690 requests a minute are far from 30 %, whichever part of the traffic is looked at.
  [
    'retries below the share',
    [web, { ...web, class: 'server_error' as const, per_minute: 60, retries: 10 }],
    0,
  ],
  ['retries that succeed', [{ ...web, retries: 100 }], 0],
  ['failures that nobody repeats', [{ ...web, class: 'server_error' as const }], 0],
  ['calm traffic of 1 request a minute', [{ ...web, per_minute: 1 }], 0],
  [
    'calm traffic of 1,000 requests a second of which 2 % fail and are repeated',
    [
      { ...web, to: 20, per_minute: 60_000 },
      { ...web, to: 20, class: 'timeout' as const, per_minute: 1_200, retries: 100 },
    ],
    0,
  ],
] as [string, Stream[], number][])('%s', (_name, streams, expected) => {
  const { incidents } = play(traffic(streams), alone);
  expect(incidents.map(({ kind }) => kind)).toEqual(Array.from({ length: expected }, () => 'retry_storm'));
});

test.each(['slow_down', 'quota_exceeded', 'unsupported_region'] as const)(
  'retries of %s belong to the incident of their own kind',
  (name) => {
    const { incidents } = play(traffic([web, ...storm(20, 35, { class: name })]));
    expect(incidents).toHaveLength(1);
    expect(incidents[0]?.kind).not.toBe('retry_storm');
  },
);

test('useless retries are counted and named among the steps', () => {
  const again = storm(20, 60, { class: 'incorrect_api_key' }).map((one) => ({
    ...one,
    useless_retries: one.retries ?? 0,
  }));
  const rows = traffic([web, ...again]);
  const [found] = play(rows, { detectors: [retryStorm] }).incidents;
  expect(found?.evidence).toMatchObject({ useless_share: 1 });
  expect(found?.remedy.steps.join(' ')).toMatch(/useless/);
});

test('half of the threshold keeps the incident open', () => {
  const lower = storm(30, 60).map((one) => ({
    ...one,
    per_minute: one.retries === undefined ? 12 : 18,
    retries: 3,
  }));
  const rows = traffic([web, ...storm(20, 30), ...lower.slice(1), { ...crawler, from: 30, per_minute: 40 }]);
  expect(play(rows, alone).incidents[0]?.state).toBe('firing');
});
