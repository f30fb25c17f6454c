import type { Incident } from '../../domain/incident.ts';

/** Minutes before the present at which each trouble begins and ends. */
export const surge = { from: 52, until: 0 };
export const quota = { from: 395, until: 0 };
export const outage = { from: 880, until: 838 };

/** The incidents of the seeded day, as the analyzers write them. */
export function seededIncidents(present: number): Incident[] {
  const at = (minutes: number): string => new Date(present + minutes * 60_000).toISOString();
  return [
    {
      id: 'inc-5d1c0e2a',
      kind: 'slow_down_surge',
      state: 'firing',
      severity: 'critical',
      scope: { provider: 'openai', org: 'acme', project: 'search', model: 'gpt-4.1' },
      started_at: at(-surge.from),
      detected_at: at(-surge.from + 1),
      resolved_at: null,
      summary:
        'OpenAI answers "Slow Down" to 11 % of the requests of project search: the rate rose from 418 to 1,003 a minute within 14 minutes.',
      verdict: {
        party: 'traffic',
        why: 'Only gpt-4.1 of project search is slowed down, and only after its rate had risen by 140 %; other projects and models are well.',
      },
      evidence: {
        slow_down_count: 5_214,
        share: 0.111,
        original_rate_per_minute: 418,
        present_rate_per_minute: 1_003,
        clients: ['ranker'],
        complies: false,
      },
      remedy: {
        steps: [
          'Return to 418 requests per minute now; follow retry-after where it is sent.',
          'Hold that rate for at least 15 minutes. A breach restarts the hold.',
          'Then raise it by at most 50 % per 15 minutes.',
        ],
        retry: 'after_wait',
        owner: 'calling service: ranker',
        hold_until: at(9.4),
        plan: [
          { at: at(-1), requests_per_minute: 418 },
          { at: at(14), requests_per_minute: 627 },
          { at: at(29), requests_per_minute: 940 },
          { at: at(44), requests_per_minute: 1_003 },
        ],
        docs: 'docs/errors/slow_down.md',
      },
      sample_request_ids: ['req_7f1c2a90', 'req_7f1c2ab4'],
      related: [],
    },
    {
      id: 'inc-90b7f1d3',
      kind: 'quota_exhausted',
      state: 'firing',
      severity: 'critical',
      scope: { provider: 'azure', org: 'acme', project: 'batch' },
      started_at: at(-quota.from),
      detected_at: at(-quota.from + 1),
      resolved_at: null,
      summary:
        'The monthly budget of project batch is used up: 4 of 5 requests are refused, and every retry will be too.',
      verdict: {
        party: 'account',
        why: 'All keys of project batch are refused with insufficient_quota; other projects of the organization still work.',
      },
      evidence: {
        refused: 39_640,
        useless_retries: 23_784,
        quota: 'project_spend_limit',
        keys: ['sk-proj-…f3Qz#9a1c27be'],
      },
      remedy: {
        steps: [
          'Raise the monthly budget of project batch, or add credit.',
          'Stop the retries of nightly-labels: they never succeed.',
        ],
        retry: 'no',
        owner: 'billing owner',
        docs: 'docs/errors/quota_exceeded.md',
      },
      sample_request_ids: ['req_5e02bb17'],
      related: [],
    },
    {
      id: 'inc-3c44ab08',
      kind: 'retry_storm',
      state: 'resolved',
      severity: 'warning',
      scope: { provider: 'openai' },
      started_at: at(-outage.from),
      detected_at: at(-outage.from + 2),
      resolved_at: at(-outage.until),
      summary: 'OpenAI failed 26 % of all requests with 500, 503 and timeouts, on every model.',
      verdict: {
        party: 'provider',
        why: 'All models of openai failed at once for every client and region; azure and anthropic did not.',
      },
      evidence: { share: 0.26, failed: 4_403 },
      remedy: {
        steps: ['Retry with back-off and jitter.'],
        retry: 'yes',
        owner: 'provider',
        docs: 'docs/errors/server_error.md',
      },
      sample_request_ids: [],
      related: [],
    },
  ];
}
