import { describe, expect, test } from 'vitest';
import { settingsSchema } from '../domain/settings.ts';
import { defaults, play } from '../tests/fixtures/play.ts';
import { type Stream, traffic } from '../tests/fixtures/traffic.ts';
import type { AnalyzerSettings, Detector } from './detector.ts';
import { evaluate, type Live } from './evaluate.ts';
import { countView } from './count-view.ts';
import { detectors as allDetectors } from './kinds/kinds.ts';
import { providerOutage } from './kinds/provider-outage.ts';
import { rateLimitSurge } from './kinds/rate-limit-surge.ts';
import { subjectNamesOf } from './identity.ts';
import { settingsFor } from './settings-for.ts';

const parse = (analyzers: object): AnalyzerSettings => settingsSchema.parse({ analyzers }).analyzers;
const org = (name: string): Stream => ({
  from: 0,
  to: 90,
  per_minute: 60,
  org: name,
  client: 'web',
  model: 'm',
});
const limited = (name: string, perMinute: number): Stream => ({
  ...org(name),
  from: 60,
  to: 75,
  per_minute: perMinute,
  class: 'rate_limit',
});
/** For a quarter of an hour, one request in six of acme and one in forty of beta is refused by a limit. */
const rows = traffic([org('acme'), limited('acme', 12), org('beta'), limited('beta', 12)]);
const orgsOf = (settings: AnalyzerSettings, detectors: readonly Detector[] = [rateLimitSurge]) =>
  play(rows, { settings, detectors }).incidents.map(({ scope }) => scope.org);

describe('overrides', () => {
  test.each<[string, object[], string[]]>([
    ['without any, every organization is judged alike', [], ['acme', 'beta']],
    [
      'a higher threshold applies to the named organization',
      [{ where: { org: 'acme' }, rate_limit_surge: { share: 0.5 } }],
      ['beta'],
    ],
    [
      'a kind that is off for one organization is on for the others',
      [{ where: { org: 'acme' }, rate_limit_surge: { enabled: false } }],
      ['beta'],
    ],
    [
      'an override for another provider does not apply',
      [{ where: { org: 'acme', provider: 'elsewhere' }, rate_limit_surge: { enabled: false } }],
      ['acme', 'beta'],
    ],
    [
      'an override for another kind does not apply',
      [{ where: { org: 'acme' }, error_surge: { enabled: false } }],
      ['acme', 'beta'],
    ],
    [
      'of two matching overrides the later wins, member by member',
      [
        { where: { provider: 'openai' }, rate_limit_surge: { enabled: false, share: 0.01 } },
        { where: { org: 'beta' }, rate_limit_surge: { enabled: true } },
      ],
      ['beta'],
    ],
  ])('%s', (_name, overrides, orgs) => {
    expect(orgsOf(parse({ overrides }))).toEqual(orgs);
  });

  test('a kind that is off for all can be on for one', () => {
    const settings = parse({
      rate_limit_surge: { enabled: false },
      overrides: [{ where: { org: 'acme' }, rate_limit_surge: { enabled: true } }],
    });
    expect(orgsOf(settings)).toEqual(['acme']);
  });

  test('the counts that are read are enough for the longest window and the smallest count', () => {
    const settings = parse({
      overrides: [
        { where: { org: 'acme' }, rate_limit_surge: { window_seconds: 600 } },
        { where: { org: 'beta' }, rate_limit_surge: { count: 2 }, slow_down_risk: { count: 3 } },
        { where: { provider: 'openai' }, provider_outage: { window_seconds: 120 } },
      ],
    });
    expect(rateLimitSurge.least(settings)).toEqual({
      // Half of `count` is enough in the long window.
      count: 1,
      seconds: rateLimitSurge.least(parse({ rate_limit_surge: { window_seconds: 600 } })).seconds,
    });
    expect(rateLimitSurge.lookback(settings)).toBeGreaterThan(rateLimitSurge.lookback(defaults));
    const wider = parse({ provider_outage: { window_seconds: 120 } });
    expect(providerOutage.reads?.(settings)).toEqual(providerOutage.reads?.(wider));
  });

  test('without a matching override the settings stay the same object', () => {
    const settings = parse({ overrides: [{ where: { org: 'acme' }, error_surge: { share: 0.5 } }] });
    const base = settings.error_surge;
    expect(settingsFor(settings, 'error_surge', base).of({ provider: 'openai', org: 'beta' })).toBe(base);
    expect(settingsFor(settings, 'error_surge', base).of({ provider: 'openai', org: 'acme' })).toEqual({
      ...base,
      share: 0.5,
    });
  });
});

test('an open incident is closed with its last report when its kind is switched off', () => {
  const counts = countView(rows);
  const start = Math.min(...rows.map(({ ts }) => ts)) + 3_600;
  let live: Live = new Map();
  const seen: string[] = [];
  for (let now = start; now <= start + 1_500; now += 10) {
    const isOn = now < start + 300;
    const settings = isOn ? defaults : parse({ rate_limit_surge: { enabled: false } });
    const { changes, live: next } = evaluate([rateLimitSurge], counts, live, now, settings);
    live = next;
    for (const { reason, live: one } of changes)
      if (one.incident.scope.org === 'acme' && reason !== 'refreshed')
        seen.push(`${reason}: ${one.incident.summary.split(':')[0]}`);
  }
  expect(seen.map((text) => text.split(':')[0])).toEqual(['fired', 'resolved']);
  expect(seen[1]?.split(': ')[1]).toBe(seen[0]?.split(': ')[1]);
});

test('a kind that is off for all reads nothing and judges nobody', () => {
  const off = parse(Object.fromEntries(allDetectors.map(({ kind }) => [kind, { enabled: false }])));
  for (const detector of allDetectors) {
    expect(detector.least(off).count, detector.kind).toBe(Infinity);
    expect(detector.reads?.(off) ?? null, detector.kind).toBe(null);
    expect(detector.lookback(off), detector.kind).toBe(0);
  }
  expect(orgsOf(off, allDetectors)).toEqual([]);
});

test('the table of kinds names the subject of each kind', () => {
  const { incidents } = play(rows, { detectors: allDetectors });
  expect(incidents.length).toBeGreaterThan(0);
  for (const { kind, scope } of incidents)
    for (const name of subjectNamesOf(kind)) expect(Object.keys(scope), kind).toContain(name);
});
