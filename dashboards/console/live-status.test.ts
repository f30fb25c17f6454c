import { expect, test } from 'vitest';
import { type LiveStatus, presentOf } from './live-status.ts';

const CLOCK = 10_000;
const live = (present: number | null, watermark: number | null): LiveStatus => ({
  source: 's',
  state: 'running',
  detail: '',
  records: 1,
  failures: 0,
  records_per_second: 1,
  progress: null,
  watermark,
  present,
});

test.each([
  ['records arrive as they happen: the clock', live(null, 9_000), 10_000],
  ['simulated time: its present', live(5_000, 5_000), 5_000],
  ['simulated time is ahead of the watermark: the watermark', live(5_000, 4_000), 4_000],
  ['simulated time before the first record: its present', live(5_000.4, null), 5_000],
  ['no status: the clock', undefined, 10_000],
])('which time is the present: %s', (_name, status, expected) => {
  expect(presentOf(status, CLOCK)).toBe(expected);
});
