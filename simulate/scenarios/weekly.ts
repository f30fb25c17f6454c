import type { SimulatedFault, LoadChange, Scenario } from '../scenario.ts';
import { ASSISTANT, harborline } from './harborline.ts';
import { EVENT_AT, HOUR, MINUTE, OPENAI, twoHours } from './two-hours.ts';

const WEEK = 168 * HOUR;
/** After this many weeks the analyzers know what is usual at this hour of the week. */
const LEARNING_WEEKS = 3;
const WEEKS = 6;
const REPORT = { ...OPENAI, client: 'weekly-report' };
const USUAL = 0.3;
/** Outside of the hour of its run, the job sends only this part of its rate. */
const IDLE = 0.01;

const job = harborline
  .filter(({ client }) => client === 'query-rewriter')
  .filter(({ provider }) => provider === 'openai')
  .map((caller) => ({ ...caller, client: 'weekly-report', weight: caller.weight * IDLE }));

/**
 * One run of the job: the job sends for an hour, and the API refuses a share of the requests because they are wrong.
 */
function run(week: number, share: number, truth: SimulatedFault['truth']): [LoadChange, SimulatedFault] {
  const times = { where: REPORT, after_ms: week * WEEK + EVENT_AT, lasts_ms: HOUR };
  return [
    { ...times, kind: 'load', ramp_ms: 1, factor: 1 / IDLE, truth: null },
    { ...times, kind: 'fault', share, classes: ['bad_request'], truth },
  ];
}

const surge = { kind: 'error_surge', party: null };

/**
 * A job runs at the same hour of each week, for six weeks. When the job has failed at this hour in three weeks, such
 * failures are usual from the fourth week on.
 */
export const weeklyScenarios: readonly Scenario[] = [
  {
    ...twoHours(
      'weekly-peak',
      'A job fails alike every week, which is usual from the fourth on; in the fifth a client fails under its peak, in the sixth nothing of the job succeeds.',
      [
        ...[0, 1, 2, 3, 4].flatMap((week) => run(week, USUAL, week < LEARNING_WEEKS ? surge : null)),
        ...run(5, 1, { ...surge, usual_share: USUAL }),
        {
          kind: 'fault',
          where: { ...OPENAI, project: ASSISTANT, client: 'support-bot' },
          after_ms: 4 * WEEK + EVENT_AT + 15 * MINUTE,
          lasts_ms: 20 * MINUTE,
          share: 0.5,
          classes: ['bad_request'],
          truth: surge,
        },
      ],
      { callers: [...harborline, ...job], requests_per_second: 3 },
    ),
    duration_ms: (WEEKS - 1) * WEEK + 3 * HOUR,
    hours: Array.from({ length: WEEKS }, (_, week) => ({
      from_ms: week * WEEK,
      to_ms: week * WEEK + 3 * HOUR,
    })),
  },
];
