import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { play } from '../tests/fixtures/play.ts';
import { countRow, START, type Stream, traffic } from '../tests/fixtures/traffic.ts';
import { countView, orgKey } from './count-view.ts';
import { authFailure } from './kinds/auth-failure.ts';
import { quotaExhausted } from './kinds/quota-exhausted.ts';
import { OrgCounts } from './org-counts.ts';
import { namedByFailures } from './named-by-failures.ts';

const minute = (n: number): string => new Date((START + n * 60) * 1000).toISOString();
const web: Stream = { from: 0, to: 120, per_minute: 60, client: 'web', model: 'gpt-5', org: '' };
const refused: Stream = { ...web, org: 'acme', class: 'quota_exceeded' };

describe('an organization that the log names on failures only', () => {
  const detectors = [quotaExhausted];

  test('a few refusals among many successes are no incident', () => {
    const streams = [web, { ...refused, from: 60, to: 70, per_minute: 6 }];
    expect(play(traffic(streams), { detectors }).incidents).toEqual([]);
  });

  test('the incident of a quota that runs out begins and ends with the refusals', () => {
    const streams = [
      { ...web, to: 60 },
      { ...refused, from: 60, to: 70 },
      { ...web, from: 70 },
    ];
    const { incidents } = play(traffic(streams), { detectors });
    expect(incidents).toMatchObject([
      { started_at: minute(60), resolved_at: minute(70), scope: { org: 'acme' } },
    ]);
    expect(incidents[0]?.evidence).toMatchObject({
      unnamed_successes_counted: true,
      last_success_at: minute(60 - 1 / 6),
    });
    expect(incidents[0]?.evidence).not.toHaveProperty('no_data');
    expect(incidents[0]?.verdict.why).toContain('No success names this organization');
    expect(incidents[0]?.verdict.why).not.toContain('no success was seen');
  });

  test('an organization that succeeds at times is judged by its own counts', () => {
    const streams = [
      web,
      { ...web, org: 'acme', from: 20, to: 60 },
      { ...refused, from: 60, to: 70, per_minute: 6 },
    ];
    const [incident] = play(traffic(streams), { detectors }).incidents;
    expect(incident?.evidence).not.toHaveProperty('unnamed_successes_counted');
    expect(incident).toMatchObject({ started_at: minute(60) });
  });

  test('it is judged by its own counts when all successes name another organization', () => {
    const streams = [
      { ...web, org: 'beta' },
      { ...refused, from: 60, to: 70 },
    ];
    const [incident] = play(traffic(streams), { detectors }).incidents;
    expect(incident?.verdict.why).toContain('no success was seen');
  });
});

describe('a key that the log names on failures only', () => {
  const detectors = [authFailure];
  const refusal: Stream = { ...web, api_key: 'k1', class: 'incorrect_api_key' };

  test('a few refusals among many successes are no incident', () => {
    const streams = [web, { ...refusal, org: '', from: 60, to: 70, per_minute: 6 }];
    expect(play(traffic(streams), { detectors }).incidents).toEqual([]);
  });

  test('the key is not in the scope, and the verdict says that its successes are unknown', () => {
    const streams = [web, { ...refusal, org: '', from: 60, to: 70, per_minute: 60 }];
    const [incident] = play(traffic(streams), { detectors }).incidents;
    expect(incident?.scope).toEqual({ provider: 'openai', client: 'web', model: 'gpt-5' });
    expect(incident?.evidence).toMatchObject({ reason: 'credentials', affected_keys: ['k1'] });
    expect(incident?.verdict.why).toBe(
      'Since 11:00:00 UTC 600 of 1,200 requests of web have been refused for their credentials; the logs name keys on refusals only (k1), so whether these also succeed is unknown.',
    );
  });

  test('five keys of one client are keys that are tried out', () => {
    const streams = [
      web,
      ...['a', 'b', 'c', 'd', 'e'].map((api_key) => ({ ...refusal, api_key, from: 60, to: 70 })),
    ];
    expect(play(traffic(streams), { detectors }).incidents[0]?.evidence).toMatchObject({ reason: 'probing' });
  });
});

test('a dimension is named by failures alone if failures name it and there are successes, none of which does', () => {
  const view = (rows: Parameters<typeof countRow>[0][]): string[] => {
    const [org] = countView(rows.map((row) => countRow(row))).orgs.values();
    return org === undefined ? [] : namedByFailures(org.between(0, Infinity));
  };
  expect(view([{}, { class: 'timeout', api_key: 'k', model: 'm' }])).toEqual(['key', 'model']);
  expect(view([{ model: 'other' }, { class: 'timeout', api_key: 'k', model: 'm' }])).toEqual(['key']);
  expect(view([{ class: 'rate_limit' }, { class: 'timeout', api_key: 'k' }])).toEqual([]);
  expect(view([{}, { class: 'timeout' }])).toEqual([]);
});

test('two organizations together have the rows of both in order of time', () => {
  const row = fc.record({
    ts: fc.nat(20).map((n) => START + n * 10),
    org: fc.constantFrom('', 'acme'),
    model: fc.constantFrom('', 'm'),
    api_key: fc.constantFrom('k', 'l'),
    class: fc.constantFrom('ok' as const, 'timeout' as const),
    requests: fc.integer({ min: 1, max: 70_000 }),
    retries: fc.nat(3),
  });
  fc.assert(
    fc.property(fc.array(row), fc.boolean(), (parts, isCoarse) => {
      const { orgs } = countView(parts.map((part) => countRow(part)));
      const own = orgs.get(orgKey({ provider: 'openai', org: 'acme' })) ?? new OrgCounts('openai', 'acme');
      const unnamed = orgs.get(orgKey({ provider: 'openai', org: '' })) ?? new OrgCounts('openai', '');
      own.dropBefore(START + 30);
      if (isCoarse) unnamed.makeCoarse();
      const { rows } = OrgCounts.together(own, unnamed);
      expect(rows.map(({ ts }) => ts)).toEqual(rows.map(({ ts }) => ts).sort((a, b) => a - b));
      const sums = (all: typeof rows): Record<string, number> => {
        const found: Record<string, number> = {};
        for (const one of all) {
          const key = [one.ts, one.model, isCoarse ? '' : one.api_key, one.class].join('|');
          found[key] = (found[key] ?? 0) + one.requests + one.retries / 8;
        }
        return found;
      };
      expect(sums(rows)).toEqual(sums([...own.rows, ...unnamed.rows]));
      expect(rows.every(({ org }) => org === 'acme')).toBe(true);
    }),
  );
});
