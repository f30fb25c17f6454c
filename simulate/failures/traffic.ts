import { envelope, type SimulatedFailure, type FailureContext, failure } from './failure.ts';

/** Answers to too much traffic: rate limits of both generations, and Slow Down before and after 2026. */
export const trafficFailures: readonly SimulatedFailure[] = [
  failure({
    id: 'rate-limit-tokens',
    class: 'rate_limit',
    subclass: 'tokens_per_minute',
    status: 429,
    retry_after: 2,
    body: (c) => envelope(limitReached(c, 'tokens per min (TPM)', 200_000), 'tokens', 'rate_limit_exceeded'),
  }),
  failure({
    id: 'rate-limit-requests',
    class: 'rate_limit',
    subclass: 'requests_per_minute',
    status: 429,
    retry_after: 1,
    body: (c) => envelope(limitReached(c, 'requests per min (RPM)', 500), 'requests', 'rate_limit_exceeded'),
  }),
  failure({
    id: 'rate-limit-requests-2026',
    class: 'rate_limit',
    subclass: 'requests_per_minute',
    status: 429,
    retry_after: 1,
    body: (c) =>
      envelope(limitReached(c, 'requests per min (RPM)', 500), 'rate_limit_error', 'rate_limit_exceeded'),
  }),
  failure({
    id: 'rate-limit-2023',
    class: 'rate_limit',
    subclass: 'requests_per_minute',
    status: 429,
    body: ({ caller, random }) =>
      envelope(
        `Rate limit reached for ${caller.model} in organization ${caller.org} on requests per min. ` +
          `Limit: ${random.between(3, 60)} / min. Please try again in ${random.between(1, 20)}s.`,
        'requests',
        null,
      ),
  }),
  failure({
    id: 'rate-limit-day',
    class: 'rate_limit',
    subclass: 'requests_per_day',
    status: 429,
    body: (c) =>
      envelope(limitReached(c, 'requests per day (RPD)', 10_000), 'requests', 'rate_limit_exceeded'),
  }),
  failure({
    id: 'rate-limit-too-large',
    class: 'rate_limit',
    subclass: 'request_too_large',
    status: 429,
    body: ({ caller, random }) =>
      envelope(
        `Request too large for ${caller.model} in organization ${caller.org} on tokens per min (TPM): ` +
          `Limit 30000, Requested ${random.between(30_500, 90_000)}. The input or output tokens must be reduced.`,
        'tokens',
        'rate_limit_exceeded',
      ),
  }),
  failure({
    id: 'rate-limit-stream',
    class: 'rate_limit',
    subclass: 'tokens_per_minute',
    status: 200,
    shapes: ['body', 'raw'],
    body: (c) => ({
      type: 'response.failed',
      response: {
        id: `resp_${c.random.hex32()}`,
        status: 'failed',
        error: { code: 'rate_limit_exceeded', message: limitReached(c, 'tokens per min (TPM)', 200_000) },
      },
    }),
  }),
  failure({
    id: 'slow-down-2025',
    class: 'slow_down',
    status: 503,
    retry_after: 5,
    body: () => envelope('Slow Down', 'rate_limit_error', 'slow_down'),
  }),
  failure({
    id: 'slow-down-2026',
    class: 'slow_down',
    status: 429,
    retry_after: 8,
    body: () =>
      envelope(
        'Slow down. Your request rate increased too quickly; return to your original rate and raise it gradually.',
        'rate_limit_error',
        'slow_down',
      ),
  }),
  failure({
    id: 'slow-down-bare',
    class: 'slow_down',
    status: 503,
    shapes: ['body', 'raw', 'python'],
    body: () => ({ error: 'Slow Down' }),
  }),
];

function limitReached({ caller, random }: FailureContext, unit: string, limit: number): string {
  const requested = unit.startsWith('tokens') ? random.between(500, 9_000) : 1;
  const used = limit - random.below(requested);
  const wait = random.next() < 0.5 ? `${random.between(20, 950)}ms` : `${random.between(10, 90) / 10}s`;
  return (
    `Rate limit reached for ${caller.model} in organization ${caller.org} on ${unit}: ` +
    `Limit ${limit}, Used ${used}, Requested ${requested}. Please try again in ${wait}. ` +
    'Visit https://platform.openai.com/account/rate-limits to learn more.'
  );
}
