import { describe, expect, it } from 'vitest';
import type { Incident } from '../../domain/incident.ts';
import { incidentInFull, incidentsAsCsv, incidentsAsTable } from './incidents.ts';

const surge: Incident = {
  id: '3fa9c1d2e5b60718',
  kind: 'slow_down_surge',
  state: 'firing',
  severity: 'critical',
  scope: { provider: 'openai', model: 'gpt-5' },
  started_at: '2026-03-01T03:00:10Z',
  detected_at: '2026-03-01T03:00:50Z',
  resolved_at: null,
  summary: 'gpt-5 answers Slow Down: 412 of 5,120 requests in a minute',
  verdict: { party: 'traffic', why: 'the rate rose fourfold in 3 minutes' },
  evidence: {
    original_requests_per_minute: 1_200,
    original_is_estimate: false,
    growth_unit: 'requests_per_minute',
    ramp_started_at: '2026-03-01T03:00:00Z',
    slow_down_share: 0.080_46,
    present_slow_down_share: 0.25,
    clients_over_rate: ['checkout', 'batch\u001B[2J'],
    affected_models: [],
    of_a_newer_version: 3,
  },
  remedy: {
    steps: ['Return to 1,200 requests a minute.', 'Hold it for 15 minutes.'],
    retry: 'after_wait',
    owner: 'calling service',
    hold_until: '2026-03-01T03:30:00Z',
    plan: [{ at: '2026-03-01T03:30:00Z', requests_per_minute: 1_800 }],
    docs: 'docs/errors/slow_down.md',
  },
  sample_request_ids: ['req_1', 'req_2'],
  related: [],
};
const quota: Incident = {
  ...surge,
  id: '3fa9c1d2ffffffff',
  kind: 'quota_exhausted',
  state: 'resolved',
  resolved_at: '2026-03-01T05:00:10Z',
  scope: {},
};
const terminal = { width: 90, color: false, now: Date.parse('2026-03-01T03:10:10Z') };

describe('incidents', () => {
  it('are two lines each, with ids just long enough to be unique', () => {
    expect(incidentsAsTable([surge, quota], terminal)).toEqual([
      'id         state     severity  kind             began (UTC)       lasted  scope',
      '3fa9c1d2e  firing    critical  slow_down_surge  2026-03-01 03:00     10m  openai / gpt-5',
      '  gpt-5 answers Slow Down: 412 of 5,120 requests in a minute',
      '3fa9c1d2f  resolved  critical  quota_exhausted  2026-03-01 03:00      2h  everything',
      '  gpt-5 answers Slow Down: 412 of 5,120 requests in a minute',
    ]);
  });

  it('that are open at the end of a log last until the log ends', () => {
    expect(incidentInFull(surge, { ...terminal, log_ended: true })[3]).toBe(
      'began       2026-03-01 03:00:10 UTC, found 40s later, lasts 10m until the log ends',
    );
    expect(incidentInFull(quota, { ...terminal, log_ended: true })[3]).toContain('lasted 2h');
    expect(incidentInFull(quota, { ...terminal, log_ended: true })[3]).not.toContain('log');
  });

  it('are shown in full with verdict, evidence, remedy and plan, and no control character', () => {
    expect(incidentInFull(surge, terminal)).toEqual([
      'slow_down_surge  firing  critical  3fa9c1d2e5b60718',
      'gpt-5 answers Slow Down: 412 of 5,120 requests in a minute',
      '',
      'began       2026-03-01 03:00:10 UTC, found 40s later, lasts 10m',
      'scope       provider openai, model gpt-5',
      'verdict     Your traffic: the rate rose fourfold in 3 minutes',
      'so far      Slow Down share: 8.046 %',
      'now         Slow Down share: 25 %',
      '            Clients above their original rate, per minute with retries: checkout,',
      '            batch�[2J',
      'before      Requests per minute, original rate: 1,200',
      '            Original rate is estimated as half of the peak: no',
      '            Growth began: 2026-03-01 03:00 UTC',
      'facts       Growth is measured in: requests per minute',
      '            of_a_newer_version: 3',
      '',
      'What to do (calling service, retry after a wait)',
      '  1. Return to 1,200 requests a minute.',
      '  2. Hold it for 15 minutes.',
      'hold until  2026-03-01 03:30 UTC',
      'plan        from 2026-03-01 03:30 UTC at most 1,800 requests a minute',
      '',
      'requests    req_1, req_2',
      'runbook     docs/errors/slow_down.md',
    ]);
  });

  it('are CSV rows with their scope and evidence as JSON', () => {
    const [header, row] = incidentsAsCsv([surge]).split('\r\n');
    expect(header?.split(',').slice(0, 4)).toEqual(['id', 'kind', 'state', 'severity']);
    expect(row).toContain('"{""provider"":""openai"",""model"":""gpt-5""}"');
  });
});
