import { expect, test } from 'vitest';
import { freshnessOf } from './freshness.js';

const NOW = 1_772_366_400_000;
const live = {
  source: 'Kafka',
  state: 'running',
  detail: '',
  records: 1,
  failures: 0,
  records_per_second: 1,
  progress: null,
  watermark: NOW,
} as const;
const status = { live, present: NOW, clock: NOW, dataDirectory: null, oldest: 0, newest: NOW - 10_000 };
const fine = {
  now: NOW,
  isPaused: false,
  isLive: true,
  since: NOW - 60_000,
  asked: NOW - 1_000,
  status,
  present: NOW,
};

test.each([
  ['an open stream', {}, 'live', 'Live'],
  ['paused by the reader', { isPaused: true }, 'calm', 'Paused'],
  ['a closed stream', { isLive: false }, 'stale', 'Not live: asked every 10 s'],
  ['a stream that was closed for three seconds', { isLive: false, since: NOW - 3_000 }, 'calm', ''],
  ['before the first answer', { isLive: false, asked: null, status: null }, 'calm', ''],
  ['no answer for two minutes', { asked: NOW - 125_000 }, 'stale', 'Numbers are 2 min old'],
  ['no count for an hour', { present: NOW + 3_600_000 }, 'stale', 'Nothing counted for 1 h'],
  [
    'a file that was read to its end',
    { present: NOW + 3_600_000, status: { ...status, live: { ...live, state: 'finished' as const } } },
    'live',
    'Live',
  ],
  ['nothing has been counted yet', { status: { ...status, newest: null } }, 'live', 'Live'],
])('%s: %j is %s, %j', (_name, change, tone, text) => {
  expect(freshnessOf({ ...fine, ...change })).toMatchObject({ tone, text });
});
