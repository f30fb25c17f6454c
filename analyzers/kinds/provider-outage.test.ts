import { describe, expect, test } from 'vitest';
import { incident as incidentSchema } from '../../domain/incident.ts';
import { defaults, play } from '../../tests/fixtures/play.ts';
import { START, type Stream, traffic } from '../../tests/fixtures/traffic.ts';
import { providerOutage } from './provider-outage.ts';

const minute = (n: number): string => new Date((START + n * 60) * 1000).toISOString();
const detectors = [providerOutage];

const acme: Stream = {
  from: 0,
  to: 90,
  per_minute: 60,
  project: 'shop',
  client: 'web',
  region: 'eu-west-1',
  model: 'gpt-5',
  api_key: 'k1',
};
/** Another organization, model, client and region of the same provider; then a stream to another provider. */
const other: Stream = {
  ...acme,
  org: 'org-other',
  project: 'docs',
  client: 'batch',
  region: 'us-east-1',
  model: 'gpt-5-mini',
  api_key: 'k2',
};
const anthropic: Stream = { ...other, provider: 'anthropic', org: 'org-acme', model: 'claude' };

/** A stream of which every request fails between two minutes. */
const down = (stream: Stream, from: number, to: number, name: Stream['class'] = 'server_error'): Stream[] => [
  { ...stream, to: from },
  { ...stream, from, to, ...(name === undefined ? {} : { class: name }) },
  { ...stream, from: to },
];

describe('a provider fails for all organizations', () => {
  const { incidents, changes } = play(
    traffic([...down(acme, 30, 50), ...down(other, 30, 50, 'engine_overloaded'), anthropic]),
    { detectors },
  );
  const [outage] = incidents;

  test('is one incident of the provider that fires and resolves once', () => {
    expect(incidents).toHaveLength(1);
    expect(outage).toMatchObject({
      kind: 'provider_outage',
      state: 'resolved',
      severity: 'critical',
      scope: { provider: 'openai' },
    });
    expect(changes.map(({ reason }) => reason).filter((reason) => reason !== 'refreshed')).toEqual([
      'fired',
      'resolved',
    ]);
    for (const { live } of changes) expect(incidentSchema.parse(live.incident)).toEqual(live.incident);
  });

  test('begins with the first failure, is found within a minute and ends with the last', () => {
    expect(outage).toMatchObject({ started_at: minute(30), resolved_at: minute(50) });
    expect(Date.parse(outage?.detected_at ?? '') - Date.parse(minute(30))).toBeLessThanOrEqual(60_000);
  });

  test('says what failed, what works meanwhile, and what to do first', () => {
    expect(outage?.evidence).toMatchObject({
      failed_requests: 2_400,
      failed_share: 1,
      pace: 'fast',
      burn_rate: 100,
      working_providers: ['anthropic'],
      affected_models: ['gpt-5', 'gpt-5-mini'],
      failing_classes: ['engine_overloaded 1200', 'server_error 1200'],
    });
    expect(outage?.verdict).toMatchObject({
      party: 'provider',
      why: expect.stringContaining('requests to anthropic succeed'),
    });
    expect(outage?.remedy).toMatchObject({ retry: 'yes', docs: 'docs/incidents/provider-outage.md' });
    expect(outage?.remedy.steps[0]).toContain('anthropic');
  });
});

