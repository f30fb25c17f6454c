import { expect, test } from 'vitest';
import type { Weighed } from './weigh.ts';
import { whyReason, type WhyReason } from './why-not.ts';

const calm: Weighed = {
  identity: { provider: 'openai', org: 'acme' },
  scope: {},
  not_told_apart: [],
  level: 'healthy',
  enabled: true,
  is_learning: false,
  lacks: [],
  measures: false,
  requests: 100,
  matching: 20,
  window_seconds: 60,
  last_request_at: 0,
  thresholds: { count: 10, share: 0.1 },
  found: {},
};

test.each<[string, Partial<Weighed>, WhyReason]>([
  ['a breach is over the threshold', { level: 'breach' }, 'above'],
  ['a lingering scope is between the thresholds', { level: 'lingering' }, 'lingers'],
  [
    'a kind that is off judges nothing, whatever the numbers',
    { enabled: false, level: 'breach' },
    'disabled',
  ],
  ['without requests it is quiet', { requests: 0, matching: 0, level: 'no_data' }, 'quiet'],
  ['a measure that no answer has is missing', { lacks: ['remaining_tokens'] }, 'not_told'],
  ['a short history is learning', { is_learning: true }, 'learning'],
  ['without an answer of the classes the reason is none', { matching: 0 }, 'none'],
  ['fewer answers than the count are too few', { matching: 9 }, 'too_few'],
  ['a small share is below the threshold', { requests: 1_000 }, 'below_share'],
  ['without a breach, counts over both thresholds are usual', {}, 'usual'],
  ['a rule with its own measures is under its thresholds', { measures: true, matching: 0 }, 'under'],
])('%s', (_name, changed, reason) => {
  expect(whyReason({ ...calm, ...changed }, { isLeftOut: false })).toBe(reason);
});

test('an organization that did not fit into memory was not judged', () => {
  expect(whyReason(calm, { isLeftOut: true })).toBe('left_out');
});
