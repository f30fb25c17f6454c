import type { Scenario } from '../scenario.ts';
import { calmDay, surge } from './days.ts';
import { ORG } from './harborline.ts';
import { EVENT_AT, HOUR, MINUTE, OPENAI, twoHours } from './two-hours.ts';

/** What happens to logs on their way: late records, wrong order, wrong clocks, gaps. */
export const disorderScenarios: readonly Scenario[] = [
  twoHours(
    'late-records',
    'One record in ten comes up to two minutes late, during a Slow Down surge.',
    [surge(EVENT_AT)],
    {
      disorder: { late_share: 0.1, late_ms: 2 * MINUTE },
    },
  ),
  twoHours(
    'clock-skew',
    'The clock of one service is forty seconds slow while a quota is spent.',
    [
      {
        kind: 'quota_exhausted',
        where: OPENAI,
        after_ms: EVENT_AT,
        lasts_ms: 35 * MINUTE,
        subclass: 'credit_balance',
      },
    ],
    { disorder: { skew: { where: { org: ORG, client: 'invoice-reader' }, ms: -40_000 } } },
  ),
  twoHours('gap', 'Nothing is logged for ten minutes of calm: no incident.', [], {
    disorder: { gap: { after_ms: EVENT_AT, lasts_ms: 10 * MINUTE } },
  }),
  {
    ...calmDay,
    name: 'calm-late',
    title: 'A calm day of which one record in twenty comes up to five minutes late: no incident.',
    duration_ms: 12 * HOUR,
    requests_per_second: 2,
    disorder: { late_share: 0.05, late_ms: 5 * MINUTE },
  },
];
