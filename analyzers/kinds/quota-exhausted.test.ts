import { describe, expect, test } from 'vitest';
import { incident as incidentSchema } from '../../domain/incident.ts';
import type { Subclass } from '../../domain/classification.ts';
import { play } from '../../tests/fixtures/play.ts';
import { START, type Stream, traffic } from '../../tests/fixtures/traffic.ts';

const minute = (n: number): string => new Date((START + n * 60) * 1000).toISOString();
const at = (n: number): number => START + n * 60;
const whole = { provider: 'openai', org: 'org-acme' };

const shop: Stream = {
  from: 0,
  to: 90,
  per_minute: 60,
  project: 'shop',
  client: 'web',
  model: 'gpt-5',
  api_key: 'k1',
};
const docs: Stream = { ...shop, project: 'docs', client: 'batch', api_key: 'k2', per_minute: 30 };

/**
 * A stream that succeeds, except that its quota is refused between two minutes. Each refused request is retried once.
 */
function refusedBetween(stream: Stream, from: number, to: number, subclass: Subclass = ''): Stream[] {
  const perMinute = typeof stream.per_minute === 'number' ? stream.per_minute : 0;
  return [
    { ...stream, to: Math.min(from, stream.to) },
    {
      ...stream,
      from,
      to: Math.min(to, stream.to),
      class: 'quota_exceeded',
      subclass,
      per_minute: perMinute * 2,
      retries: perMinute / 6,
      useless_retries: perMinute / 6,
    },
    ...(to < stream.to ? [{ ...stream, from: to }] : []),
  ];
}

describe('the credit of an organization runs out', () => {
  const { incidents, changes } = play(
    traffic([
      ...refusedBetween(shop, 30, 60, 'credit_balance'),
      ...refusedBetween(docs, 30, 60, 'credit_balance'),
    ]),
  );
  const [exhausted] = incidents;

  test('is one organization-wide incident that fires and resolves once', () => {
    expect(incidents).toHaveLength(1);
    expect(exhausted?.scope).toEqual(whole);
    expect(changes.map(({ reason }) => reason).filter((r) => r !== 'refreshed')).toEqual([
      'fired',
      'resolved',
    ]);
  });

  test('begins with the first refusal, is found within 30 s and ends with the last', () => {
    expect(exhausted).toMatchObject({ started_at: minute(30), resolved_at: minute(60) });
    expect(Date.parse(exhausted?.detected_at ?? '') - Date.parse(minute(30))).toBeLessThanOrEqual(30_000);
  });

  test('names the quota, who is affected, and how many retries were useless', () => {
    expect(exhausted?.evidence).toMatchObject({
      quota: 'credit_balance',
      failed_requests: 30 * 180,
      useless_retries: 30 * 90,
      affected_projects: ['shop', 'docs'],
      affected_keys: ['k1', 'k2'],
      affected_clients: ['web', 'batch'],
      last_success_at: new Date((at(30) - 10) * 1000).toISOString(),
    });
  });

  test('has the account as party, and the remedy is to add credit and to stop retrying', () => {
    expect(exhausted).toMatchObject({
      severity: 'critical',
      verdict: { party: 'account' },
      remedy: { retry: 'no', docs: 'docs/incidents/quota-exhausted.md' },
    });
    expect(exhausted?.remedy.steps[0]).toContain('Add credit');
    expect(exhausted?.remedy.steps.join(' ')).toContain('Stop retry loops in web, batch');
  });

  test('fits the contract in every version', () => {
    for (const { live } of changes) expect(incidentSchema.parse(live.incident)).toEqual(live.incident);
  });
});

