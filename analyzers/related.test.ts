import { expect, test } from 'vitest';
import { incidentKindNames, factsOf } from '../domain/incident-kind.ts';
import { play } from '../tests/fixtures/play.ts';
import { START, type Stream, traffic } from '../tests/fixtures/traffic.ts';
import { quotaExhausted } from './kinds/quota-exhausted.ts';
import { retryStorm } from './kinds/retry-storm.ts';
import type { Scope } from '../domain/incident.ts';
import type { LiveIncident } from './live-incident.ts';
import { newConsequences } from './related.ts';

const detectors = [quotaExhausted, retryStorm];

const shop: Stream = {
  from: 0,
  to: 90,
  per_minute: 60,
  project: 'shop',
  client: 'web',
  model: 'gpt-5',
  api_key: 'k1',
};
/** A stream that is refused from minute 30 to 60 because its quota is used up; every request is sent three times. */
const spent = (stream: Stream): Stream[] => [
  { ...stream, to: 30 },
  { ...stream, from: 30, to: 60, class: 'quota_exceeded', subclass: 'project_spend_limit' },
  { ...stream, from: 60 },
];
/** A stream of which each failed request is sent again and again. */
const storm = (stream: Stream): Stream => ({
  ...stream,
  from: 32,
  to: 60,
  class: 'rate_limit',
  per_minute: 120,
  retries: 20,
});

test('a retry storm of callers whose quota ran out is listed under the quota', () => {
  const { incidents } = play(traffic([...spent(shop), storm(shop)]), { detectors });
  const quota = incidents.find(({ kind }) => kind === 'quota_exhausted');
  const retries = incidents.find(({ kind }) => kind === 'retry_storm');
  expect(quota?.related).toEqual([retries?.id]);
  expect(retries?.related).toEqual([]);
});

test('a retry storm of other callers is not: two causes stay two', () => {
  const docs = { ...shop, project: 'docs', client: 'batch', api_key: 'k2' };
  const { incidents } = play(traffic([...spent(shop), docs, storm(docs)]), { detectors });
  expect(incidents.map(({ kind, related }) => [kind, related])).toEqual([
    ['quota_exhausted', []],
    ['retry_storm', []],
  ]);
});

test('a listed consequence is not listed again, nor under another cause', () => {
  const { live } = play(traffic([...spent(shop), storm(shop)]), { detectors });
  expect(newConsequences(live).size).toBe(0);
});

test('two outages that turn out to be one region are one cause: the later is listed under the earlier', () => {
  const region = { region: 'eu-1' };
  const outage = (provider: string, at: number, scope: Scope): LiveIncident => {
    const [some] = [...play(traffic(spent(shop)), { detectors, until: START + 45 * 60 }).live.values()];
    if (some === undefined) throw new Error('nothing was found');
    return {
      incident: { ...some.incident, id: provider, kind: 'provider_outage', state: 'firing', scope },
      memory: {
        ...some.memory,
        identity: { provider },
        life: { ...some.memory.life, detected_at: at, resolved_at: null },
      },
    };
  };
  const of = (a: Scope, b: Scope): Map<string, string[]> =>
    newConsequences(
      new Map([
        ['a', outage('openai', 20, a)],
        ['b', outage('azure', 10, b)],
      ]),
    );
  expect(of(region, region)).toEqual(new Map([['b', ['openai']]]));
  expect(of({ ...region, provider: 'openai' }, { ...region, provider: 'azure' }).size).toBe(0);
});

test('consequences in the table of kinds are kinds, and none explains itself or its cause', () => {
  for (const kind of incidentKindNames) {
    for (const consequence of factsOf(kind).explains ?? []) {
      expect(consequence).not.toBe(kind);
      const other = incidentKindNames.find((name) => name === consequence);
      if (other !== undefined) expect(factsOf(other).explains ?? []).not.toContain(kind);
    }
  }
});
