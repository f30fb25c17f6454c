import type { Exhaustion, Scenario } from '../scenario.ts';
import { ASSISTANT, DOCUMENTS, SEARCH } from './harborline.ts';
import { EVENT_AT, HOUR, MINUTE, OPENAI, twoHours } from './two-hours.ts';

function spent(where: Exhaustion['where'], more: Partial<Exhaustion> = {}): Exhaustion {
  return {
    kind: 'quota_exhausted',
    where,
    after_ms: EVENT_AT,
    lasts_ms: 35 * MINUTE,
    subclass: 'project_spend_limit',
    ...more,
  };
}

/** Quotas that are spent, one after the other, and budgets that will be spent. */
export const accountScenarios: readonly Scenario[] = [
  twoHours('quota-two-projects', 'A second project spends its limit ten minutes after the first got more.', [
    spent({ ...OPENAI, project: ASSISTANT }, { lasts_ms: 15 * MINUTE }),
    spent({ ...OPENAI, project: DOCUMENTS }, { after_ms: EVENT_AT + 25 * MINUTE, lasts_ms: 20 * MINUTE }),
  ]),
  twoHours('quota-overlapping', 'Two projects spend their limits five minutes apart.', [
    spent({ ...OPENAI, project: ASSISTANT }),
    spent({ ...OPENAI, project: SEARCH }, { after_ms: EVENT_AT + 5 * MINUTE }),
  ]),
  twoHours(
    'quota-small',
    'A company that sends six requests a minute has no credit left.',
    [spent(OPENAI, { subclass: 'credit_balance' })],
    { requests_per_second: 0.1 },
  ),
  twoHours('quota-usage-limit', 'The organization has used its assigned limit.', [
    spent(OPENAI, { subclass: 'organization_usage_limit' }),
  ]),
  {
    ...twoHours('quota-forecast', 'At this pace the budget of the day is spent by the evening.', [
      {
        kind: 'load',
        where: OPENAI,
        after_ms: 9 * HOUR,
        ramp_ms: 30 * MINUTE,
        lasts_ms: 15 * HOUR,
        factor: 3,
        truth: { kind: 'quota_forecast', party: 'account', scope: OPENAI },
      },
    ]),
    duration_ms: 24 * HOUR,
    requests_per_second: 2,
    settings: {
      analyzers: { quota_forecast: { budgets: [{ provider: 'openai', amount_usd: 900, period: 'day' }] } },
    },
  },
];
