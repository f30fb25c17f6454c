import { describe, expect, test } from 'vitest';
import { incident as incidentSchema } from '../../domain/incident.ts';
import { countView } from '../count-view.ts';
import { defaults, play } from '../../tests/fixtures/play.ts';
import { poisson, seeded, START, type Stream, traffic } from '../../tests/fixtures/traffic.ts';
import { slowDownSurge } from './slow-down-surge.ts';

const minute = (n: number): string => new Date((START + n * 60) * 1000).toISOString();
const at = (n: number): number => START + n * 60;

const web: Stream = {
  from: 0,
  to: 120,
  per_minute: 60,
  project: 'shop',
  client: 'web',
  model: 'gpt-5',
  api_key: 'k1',
};
const batch: Stream = {
  ...web,
  project: 'docs',
  client: 'batch',
  api_key: 'k2',
  input_tokens: 1_000,
  per_minute: (m) => (m < 40 ? 30 : m < 44 ? 30 + (m - 40) * 40 : m < 60 ? 190 : 30),
};
const refused: Stream = { ...batch, from: 43, to: 60, class: 'slow_down', per_minute: 24, input_tokens: 0 };

/** Another client, which sends three times as much for a quarter of an hour. */
function searchFrom(from: number): Stream {
  return {
    ...web,
    project: 'search',
    client: 'index',
    per_minute: (m) => (m >= from && m < from + 15 ? 90 : 30),
  };
}

/** Random requests, `mean` a minute on average. */
function byChance(mean: number): () => number {
  const random = seeded(7);
  return () => 6 * poisson(mean / 6, random);
}

/** Whether the detector sees a breach at the end of minute 61 when these answers fall into its window. */
function isBreach(slowDowns: number, others: number): boolean {
  const window = { ...web, from: 60, to: 61 };
  const calm = traffic([{ ...web, to: 60 }]);
  const rows = [
    ...calm,
    ...traffic([
      { ...window, per_minute: others },
      { ...window, class: 'slow_down', per_minute: slowDowns },
    ]),
  ];
  return slowDownSurge
    .detect(countView(rows), defaults, at(61), new Map())
    .some(({ level }) => level === 'breach');
}

test.each([
  ['5 in 60 s and 1 % of the requests fire', 5, 95, true],
  ['exactly 1 % fires', 5, 495, true],
  ['4 in 60 s do not', 4, 10, false],
  ['under 1 % does not', 5, 600, false],
  ['none does not', 0, 100, false],
])('%s', (_name, slowDowns, others, expected) => {
  expect(isBreach(slowDowns, others)).toBe(expected);
});

describe('a surge of one client', () => {
  const { incidents, changes } = play(traffic([web, batch, refused]));
  const [surge] = incidents;

  test('is one incident that fires and resolves once', () => {
    expect(incidents).toHaveLength(1);
    expect(changes.map(({ reason }) => reason).filter((r) => r !== 'refreshed' && r !== 'updated')).toEqual([
      'fired',
      'resolved',
    ]);
  });

  test('has the scope of that client, its project and the model, and not the key that follows from them', () => {
    expect(surge?.scope).toEqual({
      provider: 'openai',
      org: 'org-acme',
      project: 'docs',
      client: 'batch',
      model: 'gpt-5',
    });
  });

  test('begins with its first Slow Down, is found within 40 s and ends with the last', () => {
    expect(surge).toMatchObject({ started_at: minute(43), resolved_at: minute(60) });
    expect(Date.parse(surge?.detected_at ?? '') - Date.parse(minute(43))).toBeLessThanOrEqual(40_000);
  });

  test('carries the original, present and highest rate and who drove it', () => {
    expect(surge?.evidence).toMatchObject({
      original_requests_per_minute: 30,
      original_is_estimate: false,
      peak_requests_per_minute: 214,
      present_requests_per_minute: 30,
      growth_ratio: 7.1,
      slow_down_count: 17 * 24,
      input_tokens_per_minute_before: 30_000,
      peak_input_tokens_per_minute: 190_000,
      top_client: 'batch',
      top_key: 'k2',
      clients_comply: true,
      clients_over_rate: [],
    });
  });

  test('has traffic as party, and the verdict compares the rates', () => {
    expect(surge?.verdict.party).toBe('traffic');
    expect(surge?.verdict.why).toContain('from 30 to 214 requests/min');
  });

  test('has a recovery plan: the original rate, held for 15 minutes, then steps of at most half', () => {
    const back = Date.parse(String(surge?.evidence['rate_back_at']));
    expect(back).toBeGreaterThanOrEqual(Date.parse(minute(60)));
    expect(Date.parse(surge?.remedy.hold_until ?? '')).toBe(back + 15 * 60_000);
    const plan = surge?.remedy.plan ?? [];
    expect(plan.map((step) => step.requests_per_minute)).toEqual([30, 45, 67.5, 101.25, 151.87, 214]);
    expect(plan.slice(1).map((step) => Date.parse(step.at) - back)).toEqual(
      [15, 30, 45, 60, 75].map((m) => m * 60_000),
    );
  });

  test('fits the contract in every version', () => {
    for (const { live } of changes) expect(incidentSchema.parse(live.incident)).toEqual(live.incident);
  });
});

