import { describe, expect, test } from 'vitest';
import type { Incident } from '../domain/incident.ts';
import { play } from '../tests/fixtures/play.ts';
import { type Stream, traffic } from '../tests/fixtures/traffic.ts';
import { judgeGateway, keepGateway } from './gateway-verdict.ts';
import { rateLimitSurge } from './kinds/rate-limit-surge.ts';

const web: Stream = { from: 0, to: 100, per_minute: 120, client: 'web', model: 'm' };
const refused: Stream = { ...web, from: 60, to: 70, per_minute: 60, class: 'rate_limit' };
const found = (detector: typeof rateLimitSurge): Incident => {
  const [one] = play(traffic([web, { ...refused, retries: 1 }]), { detectors: [detector] }).incidents;
  if (one === undefined) throw new Error('nothing was found');
  return one;
};
const surge = found(rateLimitSurge);
const answers = { failures: 100, by_gateway: 90, gateway_class: 'rate_limit' } as const;

describe("an incident whose failures came from the caller's own gateway", () => {
  const judged = judgeGateway(surge, answers);

  test('reports it with numbers, and whom to ask', () => {
    expect(judged.verdict.party).toBe('gateway');
    expect(judged.verdict.why).toMatch(
      /^Your own gateway refused, not the provider: when this was found, 90 failures \(90 %\)/,
    );
    expect(judged.summary).toMatch(/; your own gateway refused them\.$/);
    expect(judged.evidence).toMatchObject({
      gateway_answers: 90,
      gateway_share: 0.9,
      gateway_class: 'rate_limit',
    });
    expect(judged.remedy).toMatchObject({ owner: 'gateway team', docs: 'docs/incidents/gateway.md' });
    expect(judged.remedy.steps[0]).toContain('Find the limit in the log of the gateway');
  });

  test("keeps the gateway's verdict in every later version, and states it once", () => {
    const later = keepGateway(surge, judged.evidence);
    expect(later.verdict.party).toBe('gateway');
    expect(later.summary).toBe(judged.summary);
    expect(keepGateway(later, judged.evidence)).toEqual(later);
  });

  test('keeps kind, scope, severity and times', () => {
    const { kind, scope, severity, started_at, detected_at } = judged;
    expect({ kind, scope, severity, started_at, detected_at }).toEqual({
      kind: surge.kind,
      scope: surge.scope,
      severity: surge.severity,
      started_at: surge.started_at,
      detected_at: surge.detected_at,
    });
  });

  test.each([
    ['quota_exceeded', 'Raise or reset the budget'],
    ['invalid_authentication', 'Issue a key of the gateway'],
    ['permission_denied', 'Give the key or team access'],
    ['not_found', 'Add the model or route'],
    ['bad_request', 'Find the guardrail'],
    ['engine_overloaded', 'Look at the gateway'],
  ] as const)('%s has steps of its own', (gateway_class, step) => {
    expect(judgeGateway(surge, { ...answers, gateway_class }).remedy.steps[0]).toContain(step);
  });
});

test.each([
  ['half of them', { failures: 100, by_gateway: 50, gateway_class: 'rate_limit' as const }],
  ['none of them', { failures: 100, by_gateway: 0, gateway_class: '' as const }],
  ['no stored failures', { failures: 0, by_gateway: 0, gateway_class: '' as const }],
])('with %s from the gateway the verdict stays', (_name, some) => {
  expect(judgeGateway(surge, some)).toEqual(surge);
});

test('a retry storm keeps its verdict, whoever refuses the requests', () => {
  const storm: Incident = { ...surge, kind: 'retry_storm' };
  expect(judgeGateway(storm, answers)).toEqual(storm);
});

test("a report of an incident that is not the gateway's stays as it is", () => {
  expect(keepGateway(surge, surge.evidence)).toBe(surge);
  expect(keepGateway(surge, undefined)).toBe(surge);
});
