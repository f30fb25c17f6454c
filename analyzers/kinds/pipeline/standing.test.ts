import { describe, expect, test } from 'vitest';
import { incident } from '../../../domain/incident.ts';
import type { ReportedPartition } from '../../../store/queries/ingest-state.ts';
import type { AnalyzerSettings } from '../../detector.ts';
import { expectOwnPage } from '../../../tests/fixtures/incident-pages.ts';
import { defaults } from '../../../tests/fixtures/play.ts';
import type { PipelineLive } from './identity.ts';
import { stepPipeline } from './judge.ts';

const T0 = 1_795_000_000;
const settings: AnalyzerSettings = defaults;

/** A partition as seen at `now`; `still`: seconds since it last moved. */
function partition(
  now: number,
  number: number,
  still: number,
  more: Partial<ReportedPartition> = {},
): ReportedPartition {
  return {
    topic: 't',
    partition: number,
    worker: 'host-7-abc',
    state: 'held',
    reason: '',
    next_offset: 100,
    behind: 0,
    moved_at: (now - still) * 1000,
    at: now - 4,
    stored_until: now - still,
    still_since: now - still,
    ...more,
  };
}

/** Judges every 10 s. Returns each version that was written: seconds, reason, state. */
function play(
  seconds: number,
  partitions: (second: number, now: number) => ReportedPartition[],
  live: PipelineLive = new Map(),
) {
  const written: [number, string, string][] = [];
  let last = null;
  for (let second = 0; second <= seconds; second += 10) {
    const now = T0 + second;
    const judged = stepPipeline({ now, partitions: partitions(second, now) }, [], live, settings);
    live = judged.live;
    expectOwnPage(judged.changes.map(({ live: { incident: one } }) => one));
    for (const { live: changed, reason } of judged.changes) {
      last = incident.parse(changed.incident);
      if (reason !== 'refreshed') written.push([second, reason, changed.incident.state]);
    }
  }
  return { written, last, live };
}

describe('nothing is wrong', () => {
  const cases: [string, (second: number, now: number) => ReportedPartition[]][] = [
    ['without any report of a worker', () => []],
    ['with a partition without traffic', (_s, now) => [partition(now, 0, 4)]],
    [
      'with a backlog that is being worked through',
      (_s, now) => [partition(now, 0, 3, { behind: 1e6, stored_until: now - 9_000 })],
    ],
    [
      'when a worker is replaced within a minute',
      (s, now) => [partition(now, 0, s < 50 ? s : 2, s < 50 ? { at: T0 } : {})],
    ],
    [
      'after the store was away, as soon as workers report again',
      (s, now) => [partition(now, 0, s < 10 ? 600 : 1, s < 10 ? { at: now - 600 } : {})],
    ],
    [
      'when a worker was stopped in order with nothing waiting',
      (s, now) => [partition(now, 0, s, { state: 'left', at: T0 })],
    ],
  ];
  test.each(cases)('%s', (_name, partitions) => {
    expect(play(3_600, partitions).written).toEqual([]);
  });
});

test('a partition that stands still fires after a minute, when a second evaluation confirms it, and resolves when it moves', () => {
  const { written, last } = play(600, (s, now) => [
    partition(now, 0, 2),
    partition(now, 3, s < 300 ? s : 2, { behind: 7, reason: s < 300 ? 'refused_rows' : '' }),
  ]);
  expect(written).toEqual([
    [80, 'fired', 'firing'],
    [350, 'resolved', 'resolved'],
  ]);
  expect(last).toMatchObject({
    kind: 'pipeline',
    severity: 'critical',
    started_at: new Date(T0 * 1000).toISOString(),
    summary: 'Partition t/3 stands still: ClickHouse refuses its rows.',
    verdict: { party: 'pipeline', why: expect.stringContaining('worker host-7-abc') },
    evidence: {
      topic: 't',
      partition_count: 1,
      causes: ['refused_rows'],
      waiting_records: 7,
      holds_detection: true,
    },
  });
});

test('a partition that moves once in a while does not open and close its incident each time', () => {
  const { written } = play(1_800, (s, now) => [partition(now, 0, s % 90, { behind: 7 })]);
  expect(written.map(([, reason]) => reason)).toEqual(['fired']);
});

test('a partition that soon stands still again opens the same incident again', () => {
  const still = (s: number): number => (s < 200 ? s : s < 400 ? 1 : s - 400);
  const { written, last } = play(600, (s, now) => [partition(now, 0, still(s), { behind: 7 })]);
  expect(written.map(([, reason]) => reason)).toEqual(['fired', 'resolved', 'reopened']);
  expect(last?.evidence).toMatchObject({ reopened: 1 });
});

test('all partitions of a dead worker are one incident, which reports that detection goes on after the hold time', () => {
  const { written, last } = play(1_000, (s, now) =>
    Array.from({ length: 1_000 }, (_, i) => partition(now, i, s, { at: T0 })),
  );
  expect(written).toEqual([[80, 'fired', 'firing']]);
  expect(last).toMatchObject({
    summary: '1000 partitions of t stand still: no worker reports on it.',
    evidence: { partition_count: 1_000, causes: ['silent'], holds_detection: false },
  });
  expect(last?.evidence['partitions']).toHaveLength(10);
  expect(last?.remedy.steps.join(' ')).toContain('reconcile');
});

test('a topic that is forgotten ends its incident', () => {
  const { written } = play(300, (s, now) => (s < 200 ? [partition(now, 0, s + 100, { at: T0 - 100 })] : []));
  expect(written.map(([, reason]) => reason)).toEqual(['fired', 'resolved']);
});

test('two analyzers that evaluate at different moments give the incident the same id', () => {
  // The later report took longer to reach the store, so the time of the last move seems to differ a little between the
  // two.
  const one = play(100, (s, now) => [partition(now, 0, s, { moved_at: T0 * 1000 })]);
  const other = play(100, (s, now) => [partition(now, 0, s + 6, { moved_at: T0 * 1000 })]);
  expect(one.last?.id).toBe(other.last?.id);
});

test('the incident names the reason why a partition stands still, and the steps for it in order', () => {
  const reasons = ['', 'starting', 'refused_rows', 'store', 'broker'] as const;
  const said = reasons.map(
    (reason) => play(100, (s, now) => [partition(now, 0, s, { reason, behind: 1 })]).last,
  );
  expect(new Set(said.map((one) => one?.summary)).size).toBe(reasons.length);
  for (const one of said) expect(one?.remedy.steps.length).toBeGreaterThan(1);
  const left = play(100, (s, now) => [partition(now, 0, s, { state: 'left', behind: 1, at: T0 })]).last;
  expect(left).toMatchObject({ severity: 'warning', evidence: { causes: ['left'] } });
});
