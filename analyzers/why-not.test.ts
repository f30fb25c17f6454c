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
  ['what lingers is between the thresholds', { level: 'lingering' }, 'lingers'],
  [
    'a kind that is off judges nothing, whatever the numbers',
    { enabled: false, level: 'breach' },
    'disabled',
  ],
  ['no request is quiet', { requests: 0, matching: 0, level: 'no_data' }, 'quiet'],
  ['a measure that no answer tells is missing', { lacks: ['remaining_tokens'] }, 'not_told'],
  ['a short history is learning', { is_learning: true }, 'learning'],
  ['no answer of the classes is none', { matching: 0 }, 'none'],
  ['fewer than the count are too few', { matching: 9 }, 'too_few'],
  ['a small share is below it', { requests: 1_000 }, 'below_share'],
  ['what is over both and no breach is usual', {}, 'usual'],
  ['a rule with numbers of its own is under them', { measures: true, matching: 0 }, 'under'],
])('%s', (_name, changed, reason) => {
  expect(whyReason({ ...calm, ...changed }, { isLeftOut: false })).toBe(reason);
});

test('an organization for which memory did not suffice was not judged', () => {
  expect(whyReason(calm, { isLeftOut: true })).toBe('left_out');
});
