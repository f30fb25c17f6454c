import { describe, expect, it } from 'vitest';
import { decideHealth, type HealthFacts, isStalled } from './health.ts';

const now = 1_000_000;
const ago = (seconds: number): number => now - seconds * 1_000;

const well: HealthFacts = {
  phase: 'running',
  missing: [],
  started_at: ago(600),
  ticked_at: ago(0.05),
  assigned: true,
  group_since: ago(500),
  partitions: 12,
  starting: 0,
  halted: 0,
  missing_topics: [],
  store_failing_since: null,
  store_failed_at: null,
  store_answered_at: ago(1),
  broker_failing_since: null,
  broker_failed_at: null,
  broker_answered_at: ago(1),
  lag_records: 200,
  lag_records_before: 150,
  lag_seconds: 1,
};

const cases: [string, Partial<HealthFacts>, string, string[]][] = [
  ['all is well', {}, 'ok', []],
  ['in the group, but without partitions', { partitions: 0, broker_answered_at: ago(400) }, 'ok', []],
  ['a source has ended', { phase: 'ended', ticked_at: ago(900), store_failing_since: ago(900) }, 'ok', []],
  [
    'a source has ended, and the store just went away',
    { phase: 'ended', ticked_at: ago(900), store_answered_at: ago(31) },
    'degraded',
    ['degraded store_silent'],
  ],
  [
    'a source has ended, and the store is away',
    { phase: 'ended', ticked_at: ago(900), store_answered_at: ago(900) },
    'not_ready',
    ['not_ready store_silent'],
  ],
  [
    'the store is not open yet',
    { phase: 'starting', store_answered_at: null },
    'not_ready',
    ['not_ready starting'],
  ],
  [
    'the worker waits for ClickHouse and Kafka',
    {
      phase: 'starting',
      missing: [
        { what: 'ClickHouse', address: 'http://ch:8123' },
        { what: 'Kafka', address: 'kafka:9092' },
      ],
    },
    'not_ready',
    ['not_ready missing', 'not_ready missing'],
  ],
  ['told to stop', { phase: 'stopping' }, 'not_ready', ['not_ready stopping']],
  ['the loop does not run', { ticked_at: ago(16) }, 'not_ready', ['not_ready stalled']],
  ['the loop was busy for some seconds', { ticked_at: ago(14) }, 'ok', []],
  [
    'waiting for the first assignment',
    { assigned: false, broker_answered_at: null, group_since: ago(2) },
    'not_ready',
    ['not_ready no_assignment'],
  ],
  [
    'a rebalance',
    { assigned: false, group_since: ago(20), broker_answered_at: ago(20) },
    'degraded',
    ['degraded rebalancing'],
  ],
  [
    'a rebalance that does not end',
    { assigned: false, group_since: ago(181), broker_answered_at: ago(181) },
    'not_ready',
    ['not_ready rebalancing'],
  ],
  ['just assigned, starts are being decided', { starting: 12, group_since: ago(3) }, 'ok', []],
  [
    'a start that cannot be decided',
    { starting: 1, group_since: ago(61) },
    'degraded',
    ['degraded partitions_starting'],
  ],
  ['one of its topics was deleted', { missing_topics: ['gone'] }, 'degraded', ['degraded topics_missing']],
  ['the store rejects a partition', { halted: 1 }, 'degraded', ['degraded partitions_halted']],
  [
    'one insert failed and the next succeeded',
    { store_failed_at: ago(2) },
    'degraded',
    ['degraded store_retrying'],
  ],
  ['an insert failed a while ago', { store_failed_at: ago(11) }, 'ok', []],
  [
    'inserts fail',
    { store_failing_since: ago(90), store_failed_at: ago(1) },
    'degraded',
    ['degraded store_retrying'],
  ],
  [
    'inserts have failed for a long time',
    { store_failing_since: ago(121), store_failed_at: ago(1) },
    'not_ready',
    ['not_ready store_retrying'],
  ],
  ['the store did not answer two requests', { store_answered_at: ago(29) }, 'ok', []],
  ['the store does not answer', { store_answered_at: ago(31) }, 'degraded', ['degraded store_silent']],
  [
    'the store has not answered for a long time',
    { store_answered_at: ago(121) },
    'not_ready',
    ['not_ready store_silent'],
  ],
  [
    'a commit failed and the next succeeded',
    { broker_failed_at: ago(2) },
    'degraded',
    ['degraded broker_retrying'],
  ],
  [
    'commits have failed for a long time',
    { broker_failing_since: ago(121), broker_failed_at: ago(1) },
    'not_ready',
    ['not_ready broker_retrying'],
  ],
  ['the broker does not answer', { broker_answered_at: ago(31) }, 'degraded', ['degraded broker_silent']],
  [
    'the broker has not answered for a long time',
    { broker_answered_at: ago(121) },
    'not_ready',
    ['not_ready broker_silent'],
  ],
  [
    'lag grows',
    { lag_records: 50_000, lag_records_before: 20_000, lag_seconds: 45 },
    'degraded',
    ['degraded lag_growing'],
  ],
  [
    'a backlog is getting smaller',
    { lag_records: 5_000_000, lag_records_before: 6_000_000, lag_seconds: 4_000 },
    'ok',
    [],
  ],
  ['lag grew a little', { lag_records: 50_000, lag_records_before: 49_000, lag_seconds: 45 }, 'ok', []],
  ['many records, but fresh ones', { lag_records: 50_000, lag_records_before: 0, lag_seconds: 3 }, 'ok', []],
  [
    'lag, before there is an earlier value to compare with',
    { lag_records: 50_000, lag_records_before: null, lag_seconds: 45 },
    'ok',
    [],
  ],
  [
    'several at once: the worst comes first',
    { halted: 1, store_answered_at: ago(200) },
    'not_ready',
    ['not_ready store_silent', 'degraded partitions_halted'],
  ],
];

describe('health', () => {
  it.each(cases)('%s', (_name, facts, state, reasons) => {
    const health = decideHealth({ ...well, ...facts }, now);
    expect(health.state).toBe(state);
    expect(health.reasons.map((reason) => `${reason.state} ${reason.code}`)).toEqual(reasons);
  });

  it('is never red because of one failed try', () => {
    for (const facts of [
      { store_failing_since: ago(0), store_failed_at: ago(0) },
      { broker_failing_since: ago(0), broker_failed_at: ago(0) },
    ])
      expect(decideHealth({ ...well, ...facts }, now).state).toBe('degraded');
  });
});

describe('stalled', () => {
  it('is a worker whose loop never ran', () => {
    expect(isStalled({ ...well, ticked_at: null, started_at: ago(16) }, now)).toBe(true);
    expect(isStalled({ ...well, ticked_at: null, started_at: ago(14) }, now)).toBe(false);
  });

  it('is not a worker that is starting, is stopping or has ended', () => {
    for (const phase of ['starting', 'stopping', 'ended'] as const)
      expect(isStalled({ ...well, phase, ticked_at: ago(1_000) }, now)).toBe(false);
  });
});
