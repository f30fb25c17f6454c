import type { Fault, LoadChange, Scenario, Surge } from '../scenario.ts';
import { ASSISTANT, DOCUMENTS, harborline, ORG, SEARCH } from './harborline.ts';
import { EVENT_AT, HOUR, MINUTE, OPENAI, twoHours } from './two-hours.ts';

const batchOfDocuments = { ...OPENAI, project: DOCUMENTS, client: 'doc-summarizer', model: 'gpt-5-mini' };
const indexing = { ...OPENAI, project: SEARCH, client: 'search-indexer', model: 'text-embedding-3-small' };

function surge(where: Surge['where'], more: Partial<Surge> = {}): Surge {
  return {
    kind: 'slow_down_surge',
    where,
    after_ms: EVENT_AT,
    ramp_ms: 4 * MINUTE,
    lasts_ms: 21 * MINUTE,
    factor: 4,
    ...more,
  };
}

function load(where: LoadChange['where'], factor: number, more: Partial<LoadChange> = {}): LoadChange {
  return {
    kind: 'load',
    where,
    after_ms: EVENT_AT,
    ramp_ms: 3 * MINUTE,
    lasts_ms: 30 * MINUTE,
    factor,
    truth: null,
    ...more,
  };
}

function failing(fault: Partial<Fault> & Pick<Fault, 'where' | 'classes' | 'truth'>): Fault {
  return { kind: 'fault', after_ms: EVENT_AT, lasts_ms: 30 * MINUTE, share: 0.5, ...fault };
}

/** Traffic that grows, is limited, or is sent again and again. */
export const demandScenarios: readonly Scenario[] = [
  twoHours('slow-down-no-growth', 'Slow Down without growth: the provider is short of capacity.', [
    failing({
      where: { ...OPENAI, model: 'gpt-5' },
      classes: ['slow_down'],
      share: 0.2,
      truth: { kind: 'slow_down_surge', party: 'provider' },
    }),
  ]),
  twoHours('slow-down-two-clients', 'A second client surges ten minutes after the first.', [
    surge(batchOfDocuments),
    surge(indexing, { after_ms: EVENT_AT + 14 * MINUTE }),
  ]),
  twoHours('slow-down-fast', 'A client multiplies its rate by eight within half a minute.', [
    surge(batchOfDocuments, { factor: 8, ramp_ms: 30_000, lasts_ms: 12 * MINUTE }),
  ]),
  twoHours(
    'slow-down-risk',
    'Input tokens grow to three times 900,000 a minute and nothing is refused yet.',
    [
      load(batchOfDocuments, 9, {
        ramp_ms: 12 * MINUTE,
        truth: { kind: 'slow_down_risk', party: 'traffic', scope: { ...OPENAI } },
      }),
    ],
    { requests_per_second: 12 },
  ),
  twoHours(
    'saturation',
    'Requests of one model grow past its limit; headers show it minutes before the first refusal.',
    [
      load({ ...OPENAI, model: 'gpt-4.1' }, 2.2, {
        ramp_ms: 6 * MINUTE,
        truth: {
          kind: 'rate_limit_saturation',
          party: 'traffic',
          scope: { ...OPENAI, model: 'gpt-4.1' },
          also: ['rate_limit_surge'],
        },
      }),
    ],
    { buckets: [{ where: { ...OPENAI, model: 'gpt-4.1' }, requests_per_minute: 70 }] },
  ),
  twoHours('rate-limit-surge', 'A third of the requests of one service run into the token limit.', [
    failing({
      where: { ...OPENAI, client: 'support-bot' },
      classes: ['rate_limit'],
      subclass: 'tokens_per_minute',
      share: 0.35,
      truth: { kind: 'rate_limit_surge', party: 'traffic' },
    }),
  ]),
  twoHours(
    'retry-storm',
    'A service sends what is refused for good again and again.',
    [
      failing({
        where: { ...OPENAI, client: 'query-rewriter' },
        classes: ['conflict'],
        share: 0.7,
        retried: true,
        truth: { kind: 'retry_storm', party: 'traffic', also: ['error_surge'] },
      }),
    ],
    {
      callers: harborline.map((caller) =>
        caller.client === 'query-rewriter' ? { ...caller, max_retries: 12 } : caller,
      ),
    },
  ),
  twoHours('deployment-breaks', 'A deployment sends a parameter that the API does not know.', [
    failing({
      where: { ...OPENAI, project: ASSISTANT, client: 'support-bot' },
      classes: ['bad_request'],
      share: 0.4,
      truth: { kind: 'error_surge', party: null },
    }),
  ]),
  twoHours('model-retired', 'A model is gone: every request for it answers 404.', [
    failing({
      where: { ...OPENAI, model: 'gpt-4o-mini' },
      classes: ['not_found'],
      share: 1,
      truth: { kind: 'error_surge', party: null },
    }),
  ]),
  twoHours('unclassified', 'Answers come in a shape that no rule knows.', [
    failing({
      where: { ...OPENAI, client: 'query-rewriter' },
      classes: ['other'],
      share: 0.3,
      truth: { kind: 'unclassified', party: 'unknown' },
    }),
  ]),
  twoHours(
    'batch-jobs',
    'Batch jobs triple the traffic of one service every half hour: no incident.',
    [20, 50, 80, 110].map((minute) =>
      load(indexing, 3, { after_ms: minute * MINUTE, ramp_ms: MINUTE, lasts_ms: 6 * MINUTE }),
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
    load({ org: ORG, client: 'chat-web' }, 0, { ramp_ms: 1 }),
  ]),
];
