import { z } from 'zod';
import { COUNT_INTERVAL_SECONDS } from '../../../domain/count-row.ts';
import { requestClassNames } from '../../../domain/error-class.ts';
import type { Scope } from '../../../domain/incident.ts';
import { type UsualMemory, usualMemory } from '../../levels/above-usual.ts';
import { isInScope } from '../../narrow-scope.ts';
import { rateHistory, safeRate } from '../../rate-history.ts';
import type { CountSum, Matching, View } from '../../view.ts';

const growth = z.object({ name: z.string(), before: z.number(), now: z.number() }).nullable();

/** The memory of a Slow Down surge. Rates are per minute, times epoch seconds. */
export const surgeMemory = usualMemory.extend({
  /**
   * Whose traffic the rates are measured on: that of the scope, or that of the organization if the scope sent less than
   * one request a minute before.
   */
  rate_of: z.enum(['scope', 'organization']),
  original_rate: z.number(),
  /**
   * True: the counts do not reach back to the time before the ramp, so half of the peak is used as the original rate.
   */
  original_is_estimate: z.boolean(),
  original_input_tokens: z.number(),
  ramp_started_at: z.number(),
  /**
   * Counts first attempts only, because these are what callers want to send. Retries follow from Slow Down and are no
   * growth.
   */
  peak_rate: z.number(),
  peak_input_tokens: z.number(),
  /** Input tokens, or requests if tokens are not logged. */
  growth_unit: z.enum(['input_tokens', 'requests']),
  /** The client that grew most, in `growth_unit` per minute. */
  top_client: growth,
  top_key: growth,
  top_model: growth,
  top_project: growth,
  /** The original rate of each of the largest clients. */
  clients: z.record(z.string(), z.number()),
  slow_downs: z.number(),
  requests: z.number(),
  /** Answers before this time are in the sums. */
  counted_until: z.number(),
  /** When the advice to return to the original rate was given. */
  asked_at: z.number(),
  /** When the rate returned to the original; null while it is still above. */
  back_at: z.number().nullable(),
  /**
   * The time of the last rate above the original or of the last Slow Down answer, whichever is later. The hold time
   * begins here.
   */
  hold_from: z.number(),
});
export type SurgeMemory = z.infer<typeof surgeMemory>;
export type Growth = z.infer<typeof growth>;

/** The rates in the last window, per minute: of the scope, or of the organization if `rate_of` says so. */
export interface Present {
  rate: number;
  /** First attempts only. */
  first_attempts: number;
  input_tokens: number;
  /** Share of Slow Down answers among the requests of the scope. */
  share: number;
  /** Clients above their original rate, with both rates. */
  over: readonly { client: string; rate: number; original: number }[];
}

const MAX_CLIENTS = 20;
const retries: Matching = { classes: requestClassNames, measure: 'retries' };

/** Measures a surge from its beginning. `view` holds the organization's counts in `[now - lookback, now)`. */
export function measureSurge(
  view: View,
  scope: Scope,
  startedAt: number,
  now: number,
  window: number,
): Omit<SurgeMemory, keyof UsualMemory | 'asked_at' | 'back_at' | 'hold_from'> {
  const knownFrom = (view.first() ?? now) + COUNT_INTERVAL_SECONDS;
  let own = view.within(scope);
  let history = rateHistory(own.intervals(), startedAt, knownFrom);
  let rateOf: SurgeMemory['rate_of'] = 'scope';
  if (history.original !== null && history.original < 1) {
    // The scope is a new caller without a rate to return to, so the rates of the organization are used.
    rateOf = 'organization';
    own = view;
    history = rateHistory(own.intervals(), startedAt, knownFrom);
  }
  const usual = own.between(history.original_from, history.original_to).sums();
  const minutes = Math.max(1, (history.original_to - history.original_from) / 60);
  const peak = peakWindow(own, history.ramp_started_at, now, window);
  const unit = [usual, peak.rows].every((part) => part.some((row) => row.input_tokens > 0))
    ? 'input_tokens'
    : 'requests';
  const top = (column: 'client' | 'api_key' | 'model' | 'project'): Growth =>
    topGrowth(
      tally(usual, column, (row) => row[unit] / minutes),
      tally(peak.rows, column, (row) => (row[unit] * 60) / window),
    );
  return {
    rate_of: rateOf,
    original_rate: history.original ?? peak.rate / 2,
    original_is_estimate: history.original === null,
    original_input_tokens: sum(usual, (row) => row.input_tokens) / minutes,
    ramp_started_at: history.ramp_started_at,
    peak_rate: peak.rate,
    peak_input_tokens: (sum(peak.rows, (row) => row.input_tokens) * 60) / window,
    growth_unit: unit,
    top_client: top('client'),
    top_key: top('api_key'),
    top_model: top('model'),
    top_project: top('project'),
    clients: originalRates(usual, minutes, peak.rows),
    ...surgeSums(view.between(startedAt, now).within(scope).sums()),
    counted_until: now,
  };
}