test('while the rate is high, the clients above their rate are named and the hold time does not start', () => {
  const { incidents } = play(traffic([web, batch, refused]), { until: at(50) });
  expect(incidents[0]).toMatchObject({
    state: 'firing',
    resolved_at: null,
    evidence: { clients_comply: false, clients_over_rate: ['batch: 214/min, original 30'] },
  });
  // 15 minutes after the numbers were last written, which happens once a minute.
  const hold = Date.parse(incidents[0]?.remedy.hold_until ?? '');
  expect(hold).toBeGreaterThan(Date.parse(minute(64)));
  expect(hold).toBeLessThanOrEqual(Date.parse(minute(65)));
});

test('a rate that rises again during the hold time starts it again, even after the incident is resolved', () => {
  const again: Stream = { ...batch, from: 68, to: 70, per_minute: 100 };
  const { incidents } = play(traffic([web, batch, refused, again]));
  expect(incidents[0]?.state).toBe('resolved');
  expect(Date.parse(incidents[0]?.remedy.hold_until ?? '')).toBeGreaterThanOrEqual(Date.parse(minute(84)));
});

test('Slow Down again within the grace time opens the same incident again', () => {
  const again: Stream = { ...refused, from: 70, to: 73 };
  const { incidents, changes } = play(traffic([web, batch, refused, again]));
  expect(incidents).toHaveLength(1);
  expect(changes.map(({ reason }) => reason).filter((r) => r === 'reopened')).toHaveLength(1);
  expect(incidents[0]).toMatchObject({
    state: 'resolved',
    started_at: minute(43),
    resolved_at: minute(73),
    evidence: { reopened: 1 },
  });
});

test('Slow Down after the grace time is a new incident', () => {
  const { incidents } = play(
    traffic([web, { ...batch, to: 100 }, refused, { ...refused, from: 90, to: 95 }]),
  );
  expect(incidents.map((it) => it.started_at)).toEqual([minute(43), minute(90)]);
});

test('when all clients are refused alike the scope is the organization, whoever was refused first', () => {
  const streams = ['a', 'b', 'c'].map(
    (client, i): Stream => ({
      from: 0,
      to: 90,
      per_minute: (m) => (m < 40 || m >= 60 ? 30 : 150),
      client,
      project: `p${i}`,
      model: 'gpt-5',
    }),
  );
  const refusals = streams.map(
    (stream, i): Stream => ({ ...stream, from: 41 + i * 0.5, to: 60, per_minute: 20, class: 'slow_down' }),
  );
  const { incidents } = play(traffic([...streams, ...refusals]));
  expect(incidents.map((it) => it.scope)).toEqual([{ provider: 'openai', org: 'org-acme', model: 'gpt-5' }]);
});

test('a small project that surges in a large organization is found, although it is under 1 % of its requests', () => {
  const large: Stream = { ...web, per_minute: 6_000 };
  const { incidents } = play(traffic([large, { ...batch, to: 60 }, { ...refused, per_minute: 12, to: 50 }]));
  expect(incidents.map((it) => it.scope)).toEqual([
    { provider: 'openai', org: 'org-acme', project: 'docs', client: 'batch', model: 'gpt-5' },
  ]);
});

test('Slow Down without growth is the provider short of capacity, after two minutes in which it may still show', () => {
  const { incidents, changes } = play(
    traffic([web, { ...web, from: 50, to: 60, per_minute: 6, class: 'slow_down' }]),
  );
  const parties = changes.map(({ live: { incident } }) => incident.verdict.party);
  expect([...new Set(parties)]).toEqual(['unknown', 'provider']);
  expect(incidents[0]?.verdict.party).toBe('provider');
  expect(incidents[0]?.verdict.why).toContain('had not grown');
});