test.each<[string, Stream[], string, RegExp]>([
  [
    'one model of three',
    [...down(acme, 30, 50), other, anthropic],
    'provider',
    /Only requests for gpt-5 of openai fail/,
  ],
  [
    'one region',
    [
      ...down({ ...acme, region: 'ap-1' }, 30, 50),
      ...down({ ...other, region: 'ap-1' }, 30, 50),
      acme,
      other,
    ],
    'region',
    /Only requests from ap-1 fail/,
  ],
  [
    'all providers out of reach',
    [...down(acme, 30, 50, 'connection'), ...down(anthropic, 30, 50, 'connection')],
    'network',
    /Requests to anthropic get no answer either/,
  ],
  [
    'one client in a region where another client is answered',
    [
      ...down(acme, 30, 50, 'timeout'),
      { ...acme, client: 'batch', per_minute: 20 },
      { ...acme, client: 'far', region: 'us-east-1' },
    ],
    'unknown',
    /Only requests of web fail/,
  ],
  [
    'a provider whose requests time out, beside one where as many always do',
    [
      ...down({ ...acme, per_minute: 10 }, 30, 50, 'timeout'),
      { ...acme, per_minute: 90 },
      { ...anthropic, per_minute: 90 },
      { ...anthropic, per_minute: 10, class: 'timeout' },
    ],
    'provider',
    /fail/,
  ],
  [
    'a provider out of reach while another one answers with errors',
    [...down(acme, 30, 50, 'connection'), ...down(anthropic, 30, 50, 'server_error')],
    'provider',
    /Requests to openai fail/,
  ],
  [
    'one client out of reach',
    [...down(acme, 30, 50, 'connection'), { ...acme, client: 'batch' }],
    'network',
    /Requests of web get no answer/,
  ],
  [
    'one client whose requests time out',
    [...down(acme, 30, 50, 'timeout'), { ...acme, client: 'batch' }],
    'unknown',
    /Only requests of web fail/,
  ],
])('%s: the verdict says so', (_name, streams, party, why) => {
  const { incidents } = play(traffic(streams), { detectors });
  const [outage] = incidents.filter(({ scope }) => scope.provider === 'openai');
  expect(outage?.verdict).toMatchObject({ party, why: expect.stringMatching(why) });
});

const failing = (per_minute: number, more: Partial<Stream> = {}): Stream => ({
  ...acme,
  class: 'server_error',
  per_minute,
  ...more,
});
test.each<[string, Stream[], number]>([
  ['calm traffic of 1 request a minute', [{ ...acme, per_minute: 1 }], 0],
  [
    '1 request a minute of which one fails',
    [{ ...acme, per_minute: 1 }, failing(1, { from: 40, to: 41 })],
    0,
  ],
  ['1 request a minute, all of which fail', down({ ...acme, per_minute: 1 }, 30, 60), 1],
  [
    '1,000 a second of which 0.5 % fail',
    [{ ...acme, per_minute: 60_000, to: 20 }, failing(300, { to: 20 })],
    0,
  ],
  ['2 % for an hour', [{ ...acme, per_minute: 600 }, failing(12, { from: 20 })], 0],
  ['5 % for an hour', [{ ...acme, per_minute: 600 }, failing(30, { from: 20 })], 1],
  ['15 % for six minutes', [{ ...acme, per_minute: 600 }, failing(100, { from: 40, to: 46 })], 1],
  ['15 % for half a minute', [{ ...acme, per_minute: 600 }, failing(100, { from: 40, to: 40.5 })], 0],
])('%s', (_name, streams, expected) => {
  expect(play(traffic(streams), { detectors }).incidents).toHaveLength(expected);
});

test('3 % for hours are a leak where windows are short: a warning, found though nothing burns fast', () => {
  const settings = { ...defaults, provider_outage: { ...defaults.provider_outage, window_seconds: 10 } };
  const { incidents } = play(
    traffic([{ ...acme, per_minute: 120, to: 720 }, failing(4, { from: 120, to: 720 })]),
    { detectors, settings },
  );
  expect(incidents).toMatchObject([{ severity: 'warning', evidence: { pace: 'leak' } }]);
});

test('the same model of two organizations is still one incident, and its id is that of the provider', () => {
  const rows = traffic([...down(acme, 30, 50), ...down({ ...acme, org: 'org-b' }, 30, 50), other]);
  const { incidents, live } = play(rows, { detectors, until: START + 45 * 60 });
  expect(incidents.map(({ scope }) => scope.model)).toEqual(['gpt-5']);
  expect([...live.keys()]).toEqual(['provider_outage\nopenai']);
});

