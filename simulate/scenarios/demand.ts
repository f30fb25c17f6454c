import type { Scenario, Surge } from '../scenario.ts';
import { DOCUMENTS, harborline, SEARCH } from './harborline.ts';
import { EVENT_AT, failing, loadChange, MINUTE, OPENAI, twoHours } from './two-hours.ts';

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

/** Traffic that grows, traffic that is limited, and requests that are sent again and again. */
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
      loadChange(batchOfDocuments, 9, {
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
      loadChange({ ...OPENAI, model: 'gpt-4.1' }, 2.2, {
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
];