test.each([
  ['that chance explains', { per_minute: byChance(25) }, {}],
  ['that consists of retries', { per_minute: 25 }, { per_minute: 30, retries: 5 }],
])('growth %s is none: the provider is short of capacity', (_name, usual, refusals) => {
  const { incidents } = play(
    traffic([
      { ...web, ...usual },
      { ...web, from: 50, to: 70, per_minute: 8, class: 'slow_down', ...refusals },
    ]),
  );
  expect(incidents[0]?.verdict.party).toBe('provider');
  expect(incidents[0]?.summary).not.toContain('grew');
});

test('a slow surge of a small caller fires and does not stay pending for ever', () => {
  const small = { ...web, to: 17, per_minute: 30 };
  const { incidents } = play(
    traffic([small, { ...small, from: 5, to: 15, per_minute: 5, class: 'slow_down' }]),
  );
  expect(incidents).toMatchObject([{ started_at: minute(5 + 1 / 6), verdict: { party: 'provider' } }]);
});

test('a new client has no rate to return to: the rates are those of the organization', () => {
  const fresh: Stream = { ...batch, from: 40, to: 60, per_minute: 300 };
  const { incidents } = play(
    traffic([web, fresh, { ...fresh, from: 41, class: 'slow_down', per_minute: 20 }]),
  );
  expect(incidents[0]).toMatchObject({
    scope: { client: 'batch' },
    evidence: { rate_of: 'organization', original_requests_per_minute: 60, top_client: 'batch' },
  });
});

test('if the counts begin in the middle of a surge, half of the peak stands for the original rate', () => {
  const { incidents } = play(
    traffic([
      { ...web, to: 10, per_minute: 200 },
      { ...web, to: 10, class: 'slow_down', per_minute: 40 },
    ]),
  );
  expect(incidents[0]).toMatchObject({
    state: 'firing',
    started_at: minute(0),
    evidence: {
      original_is_estimate: true,
      original_requests_per_minute: 120,
      peak_requests_per_minute: 240,
    },
  });
});

test.each([
  ['while the first lasts', 50],
  ['within the grace time after the first', 66],
])('a second client that surges %s is an incident of its own', (_name, from) => {
  const other = searchFrom(from);
  const { incidents } = play(
    traffic([
      web,
      batch,
      refused,
      other,
      { ...other, from: from + 1, to: from + 15, class: 'slow_down', per_minute: 20 },
    ]),
  );
  expect(
    incidents.map(({ scope, started_at, resolved_at }) => [scope.client, started_at, resolved_at]),
  ).toEqual([
    ['batch', minute(43), minute(60)],
    ['index', minute(from + 1), minute(from + 15)],
  ]);
});

test('a second client is named although the first refusals beside the first client are of several', () => {
  const other = searchFrom(50);
  const { incidents } = play(
    traffic([
      web,
      batch,
      refused,
      other,
      { ...other, from: 51, to: 65, class: 'slow_down', per_minute: 24 },
      { ...web, from: 51, to: 51.4, class: 'slow_down', per_minute: 6 },
    ]),
  );
  expect(incidents.map(({ scope }) => scope.client)).toEqual(['batch', 'index']);
});

test('two organizations that surge are two incidents', () => {
  const other = { org: 'org-other' };
  const { incidents } = play(
    traffic([web, batch, refused, { ...web, ...other }, { ...batch, ...other }, { ...refused, ...other }]),
  );
  expect(new Set(incidents.map((it) => it.scope.org))).toEqual(new Set(['org-acme', 'org-other']));
  expect(incidents).toHaveLength(2);
  expect(new Set(incidents.map((it) => it.id)).size).toBe(2);
});

test.each([
  [60, 0.003],
  [600, 0.003],
  [600, 0.006],
  [3_000, 0.005],
])('a day with %i requests/min and a random sprinkle of %f Slow Down has no incident', (perMinute, share) => {
  const random = seeded(perMinute + share * 1e6);
  const rows = traffic(
    ['a', 'b', 'c'].flatMap((client, i): Stream[] => {
      const rate = (perMinute * ([0.6, 0.25, 0.15][i] ?? 0)) / 6;
      return [
        { from: 0, to: 1_440, client, per_minute: () => poisson(rate, random) * 6 },
        {
          from: 0,
          to: 1_440,
          client,
          per_minute: () => poisson(rate * share, random) * 6,
          class: 'slow_down',
        },
      ];
    }),
  );
  expect(play(rows).changes).toEqual([]);
});

test('an organization without requests has no data: its incident stays open', () => {
  const rows = traffic([
    { ...web, to: 50 },
    { ...batch, to: 50 },
    { ...refused, to: 50 },
  ]);
  const { incidents } = play(rows, { until: at(110) });
  expect(incidents[0]).toMatchObject({ state: 'firing', evidence: { no_data: true } });
});