describe('connections of one region break, to every provider', () => {
  const elsewhere = (stream: Stream): Stream => ({ ...stream, region: 'us-east-1' });
  const claude = { ...anthropic, region: 'eu-west-1', per_minute: 20 };
  const gemini = { ...claude, provider: 'gemini', model: 'gemini-2.5', client: 'rewriter', per_minute: 6 };
  const all = [acme, claude, gemini];
  const { incidents, changes } = play(
    traffic([
      ...down(acme, 30, 50, 'connection'),
      // These two streams send less, so their failures are noticed later. One recovers before the first stream, the
      // other after it.
      ...down(claude, 31, 45, 'timeout'),
      ...down(gemini, 31, 53, 'connection'),
      ...all.map(elsewhere),
    ]),
    { detectors },
  );

  test('is one incident, of the region and of no provider, that fires and resolves once', () => {
    expect(incidents).toMatchObject([{ scope: { region: 'eu-west-1' }, verdict: { party: 'network' } }]);
    expect(Object.keys(incidents[0]?.scope ?? {})).toEqual(['region']);
    const reasons = changes.map(({ reason }) => reason);
    expect(reasons.filter((reason) => reason === 'fired' || reason === 'resolved')).toEqual([
      'fired',
      'resolved',
    ]);
  });

  test('lasts until the last provider answers', () => {
    expect(incidents[0]).toMatchObject({ started_at: minute(30), resolved_at: minute(53) });
  });

  test.each<[string, Stream[], number]>([
    [
      'two providers that answer with errors in different regions are two',
      [
        ...down(acme, 30, 50),
        ...down({ ...anthropic, region: 'us-east-1' }, 30, 50),
        elsewhere(acme),
        { ...claude },
      ],
      2,
    ],
    [
      'one provider that cannot be reached from one region is one, and named',
      [...down(acme, 30, 50, 'connection'), elsewhere(acme), claude, elsewhere(claude)],
      1,
    ],
    [
      'two providers out of reach from different regions are two',
      [
        ...down(acme, 30, 50, 'connection'),
        elsewhere(acme),
        claude,
        ...down(elsewhere({ ...claude, per_minute: 60 }), 30, 50, 'connection'),
      ],
      2,
    ],
  ])('%s', (_name, streams, count) => {
    const { incidents: found } = play(traffic(streams), { detectors });
    expect(found).toHaveLength(count);
    for (const { scope } of found) expect(scope.provider).toBeDefined();
  });
});

test.each<[string, number, number]>([
  ['after a fast outage of ten minutes', 30, 40],
  ['after one of an hour', 30, 90],
])('%s the longer windows raise no second incident', (_name, from, to) => {
  const stream = { ...acme, per_minute: 600, to: 360 };
  const stray = failing(2, { to: 360 });
  const { incidents } = play(traffic([...down(stream, from, to), { ...other, to: 360 }, stray]), {
    detectors,
  });
  expect(incidents).toHaveLength(1);
  expect(incidents[0]?.resolved_at).toBe(minute(to));
});

test.each<[string, Stream[], string]>([
  ['one model and one client', [{ ...acme, region: '' }], 'there are no two models, regions or clients'],
  [
    'two clients of one model',
    [
      { ...acme, region: '' },
      { ...acme, region: '', client: 'batch' },
    ],
    'Clients batch, web of openai fail alike',
  ],
  [
    'two models and two clients',
    [
      { ...acme, region: '' },
      { ...acme, region: '', client: 'batch', model: 'gpt-5-mini' },
    ],
    'Models gpt-5, gpt-5-mini; clients batch, web of openai fail alike',
  ],
])('%s: only what was compared is called alike', (_name, streams, text) => {
  const rows = streams.flatMap((stream) => [
    { ...stream, from: 0, to: 60 },
    { ...stream, from: 60, to: 70, class: 'server_error' as const },
  ]);
  const [outage] = play(traffic(rows), { detectors: [providerOutage] }).incidents;
  expect(outage?.verdict.why).toContain(text);
});
