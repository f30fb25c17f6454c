import { describe, expect, test } from 'vitest';
import { incidentKindNames, type IncidentKind } from '../../domain/incident-kind.ts';
import type { Incident } from '../../domain/incident.ts';
import { resolvedOf, sampleIncident } from '../../tests/notify/sample-incidents.ts';
import { incidentText, noticeText } from './text.ts';

const t = Date.UTC(2026, 10, 2, 17, 8, 20) / 1000;
const now = t + 240;

/** An incident of each kind whose text names a number special to that kind. */
const samples: Partial<Record<IncidentKind, Partial<Incident>>> = {
  slow_down_surge: {
    scope: { provider: 'openai', org: 'acme', project: 'chat' },
    verdict: { party: 'traffic', why: '' },
    evidence: {
      original_requests_per_minute: 1_200,
      present_requests_per_minute: 2_612.4,
      slow_down_count: 88,
    },
    remedy: {
      steps: ['Return to 1,200 requests a minute at once.'],
      retry: 'after_wait',
      owner: 'owner of chat-api',
      hold_until: new Date((t + 1_200) * 1000).toISOString(),
      plan: [
        { at: new Date(t * 1000).toISOString(), requests_per_minute: 1_200 },
        { at: new Date((t + 1_200) * 1000).toISOString(), requests_per_minute: 1_800 },
      ],
      docs: 'docs/errors/slow_down.md',
    },
  },
  quota_exhausted: {},
  region_blocked: {
    verdict: { party: 'region', why: '' },
    evidence: { refused_requests: 41, refused_share: 0.3333, affected_regions: ['cn-north', 'ru-1'] },
  },
  retry_storm: {
    verdict: { party: 'traffic', why: '' },
    evidence: { attempts_per_request: 2.43, useless_share: 0.71 },
  },
  provider_outage: {
    scope: { provider: 'openai', model: 'gpt-5' },
    verdict: { party: 'provider', why: '' },
    evidence: { failed_requests: 400, failed_share: 0.42, burn_rate: 42 },
  },
  rate_limit_surge: {
    verdict: { party: 'traffic', why: '' },
    evidence: { refused_requests: 77, refused_share: 0.12, limits: ['tokens', 'requests'] },
  },
  rate_limit_saturation: {
    severity: 'warning',
    verdict: { party: 'traffic', why: '' },
    evidence: { limit: 'tokens', safe_per_minute: 27_000, seconds_to_zero: 40 },
  },
  slow_down_risk: {
    severity: 'warning',
    verdict: { party: 'traffic', why: '' },
    evidence: { safe_input_tokens_per_minute: 1_500_000, input_tokens_per_minute: 1_900_000 },
  },
  quota_forecast: {
    severity: 'warning',
    evidence: {
      spent_at: '2026-11-04T09:30:00.000Z',
      spent_usd: 812.5,
      budget_usd: 1_000,
      usd_per_hour: 4.7,
    },
  },
  auth_failure: {
    verdict: { party: 'key', why: '' },
    evidence: {
      reason: 'revoked',
      refused_requests: 55,
      affected_keys: ['sk-…abcd#0a1b2c3d'],
      last_success_at: '2026-11-02T17:07:50.000Z',
    },
  },
  error_surge: { evidence: { class: 'bad_request', failed_share: 0.3, usual_share: 0.01 } },
  unclassified: { evidence: { unknown_failures: 12, unknown_share: 0.021 } },
  pipeline: {
    scope: {},
    verdict: { party: 'pipeline', why: '' },
    evidence: {
      topic: 'llm-requests',
      waiting_records: 120_000,
      counted_until: '2026-11-02T17:05:00.000Z',
      causes: ['store'],
    },
  },
};