test.each<[string, Stream[], object]>([
  [
    'credit is organization-wide even when one project meets it first',
    [...refusedBetween(shop, 30, 60, 'credit_balance'), docs],
    whole,
  ],
  [
    'the organization spend limit is organization-wide',
    [...refusedBetween(shop, 30, 60, 'organization_spend_limit'), docs],
    whole,
  ],
  [
    'the usage limit is organization-wide',
    [...refusedBetween(shop, 30, 60, 'organization_usage_limit'), docs],
    whole,
  ],
  [
    'a project spend limit is the project, although no other project is seen',
    refusedBetween(shop, 30, 60, 'project_spend_limit'),
    { ...whole, project: 'shop' },
  ],
  [
    'two projects at their limits are one incident of the organization',
    [
      ...refusedBetween(shop, 30, 60, 'project_spend_limit'),
      ...refusedBetween(docs, 31, 60, 'project_spend_limit'),
    ],
    whole,
  ],
  [
    'unnamed quota, one project fails and others succeed: the project',
    [...refusedBetween(shop, 30, 60), docs],
    { ...whole, project: 'shop' },
  ],
  [
    'unnamed quota, all projects fail: the organization',
    [...refusedBetween(shop, 30, 60), ...refusedBetween(docs, 30, 60)],
    whole,
  ],
  ['unnamed quota, nobody else is seen: the organization', refusedBetween(shop, 30, 60), whole],
  [
    'unnamed quota, one key of a project fails and another succeeds: the key',
    [...refusedBetween(shop, 30, 60), { ...shop, api_key: 'k3' }],
    { ...whole, key: 'k1' },
  ],
  [
    'one model fails and another of the same key succeeds: the model',
    [...refusedBetween(shop, 30, 60), { ...shop, model: 'gpt-5-mini' }],
    { ...whole, model: 'gpt-5' },
  ],
])('%s', (_name, streams, scope) => {
  const { incidents } = play(traffic(streams));
  expect(incidents.map((it) => it.scope)).toEqual([scope]);
});

test('a project that seemed alone is corrected to the organization when the others follow', () => {
  const { incidents, changes } = play(
    traffic([...refusedBetween(shop, 30, 60), ...refusedBetween(docs, 31, 60)]),
  );
  expect(changes[0]?.live.incident.scope).toEqual({ ...whole, project: 'shop' });
  expect(incidents.map((it) => it.scope)).toEqual([whole]);
});

test.each([
  ['while the first lasts', 35],
  ['after the first ended, within the grace time', 65],
])('a second project whose quota runs out %s is an incident of its own', (_name, from) => {
  const { incidents } = play(
    traffic([
      ...refusedBetween(shop, 30, 60, 'project_spend_limit'),
      ...refusedBetween(docs, from, from + 15, 'project_spend_limit'),
    ]),
  );
  expect(
    incidents.map(({ scope, started_at, resolved_at }) => [scope.project, started_at, resolved_at]),
  ).toEqual([
    ['shop', minute(30), minute(60)],
    ['docs', minute(from), minute(from + 15)],
  ]);
});

test('credit that runs out while a project is at its limit is a second incident, of the organization', () => {
  const { incidents } = play(
    traffic([
      ...refusedBetween(shop, 30, 80, 'project_spend_limit'),
      ...refusedBetween(docs, 50, 70, 'credit_balance'),
    ]),
  );
  expect(incidents.map(({ scope }) => scope)).toEqual([{ ...whole, project: 'shop' }, whole]);
});

test('half of the answers refused fires, a third does not', () => {
  const refused = (perMinute: number): Stream => ({
    ...shop,
    from: 30,
    to: 60,
    class: 'quota_exceeded',
    per_minute: perMinute,
  });
  expect(play(traffic([shop, refused(60)])).incidents).toHaveLength(1);
  expect(play(traffic([shop, refused(30)])).incidents).toHaveLength(0);
});

test('a caller with one request in two minutes fires after its third refusal', () => {
  const rare: Stream = { ...shop, per_minute: 0.5 };
  const { incidents } = play(
    traffic([
      { ...rare, to: 30 },
      { ...rare, from: 30, class: 'quota_exceeded' },
    ]),
  );
  expect(incidents).toHaveLength(1);
  // The numbers of an open incident are written once a minute, so the last ones are up to a minute old.
  expect(incidents[0]).toMatchObject({ state: 'firing', evidence: { failed_requests: 29 } });
  expect(Date.parse(incidents[0]?.detected_at ?? '')).toBeLessThanOrEqual(Date.parse(minute(37)));
});

