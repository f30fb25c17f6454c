import { expect, test } from 'vitest';
import { settingsSchema } from '../domain/settings.ts';
import { retryStorm } from './kinds/retry-storm.ts';
import { Suspects } from './suspects.ts';

const { analyzers: settings } = settingsSchema.parse({});

/** Failed retries of one organization in one interval. */
const retries = (amount: number) => ({
  ts: 1_000,
  provider: 'openai',
  org: 'acme',
  class: 'server_error' as const,
  requests: 2 * amount,
  retries: amount,
});

test.each([
  ['as many failed retries as can be a storm of several requests', settings.retry_storm.count / 3, 1],
  ['fewer than that', settings.retry_storm.count / 3 - 1, 0],
])('an organization with %s', (_what, amount, found) => {
  const suspects = new Suspects();
  suspects.replace(0, [retries(amount)], 0);
  expect(suspects.find([retryStorm], settings)).toHaveLength(found);
});
