import { callerDimensions, LATENCY_BUCKETS_MS } from '../../domain/count-row.ts';
import type { RateLimitHeaders } from '../../domain/request-log.ts';
import { type CountShape, shapeOf } from '../../store/queries/reclassify-counts.ts';
import type { StoredJudgement } from '../../store/queries/reclassify-events.ts';
import type { StagedError } from '../../store/queries/reclassify-staged.ts';
import type { CountTable } from '../../store/queries/reconcile.ts';
import { tsvFields, tsvSeconds } from '../../store/tsv.ts';
import { readRateLimits } from '../fields/headers.ts';

const limits = ['min_remaining_requests', 'limit_requests', 'min_remaining_tokens', 'limit_tokens'] as const;
const sums = [
  'requests',
  'retries',
  'useless_retries',
  'input_tokens',
  'output_tokens',
  'cost_usd',
  'latency_ms_sum',
] as const;
type Sums = Record<(typeof sums)[number], number>;

/** What is added to one key of a table of counts; negative numbers are subtracted. */
export interface CountDelta extends Sums {
  /** Start of the interval, epoch seconds. */
  ts: number;
  /** In the order of the table's `CountShape.dimensions`. */
  dimensions: readonly string[];
  class: string;
  subclass: string;
  status: number;
  /** Requests by the upper bound of their latency, ms; the key 0: above the largest bound. */
  latency_buckets: Map<number, number>;
  limits: Record<(typeof limits)[number], number | null>;
}

/**
 * The rows that move the counts of these errors from their old class to the new one: one row for each key whose counts
 * change. An error that keeps its class, subclass and retry advice changes no counts. The rows add up to zero requests.
 * Pure.
 */
export function countDeltas(staged: readonly StagedError[], table: CountTable): CountDelta[] {
  const shape = shapeOf(table);
  const deltas = new Map<string, CountDelta>();
  for (const { error, old, counted_as } of staged) {
    if (counted_as === null || isCountedAlike(old, error.judged)) continue;
    const own = { error, counted_as, shape };
    add(deltaAt(deltas, own, old), own, old, -1);
    add(deltaAt(deltas, own, error.judged), own, error.judged, 1);
  }
  return [...deltas.values()].filter((delta) => sums.some((name) => delta[name] !== 0));
}

function isCountedAlike(a: StoredJudgement, b: StoredJudgement): boolean {
  return a.class === b.class && a.subclass === b.subclass && a.retry === b.retry;
}

interface Own {
  error: StagedError['error'];
  counted_as: readonly string[];
  shape: CountShape;
}

function deltaAt(
  deltas: Map<string, CountDelta>,
  { error, counted_as, shape }: Own,
  judged: StoredJudgement,
): CountDelta {
  const ts = Math.floor(error.ts / 1000 / shape.seconds) * shape.seconds;
  const dimensions = shape.dimensions.map((name) => counted_as[callerDimensions.indexOf(name)] ?? '');
  const status = shape.isFinest ? error.status : 0;
  const key = [ts, status, judged.class, judged.subclass, ...dimensions].join('\u0000');
  const known = deltas.get(key);
  if (known !== undefined) return known;
  const made: CountDelta = {
    ...emptyDelta(ts, dimensions),
    class: judged.class,
    subclass: judged.subclass,
    status,
  };
  deltas.set(key, made);
  return made;
}

function emptyDelta(ts: number, dimensions: readonly string[]): CountDelta {
  return {
    ts,
    dimensions,
    class: 'ok',
    subclass: '',
    status: 0,
    requests: 0,
    retries: 0,
    useless_retries: 0,
    input_tokens: 0,
    output_tokens: 0,
    cost_usd: 0,
    latency_ms_sum: 0,
    latency_buckets: new Map(),
    limits: {
      min_remaining_requests: null,
      limit_requests: null,
      min_remaining_tokens: null,
      limit_tokens: null,
    },
  };
}

function add(delta: CountDelta, { error, shape }: Own, judged: StoredJudgement, sign: 1 | -1): void {
  delta.requests += sign;
  if (error.retry_count > 0) {
    delta.retries += sign;
    if (judged.retry === 'no') delta.useless_retries += sign;
  }
  delta.input_tokens += sign * error.input_tokens;
  delta.output_tokens += sign * error.output_tokens;
  delta.cost_usd += sign * error.cost_usd;
  delta.latency_ms_sum += sign * error.latency_ms;
  const bucket = LATENCY_BUCKETS_MS.find((bound) => error.latency_ms <= bound) ?? 0;
  delta.latency_buckets.set(bucket, (delta.latency_buckets.get(bucket) ?? 0) + sign);
  if (!shape.isFinest || sign < 0) return;
  const shown = readRateLimits(error.headers);
  if (shown === null) return;
  delta.limits = {
    min_remaining_requests: least(delta.limits.min_remaining_requests, shown.remaining_requests),
    limit_requests: most(delta.limits.limit_requests, shown.limit_requests),
    min_remaining_tokens: least(delta.limits.min_remaining_tokens, shown.remaining_tokens),
    limit_tokens: most(delta.limits.limit_tokens, shown.limit_tokens),
  };
}

type Shown = RateLimitHeaders['remaining_requests'];

function least(a: Shown, b: Shown): Shown {
  return a === null ? b : b === null ? a : Math.min(a, b);
}

function most(a: Shown, b: Shown): Shown {
  return a === null ? b : b === null ? a : Math.max(a, b);
}

/**
 * The rows for a table, together with a row without requests that bears the mark of this insert: the mark is stored
 * exactly when the rows are. The columns are unsigned, so sums wrap around, and adding 2^64 - 5 subtracts 5.
 */
export function deltaRows(
  deltas: readonly CountDelta[],
  table: CountTable,
  mark: string,
): { columns: string[]; body: Buffer } {
  const shape = shapeOf(table);
  const [first] = deltas;
  const marked = first === undefined ? [] : [{ ...emptyDelta(first.ts, first.dimensions), subclass: mark }];
  const columns = [
    'ts',
    ...shape.dimensions,
    'class',
    'subclass',
    ...sums,
    'latency_buckets',
    ...(shape.isFinest ? ['status', ...limits] : []),
  ];
  const rows = [...deltas, ...marked].map((delta) => {
    const named = [tsvSeconds(delta.ts), ...delta.dimensions, delta.class, delta.subclass];
    const whole = [
      delta.requests,
      delta.retries,
      delta.useless_retries,
      delta.input_tokens,
      delta.output_tokens,
    ].map(wrapped);
    const buckets = [...delta.latency_buckets].filter(([, n]) => n !== 0);
    const map = `{${buckets.map(([bound, n]) => `${bound}:${wrapped(n)}`).join(',')}}`;
    const more = shape.isFinest ? [delta.status, ...limits.map((name) => delta.limits[name])] : [];
    return `${tsvFields([...named, ...whole, delta.cost_usd, delta.latency_ms_sum, map, ...more])}\n`;
  });
  return { columns, body: Buffer.from(rows.join('')) };
}

function wrapped(amount: number): string {
  return String(BigInt.asUintN(64, BigInt(amount)));
}