test('three refusals with successes between them and many others are a sprinkle', () => {
  const sprinkle: Stream = { ...shop, per_minute: 4, class: 'quota_exceeded' };
  expect(play(traffic([{ ...shop, per_minute: 600 }, sprinkle])).incidents).toEqual([]);
});

test('silence after the exhaustion proves nothing: it stays open', () => {
  const { incidents } = play(
    traffic([
      { ...shop, to: 30 },
      { ...shop, from: 30, to: 40, class: 'quota_exceeded' },
    ]),
    { until: at(90) },
  );
  expect(incidents[0]).toMatchObject({ state: 'firing', resolved_at: null, evidence: { no_data: true } });
});

test('success of other projects does not resolve the incident of one', () => {
  const { incidents } = play(
    traffic([{ ...shop, to: 30 }, { ...shop, from: 30, to: 40, class: 'quota_exceeded' }, docs]),
    { until: at(90) },
  );
  expect(incidents[0]).toMatchObject({ state: 'firing', scope: { project: 'shop' } });
});

test('a scope that is unused for an hour while the organization succeeds is resolved', () => {
  const long = { ...docs, to: 120 };
  const { incidents } = play(
    traffic([{ ...shop, to: 30 }, { ...shop, from: 30, to: 40, class: 'quota_exceeded' }, long]),
  );
  expect(incidents[0]).toMatchObject({ state: 'resolved', resolved_at: minute(40) });
});

/** The quota is refused for ten minutes, and again for ten minutes from minute `again` on. */
function cycle(again: number): Stream[] {
  return [
    { ...shop, to: 20 },
    { ...shop, from: 20, to: 30, class: 'quota_exceeded' },
    { ...shop, from: 30, to: again },
    { ...shop, from: again, to: again + 10, class: 'quota_exceeded' },
    { ...shop, from: again + 10, to: 90 },
  ];
}

test('refusals within the grace time are the same incident, later ones are a new one', () => {
  expect(play(traffic(cycle(40))).incidents).toMatchObject([
    { started_at: minute(20), resolved_at: minute(50) },
  ]);
  expect(play(traffic(cycle(60))).incidents).toMatchObject([
    { started_at: minute(20) },
    { started_at: minute(60) },
  ]);
});

test('an exhaustion that lasts hours keeps its start, its sums and its last success', () => {
  const long = { ...shop, to: 300 };
  const { incidents } = play(traffic(refusedBetween(long, 30, 290, 'credit_balance')));
  expect(incidents).toMatchObject([
    {
      state: 'resolved',
      started_at: minute(30),
      resolved_at: minute(290),
      evidence: { failed_requests: 260 * 120, last_success_at: new Date((at(30) - 10) * 1000).toISOString() },
    },
  ]);
});

test.each<[string, Partial<Stream>, string]>([
  ['key and project', { api_key: 'k1', project: 'shop' }, '1 key in 1 project refused'],
  ['keys only', { api_key: 'k1' }, '1 key refused'],
  ['projects only', { project: 'shop' }, '1 project refused'],
  // Written 10 s before the end: the numbers of an open incident are written once a minute.
  ['neither', {}, '236 requests refused'],
])('the verdict counts keys and projects only where the logs name them: %s', (_name, named, text) => {
  const calm: Stream = { from: 0, to: 30, per_minute: 24, ...named };
  const [incident] = play(
    traffic([calm, { ...calm, from: 30, to: 40, class: 'quota_exceeded', subclass: 'credit_balance' }]),
  ).incidents.filter(({ kind }) => kind === 'quota_exhausted');
  expect(incident?.verdict.why).toContain(`: ${text} for quota since`);
  expect(Object.keys(incident?.evidence ?? {}).includes('affected_key_count')).toBe('api_key' in named);
});
