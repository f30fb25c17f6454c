import type { Scenario } from '../scenario.ts';
import { ORG, SEARCH } from './harborline.ts';
import { HOUR, loadChange, MINUTE, OPENAI, twoHours } from './two-hours.ts';

const indexing = { ...OPENAI, project: SEARCH, client: 'search-indexer', model: 'text-embedding-3-small' };

/** Little traffic, much traffic, traffic that comes and goes: nothing is wrong. */
export const calmScenarios: readonly Scenario[] = [
  twoHours(
    'batch-jobs',
    'Batch jobs triple the traffic of one service every half hour: no incident.',
    [20, 50, 80, 110].map((minute) =>
      loadChange(indexing, 3, { after_ms: minute * MINUTE, ramp_ms: MINUTE, lasts_ms: 6 * MINUTE }),
    ),
  ),
  {
    ...twoHours('calm-small', 'A day of a company that sends one request a minute: no incident.', []),
    duration_ms: 24 * HOUR,
    requests_per_second: 1 / 60,
    diurnal: true,
  },
  twoHours('calm-busy', 'An hour and a half at sixty requests a second: no incident.', [], {
    duration_ms: 90 * MINUTE,
    requests_per_second: 60,
  }),
  twoHours('silence', 'A service stops for half an hour: no incident.', [
    loadChange({ org: ORG, client: 'chat-web' }, 0, { ramp_ms: 1 }),
  ]),
];
