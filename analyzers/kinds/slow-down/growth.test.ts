import { expect, test } from 'vitest';
import { hasGrown } from './growth.ts';

const RATES = {
  original_rate: 30,
  original_input_tokens: 0,
  peak_rate: 30,
  peak_input_tokens: 0,
  ramp_started_at: 0,
  counted_until: 1_200,
};

test.each([
  ['an unchanged rate has not grown', { peak_rate: 30 }, false],
  ['the highest of twenty minutes at 30 a minute may be 48: that is chance', { peak_rate: 48 }, false],
  ['60 instead of 30 a minute is growth', { peak_rate: 60 }, true],
  ['twice 3 a minute is chance', { original_rate: 3, peak_rate: 6 }, false],
  ['five times 3 a minute is growth', { original_rate: 3, peak_rate: 15 }, true],
  ['a tenth more of 30,000 a minute is no sudden rise', { original_rate: 3e4, peak_rate: 3.3e4 }, false],
  ['a quarter more of 3,000 a minute is growth', { original_rate: 3_000, peak_rate: 3_750 }, true],
  [
    'input tokens that grow threefold are growth',
    { original_input_tokens: 1e5, peak_input_tokens: 3e5 },
    true,
  ],
  [
    'half more input tokens of 30 requests are chance',
    { original_input_tokens: 1e5, peak_input_tokens: 1.5e5 },
    false,
  ],
  [
    'two thirds more input tokens in the highest of 120 windows of 76 requests are chance',
    {
      original_rate: 76,
      peak_rate: 111,
      original_input_tokens: 86_212,
      peak_input_tokens: 141_753,
    },
    false,
  ],
  [
    'twice the input tokens of 200 requests a minute are growth',
    { original_rate: 200, peak_rate: 210, original_input_tokens: 2e5, peak_input_tokens: 4e5 },
    true,
  ],
])('%s', (_name, rates, expected) => {
  expect(hasGrown({ ...RATES, ...rates }, 60)).toBe(expected);
});
