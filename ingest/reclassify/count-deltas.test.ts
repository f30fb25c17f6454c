import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StoredJudgement } from '../../store/queries/reclassify-events.ts';
import type { StagedError } from '../../store/queries/reclassify-staged.ts';
import { parseTsvRow } from '../../store/tsv.ts';
import { storedErrorOf } from '../../tests/fixtures/stored-error.ts';
import { countDeltas, deltaRows } from './count-deltas.ts';

const old: StoredJudgement = {
  class: 'other',
  subclass: '',
  rule: 'none',
  generation: '',
  retry: 'yes',
  fault: 'unknown',
  wait_seconds: null,
};
const now: StoredJudgement = { ...old, class: 'quota_exceeded', subclass: 'credit_balance', retry: 'no' };

function staged(given: Parameters<typeof storedErrorOf>[0], judged: StoredJudgement = now): StagedError {
  const error = { ...storedErrorOf({ ts: 1_795_392_014_000, status: 429, client: 'web', ...given }), judged };
  return { error, old, counted_as: error.dimensions };
}

describe('the counts of an error that is judged otherwise', () => {
  it('move from its old class to the new one, with its retries, tokens, cost and latency', () => {
    const error = staged({
      latency_ms: 60,
      input_tokens: 5,
      cost_usd: 0.5,
      retry_count: 1,
      headers: { 'x-ratelimit-limit-requests': '60', 'x-ratelimit-remaining-requests': '3' },
    });
    const [taken, added, ...more] = countDeltas([error], 'request_counts');
    expect(more).toEqual([]);
    expect(taken).toMatchObject({
      ts: 1_795_392_010,
      class: 'other',
      status: 429,
      requests: -1,
      retries: -1,
      useless_retries: 0,
      input_tokens: -5,
      cost_usd: -0.5,
      latency_ms_sum: -60,
      latency_buckets: new Map([[100, -1]]),
      limits: { limit_requests: null },
    });
    expect(added).toMatchObject({
      class: 'quota_exceeded',
      subclass: 'credit_balance',
      requests: 1,
      // A retry of an error of the new class cannot succeed.
      useless_retries: 1,
      latency_buckets: new Map([[100, 1]]),
      limits: { min_remaining_requests: 3, limit_requests: 60, min_remaining_tokens: null },
    });
  });

  it('move within the hour in the table per hour, which has fewer dimensions and no status', () => {
    const errors = [staged({ api_key: 'a', endpoint: '/x' }), staged({ api_key: 'b', status: 500 })];
    const deltas = countDeltas(errors, 'request_counts_1h');
    expect(deltas).toMatchObject([
      { ts: 1_795_392_000, dimensions: ['', '', '', 'web', ''], class: 'other', status: 0, requests: -2 },
      { ts: 1_795_392_000, class: 'quota_exceeded', requests: 2 },
    ]);
    expect(deltaRows(deltas, 'request_counts_1h', 'mark').columns).not.toContain('status');
  });

  it('move within (other) when the error was counted under (other)', () => {
    const error = staged({});
    const counted_as = error.error.dimensions.map((text) => (text === 'web' ? '(other)' : text));
    for (const { dimensions } of countDeltas([{ ...error, counted_as }], 'request_counts'))
      expect(dimensions).toEqual(counted_as);
  });

  it('stay, when only the rule differs, and when no table holds them', () => {
    expect(
      countDeltas([staged({}, { ...old, rule: 'text.new', fault: 'traffic' })], 'request_counts'),
    ).toEqual([]);
    expect(countDeltas([{ ...staged({}), counted_as: null }], 'request_counts')).toEqual([]);
  });

  it('change in useless retries alone, when only the advice differs', () => {
    const advice = { ...old, retry: 'no' };
    expect(countDeltas([staged({ retry_count: 2 }, advice)], 'request_counts')).toMatchObject([
      { class: 'other', requests: 0, retries: 0, useless_retries: 1 },
    ]);
    expect(countDeltas([staged({ retry_count: 0 }, advice)], 'request_counts')).toEqual([]);
  });
});

describe('the rows of counts', () => {
  it('wrap around below zero, and end with a mark without requests', () => {
    const { columns, body } = deltaRows(
      countDeltas([staged({ latency_ms: 60 })], 'request_counts'),
      'request_counts',
      '(mark)',
    );
    const rows = body
      .toString()
      .trimEnd()
      .split('\n')
      .map((row) => Object.fromEntries(parseTsvRow(row).map((text, i) => [columns[i], text])));
    expect(rows).toMatchObject([
      {
        ts: '2026-11-23 00:00:10',
        class: 'other',
        requests: '18446744073709551615',
        latency_buckets: '{100:18446744073709551615}',
      },
      { class: 'quota_exceeded', requests: '1', latency_buckets: '{100:1}' },
      { client: 'web', class: 'ok', subclass: '(mark)', requests: '0', latency_buckets: '{}' },
    ]);
  });
});

it('all changes of a table together add no request, retry, token or latency', () => {
  const error = fc
    .record({
      ts: fc.nat(8_000_000).map((ms) => 1_795_392_000_000 + ms),
      latency_ms: fc.nat(300_000),
      input_tokens: fc.nat(1_000),
      retry_count: fc.nat(2),
      client: fc.constantFrom('a', 'b'),
    })
    .map((given) => staged(given));
  fc.assert(
    fc.property(
      fc.array(error, { maxLength: 40 }),
      fc.constantFrom('request_counts', 'request_counts_1m', 'request_counts_1h'),
      (errors, table) => {
        const deltas = countDeltas(errors, table);
        const sum = (of: 'requests' | 'retries' | 'input_tokens' | 'latency_ms_sum'): number =>
          deltas.reduce((all, delta) => all + delta[of], 0);
        for (const of of ['requests', 'retries', 'input_tokens', 'latency_ms_sum'] as const)
          expect(sum(of)).toBe(0);
        const taken = deltas.filter(({ requests }) => requests < 0);
        expect(taken.reduce((all, { requests }) => all - requests, 0)).toBe(errors.length);
        for (const { requests, latency_buckets } of deltas)
          expect([...latency_buckets.values()].reduce((all, n) => all + n, 0)).toBe(requests);
      },
    ),
  );
});