const numbers: Partial<Record<IncidentKind, string>> = {
  slow_down_surge: 'Return to 1,200 requests a minute (now 2,612 with retries)',
  quota_exhausted: '1,234 requests failed, 900 of them useless retries; quota: prepaid credit',
  region_blocked: '41 requests refused, 33.3 % of all; from cn-north, ru-1',
  retry_storm: '2.4 attempts a request; 71 % of the retries can never succeed',
  provider_outage: '42 % of the requests fail, 42 times the error budget',
  rate_limit_surge: '77 requests refused (12 %) by: tokens, requests',
  rate_limit_saturation: 'Slow down to 27,000 a minute: tokens used up in 40 s',
  slow_down_risk: 'Stay below 1,500,000 input tokens a minute (now 1,900,000)',
  quota_forecast: '813 of 1,000 USD spent, 4.7 USD an hour; all is spent at 2026-11-04 09:30 UTC',
  auth_failure:
    '55 requests refused: the key worked before and is refused now, keys sk-…abcd#0a1b2c3d, last success 17:07 UTC',
  error_surge: '30 % of the requests fail with Bad request, usually 1 %',
  unclassified: '12 failures that no rule recognises, 2.1 % of the requests',
  pipeline: '120,000 records of llm-requests wait; counted until 17:05 UTC (ClickHouse does not answer)',
};

describe('the message of each kind', () => {
  test.each(incidentKindNames)(
    '%s says what, where, since when, whose, the number and what to do',
    (kind) => {
      const incident = sampleIncident('i', t, { kind, ...samples[kind] });
      const { title, text } = incidentText(incident, 'firing', now);
      // Printed, so that it can be read as it will be on a phone.
      process.stdout.write(`${text}\n\n`);
      const lines = text.split('\n');
      expect(lines[0]).toBe(title);
      expect(lines[1]).toMatch(/^Since 17:08 UTC \(4 min\)\. Cause: .+\. Who acts: .+\.$/);
      if (numbers[kind] !== undefined) expect(lines[2]).toBe(numbers[kind]);
      expect(text).toMatch(/^Do: .+$/m);
      expect(text).toMatch(/^Runbook: docs\/.+$/m);
      expect(lines.length).toBeLessThanOrEqual(6);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(200);
    },
  );
});

describe('a message', () => {
  const incident = sampleIncident('i', t);
  test('says until when to hold a rate', () => {
    const surge = sampleIncident('i', t, { kind: 'slow_down_surge', ...samples.slow_down_surge });
    expect(incidentText(surge, 'firing', now).text).toContain('Hold until 17:28 UTC, then at most 1,800');
  });
  test('about the end says how long it lasted, and has no steps', () => {
    expect(incidentText(resolvedOf(incident, t + 3_700), 'resolved', t + 4_000).text).toBe(
      [
        'Resolved: Quota exhausted: openai / acme',
        'From 17:08 UTC to 18:10 UTC (1 h 2 min). Cause: your account. Who acts: billing owner.',
        '1,234 requests failed, 900 of them useless retries; quota: prepaid credit',
      ].join('\n'),
    );
  });
  test('has the date if it is not the same day', () => {
    expect(incidentText(incident, 'firing', t + 86_400).text).toContain(
      'Since 2026-11-02 17:08 UTC (24 h 0 min)',
    );
  });
  test('links to the runbook if docs are served', () => {
    expect(incidentText(incident, 'firing', now, 'https://docs.example.com/faultline/').text).toContain(
      'Runbook: https://docs.example.com/faultline/errors/quota_exceeded.md',
    );
  });
  test('leaves out an unknown number', () => {
    const bare = { ...incident, evidence: {} };
    expect(incidentText(bare, 'firing', now).text).not.toContain('{');
    expect(incidentText(bare, 'firing', now).text.split('\n')).toHaveLength(4);
  });
  test('keeps its lines, whatever a name contains', () => {
    const hostile = sampleIncident('i', t, {
      scope: { org: `a\r\nBcc: x@example.com\u0007${'x'.repeat(500)}` },
    });
    const { title, text } = incidentText(hostile, 'firing', now);
    expect(title).toMatch(/^CRITICAL Quota exhausted: a Bcc: x@example\.com x+…$/);
    expect(text.split('\n')).toHaveLength(5);
  });
  test('about a group names ten and counts the others', () => {
    const many = Array.from({ length: 12 }, (_, i) => sampleIncident(`i${i}`, t));
    const { title, text } = noticeText(many, 'firing', now);
    expect(title).toBe('12 incidents firing: Quota exhausted');
    expect(text.split('\n')).toHaveLength(12);
    expect(text.endsWith('\nand 2 more')).toBe(true);
  });
});
