import { COUNT_INTERVAL_SECONDS, type CountRow } from '../../domain/count-row.ts';

/** A start of traffic for tests: 2026-11-02 10:00:00 UTC, epoch seconds. */
export const START = Date.UTC(2026, 10, 2, 10) / 1000;

/** One stream of equal requests, counted as the fold counts them. */
export interface Stream extends Partial<Omit<CountRow, 'ts' | 'requests'>> {
  /** Minutes after the start. */
  from: number;
  to: number;
  /** Requests per minute, even or by minute after the start. */
  per_minute: number | ((minute: number) => number);
}

/** Count rows of the streams, one row per stream and interval; fractions of requests are carried on. */
export function traffic(streams: readonly Stream[]): CountRow[] {
  return streams.flatMap(({ from, to, per_minute: rate, ...row }) => {
    const rows: CountRow[] = [];
    let due = 0;
    for (let ts = START + from * 60; ts < START + to * 60; ts += COUNT_INTERVAL_SECONDS) {
      const minute = (ts - START) / 60;
      due += ((typeof rate === 'number' ? rate : rate(minute)) * COUNT_INTERVAL_SECONDS) / 60;
      const requests = Math.floor(due + 1e-9);
      due -= requests;
      if (requests > 0) rows.push(countRow({ ...row, ts, requests }));
    }
    return rows;
  });
}

/** A count row; what is not named is one ordinary success. Token counts are per request. */
export function countRow(row: Partial<CountRow>): CountRow {
  const requests = row.requests ?? 1;
  return {
    ts: START,
    provider: 'openai',
    org: 'org-acme',
    project: '',
    api_key: '',
    client: '',
    region: '',
    model: '',
    class: 'ok',
    subclass: '',
    retries: 0,
    useless_retries: 0,
    output_tokens: 0,
    cost_usd: 0,
    ...row,
    requests,
    input_tokens: (row.input_tokens ?? 0) * requests,
  };
}

/** Numbers in `[0, 1)` that depend on the seed alone. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A number of events with this mean, by Knuth's method; for means up to some hundreds. */
export function poisson(mean: number, random: () => number): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count++;
  return count;
}
