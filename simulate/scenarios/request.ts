import type { Scenario } from '../scenario.ts';
import { ASSISTANT } from './harborline.ts';
import { failing, OPENAI, twoHours } from './two-hours.ts';

/** Requests that are refused for what they ask, or in words that no rule knows. */
export const requestScenarios: readonly Scenario[] = [
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
];
