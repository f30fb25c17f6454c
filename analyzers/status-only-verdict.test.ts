import { describe, expect, test } from 'vitest';
import type { Incident } from '../domain/incident.ts';
import { play } from '../tests/fixtures/play.ts';
import { type Stream, traffic } from '../tests/fixtures/traffic.ts';
import { keepByStatus, warnByStatus } from './status-only-verdict.ts';
import { rateLimitSurge } from './kinds/rate-limit-surge.ts';

const web: Stream = { from: 0, to: 100, per_minute: 120, client: 'web', model: 'm' };
const refused: Stream = { ...web, from: 60, to: 70, per_minute: 60, class: 'rate_limit' };
const [surge] = play(traffic([web, refused]), { detectors: [rateLimitSurge] }).incidents;
if (surge === undefined) throw new Error('nothing was found');
const bare = { failures: 40, by_status: 39 };

describe('a rate-limit surge whose answers have no body', () => {
  const warned = warnByStatus(surge, bare);

  test('says how many, that quota and Slow Down look the same, and how to log bodies', () => {
    expect(warned.verdict.why).toContain('39 of 40 answers with 429 had no body that says why');
    expect(warned.evidence).toMatchObject({ without_body: 39, looked_at: 40 });
    expect(warned.remedy.steps[0]).toContain('docs/errors/rate_limit.md#without-a-body');
    expect(warned.remedy.steps.slice(1)).toEqual(surge.remedy.steps);
  });

  test('says it in every later version, once', () => {
    const later = keepByStatus(surge.kind, surge, warned.evidence);
    expect(later.verdict).toEqual(warned.verdict);
    expect(keepByStatus(surge.kind, later, warned.evidence)).toEqual(later);
  });
});

test.each([
  ['half of them', { failures: 40, by_status: 20 }],
  ['none of them', { failures: 40, by_status: 0 }],
  ['nothing that is stored', { failures: 0, by_status: 0 }],
])('with %s judged by the status alone the verdict stays', (_name, answers) => {
  expect(warnByStatus(surge, answers)).toEqual(surge);
});

test('of a failing server the status tells enough', () => {
  const outage: Incident = { ...surge, kind: 'provider_outage' };
  expect(warnByStatus(outage, bare)).toEqual(outage);
  expect(keepByStatus('provider_outage', outage, { without_body: 39, looked_at: 40 })).toBe(outage);
});
