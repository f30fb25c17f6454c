import { describe, expect, test } from 'vitest';
import type { ReportedPartition } from '../store/queries/ingest-state.ts';
import { begin, follow, reportOf, type Track } from './partition-track.ts';

const T0 = 1_795_000_000_000;
const id = { topic: 't', partition: 0 };

/**
 * What a worker knows at a time (seconds after T0): the stored offset, the offset of the log's end, and when the end
 * was learned.
 */
type Seen = [at: number, stored: number, end: number | null, known?: number];

function run(track: Track, seen: readonly Seen[]) {
  let at = T0;
  for (const [seconds, stored, end, known] of seen) {
    at = T0 + seconds * 1000;
    const unwritten = end === null ? null : end - stored;
    track = follow(
      track,
      { stored, unwritten, known_at: end === null ? null : T0 + (known ?? seconds) * 1000 },
      at,
    );
  }
  const report = reportOf(id, track, { state: 'held', reason: '', reached: null }, at);
  return {
    stored: report.stored_age_ms / 1000,
    still: report.still_ms / 1000,
    behind: report.behind,
    next: report.next_offset,
  };
}

const before = (more: Partial<ReportedPartition> = {}): ReportedPartition => ({
  ...id,
  worker: 'w0',
  state: 'held',
  reason: '',
  next_offset: 10,
  behind: 0,
  moved_at: T0 - 100_000,
  at: T0 / 1000 - 20,
  stored_until: T0 / 1000 - 30,
  still_since: T0 / 1000 - 100,
  ...more,
});

describe('a partition', () => {
  const cases: [string, Seen[], ReturnType<typeof run>][] = [
    [
      'without traffic is stored up to the last check of its log',
      [
        [0, 5, 5],
        [10, 5, 5, 9],
        [20, 5, 5, 18],
      ],
      { stored: 2, still: 2, behind: 0, next: 5 },
    ],
    [
      'with steady traffic is stored up to the end of its log one report ago',
      [
        [0, 5, 9],
        [10, 12, 15],
        [20, 18, 19],
      ],
      { stored: 10, still: 0, behind: 1, next: 18 },
    ],
    [
      'whose record waits until its batch closes is not late',
      [
        [0, 5, 5],
        [10, 5, 6],
      ],
      { stored: 10, still: 10, behind: 1, next: 5 },
    ],
    [
      'that does not move falls behind from the last time that everything was stored',
      [
        [0, 5, 5],
        [10, 5, 9],
        [20, 5, 50],
        [70, 5, 900],
      ],
      { stored: 70, still: 70, behind: 895, next: 5 },
    ],
    [
      'that moves slowly is behind but moves',
      [
        [0, 5, 5],
        [10, 5, 900],
        [20, 6, 900],
        [70, 7, 900],
      ],
      { stored: 70, still: 0, behind: 893, next: 7 },
    ],
    [
      'that has caught up is no longer behind at once',
      [
        [0, 5, 5],
        [10, 5, 900],
        [60, 900, 900],
      ],
      { stored: 0, still: 0, behind: 0, next: 900 },
    ],
    [
      'whose broker is silent is stored up to its last answer, although no record is known to wait',
      [
        [0, 5, 5],
        [10, 5, 5, 0],
        [70, 5, 5, 0],
      ],
      { stored: 70, still: 70, behind: 0, next: 5 },
    ],
    [
      'whose start is not decided does not move',
      [
        [0, -1, null],
        [40, -1, null],
      ],
      { stored: 40, still: 40, behind: 0, next: -1 },
    ],
    [
      'whose start is decided moves from there',
      [
        [0, -1, null],
        [40, 7, 7],
      ],
      { stored: 0, still: 0, behind: 0, next: 7 },
    ],
  ];
  test.each(cases)('%s', (_name, seen, expected) => {
    expect(run(begin(null, T0 / 1000, T0), seen)).toEqual(expected);
  });
});

describe('a partition that another worker had', () => {
  const cases: [string, ReportedPartition, Seen[], ReturnType<typeof run>][] = [
    [
      'continues from what that one stored',
      before(),
      [
        [0, 10, 50],
        [5, 20, 50],
      ],
      { stored: 35, still: 0, behind: 30, next: 20 },
    ],
    [
      'and that did not move still does not: a crash is not a move',
      before({ behind: 4 }),
      [
        [0, 10, 50],
        [5, 10, 50],
      ],
      { stored: 35, still: 105, behind: 40, next: 10 },
    ],
    [
      'and that did not move moves with its first batch',
      before({ behind: 4 }),
      [
        [0, 10, 50],
        [5, 20, 50],
      ],
      { stored: 35, still: 0, behind: 30, next: 20 },
    ],
    [
      'and in which no record waited was not standing still',
      before(),
      [[5, 10, 50]],
      { stored: 35, still: 5, behind: 40, next: 10 },
    ],
    [
      'is still being decided',
      before({ behind: 4 }),
      [[5, -1, null]],
      { stored: 35, still: 105, behind: 0, next: 10 },
    ],
    [
      'whose clock was ahead did not move in the future',
      before({ behind: 4, moved_at: T0 + 60_000 }),
      [[5, 10, 50]],
      { stored: 35, still: 5, behind: 40, next: 10 },
    ],
  ];
  test.each(cases)('%s', (_name, state, seen, expected) => {
    expect(run(begin(state, T0 / 1000, T0), seen)).toEqual(expected);
  });
});

test('within a backlog, everything is stored up to the oldest request of the newest batch', () => {
  const track = begin(before(), T0 / 1000, T0);
  const report = (reached: number | null) =>
    reportOf(id, track, { state: 'held', reason: '', reached }, T0).stored_age_ms / 1000;
  expect(report(T0 - 12_000)).toBe(12);
  // A late record does not move that time back.
  expect(report(T0 - 3_600_000)).toBe(30);
  expect(report(null)).toBe(30);
});