/** Slow Down answers and all requests among the rows. */
export function surgeSums(rows: readonly CountSum[]): { slow_downs: number; requests: number } {
  return {
    slow_downs: sum(rows, (row) => (row.class === 'slow_down' ? row.requests : 0)),
    requests: sum(rows, (row) => row.requests),
  };
}

/**
 * The present rates, and the clients that are above their remembered rate. `all` are the organization's sums over the
 * last `window` seconds.
 */
export function presentSurge(
  all: readonly CountSum[],
  scope: Scope,
  facts: Pick<SurgeMemory, 'rate_of' | 'clients'>,
  window: number,
): Present {
  const own = all.filter((row) => isInScope(row, scope));
  const rated = facts.rate_of === 'scope' ? own : all;
  const sums = surgeSums(own);
  const rates = tally(rated, 'client', (row) => (row.requests * 60) / window);
  return {
    rate: (sum(rated, (row) => row.requests) * 60) / window,
    first_attempts: (sum(rated, (row) => row.requests - row.retries) * 60) / window,
    input_tokens: (sum(rated, (row) => row.input_tokens) * 60) / window,
    share: sums.requests === 0 ? 0 : sums.slow_downs / sums.requests,
    over: Object.entries(facts.clients)
      .map(([client, original]) => ({ client, rate: rates.get(client) ?? 0, original }))
      .filter(({ rate, original }) => rate > safeRate(original))
      .sort((a, b) => b.rate - b.original - (a.rate - a.original)),
  };
}

/** The window with most first attempts among consecutive windows in `[from, now)`. */
function peakWindow(
  view: View,
  from: number,
  now: number,
  window: number,
): { rate: number; rows: readonly CountSum[] } {
  const intervals = view.between(from, now).intervals(retries);
  let peak = { rate: -1, end: now };
  for (let end = now; end > from || end === now; end -= window) {
    const requests = intervals.reduce(
      (total, { ts, requests, matching }) =>
        ts >= end - window && ts < end ? total + requests - matching : total,
      0,
    );
    const rate = (requests * 60) / window;
    if (rate > peak.rate) peak = { rate, end };
  }
  const { rate, end } = peak;
  return { rate, rows: view.between(Math.max(from, end - window), end).sums() };
}

function topGrowth(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): Growth {
  let top: Growth = null;
  for (const [name, rate] of now) {
    const grown = { name, before: before.get(name) ?? 0, now: rate };
    if (
      name !== '' &&
      grown.now > grown.before &&
      (top === null || grown.now - grown.before > top.now - top.before)
    ) {
      top = grown;
    }
  }
  return top;
}

function originalRates(
  usual: readonly CountSum[],
  minutes: number,
  peak: readonly CountSum[],
): Record<string, number> {
  const before = tally(usual, 'client', (row) => row.requests / minutes);
  const largest = [...tally(peak, 'client', (row) => row.requests)]
    .filter(([client]) => client !== '')
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, MAX_CLIENTS);
  return Object.fromEntries(largest.map(([client]) => [client, before.get(client) ?? 0]));
}

function tally(
  rows: readonly CountSum[],
  column: 'client' | 'api_key' | 'model' | 'project',
  amount: (row: CountSum) => number,
): Map<string, number> {
  const sums = new Map<string, number>();
  for (const row of rows) sums.set(row[column], (sums.get(row[column]) ?? 0) + amount(row));
  return sums;
}

function sum(rows: readonly CountSum[], amount: (row: CountSum) => number): number {
  let total = 0;
  for (const row of rows) total += amount(row);
  return total;
}
