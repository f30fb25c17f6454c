import { describe, expect, test } from 'vitest';
import type { ReportedPartition } from './ingest-state.ts';
import { watermarkOf } from './watermark.ts';

const NOW = 1_795_000_000;
const HOLD = 900;

/** A partition as reported 5 s ago, with everything stored until then. `stored` and `still` are seconds before now. */
function partition(
  number: number,
  stored = 5,
  still = stored,
  more: Partial<ReportedPartition> = {},
): ReportedPartition {
  return {
    topic: 't',
    partition: number,
    worker: 'w',
    state: 'held',
    reason: '',
    next_offset: 100,
    behind: 0,
    moved_at: (NOW - still) * 1000,
    at: NOW - Math.min(5, stored),
    stored_until: NOW - stored,
    still_since: NOW - still,
    ...more,
  };
}

describe('the watermark', () => {
  // Reported partitions, and the watermark in seconds before now; null: no partition is behind.
  const cases: [string, ReportedPartition[], number | null][] = [
    ['no worker has reported anything, as when only files are read', [], null],
    ['all partitions are in step', [partition(0), partition(1, 12)], null],
    ['a partition without traffic that its worker reports', [partition(0), partition(1, 5)], null],
    ['the wait of a batch of a quiet partition is not a delay', [partition(0, 25, 5, { behind: 1 })], null],
    [
      'a backlog that is being worked through',
      [partition(0), partition(1, 7_200, 2, { behind: 9_000 })],
      7_200,
    ],
    ['the least of two backlogs', [partition(0, 50, 1), partition(1, 80, 1), partition(2)], 80],
    ['a partition that stands still', [partition(0), partition(1, 300, 290, { behind: 5 })], 300],
    ['one whose rows are refused', [partition(0, 120, 118, { behind: 5, reason: 'refused_rows' })], 120],
    [
      'a worker that died: nobody knows what waits',
      [partition(0), partition(1, 100, 100, { at: NOW - 100 })],
      100,
    ],
    [
      'a worker that stopped in order, before another takes over',
      [partition(0, 100, 100, { state: 'left' })],
      100,
    ],
    ['a partition that has stood still for the hold time', [partition(0, 901, 901, { behind: 5 })], null],
    ['a deleted topic whose last report is hours old', [partition(0, 7_200, 7_200)], null],
    ['one that moves again after the hold time', [partition(0, 2_000, 3, { behind: 5 })], 2_000],
    ['the clock of the store jumped ahead of the last report', [partition(0, -3, -3)], null],
  ];
  test.each(cases)('%s', (_name, partitions, expected) => {
    const watermark = watermarkOf({ now: NOW, partitions }, HOLD);
    expect(watermark === null ? null : NOW - watermark).toBe(expected);
  });
});
