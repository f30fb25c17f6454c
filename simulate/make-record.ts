import type { Attempt } from './attempt.ts';
import type { SimulatedFailure } from './failures/failure.ts';
import { render } from './failures/render.ts';
import { logNormal, type Random } from './random.ts';
import type { SimulatedRecord } from './record.ts';

/** A successful request: tokens, cost and latency vary around the medians of the caller. */
export function success(attempt: Attempt, header_share: number, random: Random): SimulatedRecord {
  const { caller } = attempt;
  const latency_ms = scatter(caller.latency_ms, latencyFactor(random));
  const input_tokens = scatter(caller.input_tokens, inputFactor(random));
  const output_tokens = scatter(caller.output_tokens, outputFactor(random));
  const cost = input_tokens * caller.input_price + output_tokens * caller.output_price;
  return {
    ts: attempt.at,
    request_id: `req_${random.hex32()}`,
    caller,
    status: 200,
    latency_ms,
    ttft_ms: caller.stream ? Math.round(latency_ms * (0.1 + 0.2 * random.next())) : null,
    input_tokens,
    output_tokens,
    cost_usd: Math.round(cost) / 1e6,
    retry_count: attempt.retry_count,
    headers: withRetryCount(attempt, random.next() < header_share ? limitHeaders(attempt, random) : null),
    error: null,
    exception: '',
    label: 'ok',
    subclass: '',
  };
}

/** A failed request, with the text that the caller's library logs. */
export function failed(failure: SimulatedFailure, attempt: Attempt, random: Random): SimulatedRecord {
  const { caller } = attempt;
  const request_id = `req_${random.hex32()}`;
  const { status, error, exception, headers } = render(failure, { caller, random, request_id });
  const timedOut = failure.class === 'timeout';
  return {
    ts: attempt.at,
    request_id,
    caller,
    status,
    latency_ms: timedOut ? 60_000 : scatter(status === 200 ? caller.latency_ms : 120, latencyFactor(random)),
    ttft_ms: null,
    input_tokens: 0,
    output_tokens: 0,
    cost_usd: 0,
    retry_count: attempt.retry_count,
    headers: withRetryCount(attempt, headers),
    error,
    exception,
    label: failure.class,
    subclass: failure.subclass,
  };
}

/**
 * Services with the Node SDK log the retry count in the SDK's request header. For all other services `toLine` writes a
 * field.
 */
function withRetryCount(attempt: Attempt, headers: Record<string, string> | null) {
  if (attempt.retry_count === 0 || attempt.caller.sdk !== 'node') return headers;
  return { ...headers, 'x-stainless-retry-count': String(attempt.retry_count) };
}

function limitHeaders({ caller, limit }: Attempt, random: Random): Record<string, string> {
  const most = String(limit?.requests ?? caller.limit_requests);
  const requests = String(
    limit?.remaining ?? Math.round(caller.limit_requests * (0.6 + 0.39 * random.next())),
  );
  const tokens = String(Math.round(caller.limit_tokens * (0.5 + 0.49 * random.next())));
  if (caller.provider === 'anthropic') {
    return {
      'anthropic-ratelimit-requests-limit': most,
      'anthropic-ratelimit-requests-remaining': requests,
      'anthropic-ratelimit-tokens-limit': String(caller.limit_tokens),
      'anthropic-ratelimit-tokens-remaining': tokens,
    };
  }
  const seconds = random.between(1, 59);
  return {
    'x-ratelimit-limit-requests': most,
    'x-ratelimit-limit-tokens': String(caller.limit_tokens),
    'x-ratelimit-remaining-requests': requests,
    'x-ratelimit-remaining-tokens': tokens,
    'x-ratelimit-reset-requests':
      caller.provider === 'azure' ? String(seconds) : `${random.between(6, 900)}ms`,
    'x-ratelimit-reset-tokens': caller.provider === 'azure' ? String(seconds) : `${seconds}s`,
  };
}

function scatter(median: number, factor: number): number {
  return median === 0 ? 0 : Math.max(1, Math.round(median * factor));
}

const latencyFactor = logNormal(0.5);
const inputFactor = logNormal(0.7);
const outputFactor = logNormal(0.6);
