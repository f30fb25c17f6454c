import { createRandom, type Random } from '../../simulate/random.ts';

// A gateway of medium size: 40 organizations use everything it offers, with 286 requests a second. In 10 s there are
// about as many requests as combinations of dimensions, so that hardly any two of them fold into one row.

/** The time between two requests is a random whole number of milliseconds, from 0 to one less than this. */
const LONGEST_GAP_MS = 8;
const MEAN_GAP_MS = (LONGEST_GAP_MS - 1) / 2;
const ORGS = 40;
const PROJECTS = 3;
const KEYS = 6;
const FAILING = 0.08;
const RETRIED = 0.1;
const models = [
  'gpt-4.1-2025-04-14',
  'gpt-4.1-nano-2025-04-14',
  'gpt-4o-2024-08-06',
  'gpt-4o-mini-2024-07-18',
  'o3-mini-2025-01-31',
  'text-embedding-3-small',
] as const;
const endpoints = ['/v1/batches', '/v1/chat/completions', '/v1/embeddings', '/v1/responses'] as const;

interface Failure {
  /** How many of 100 failures are like this. */
  share: number;
  status: number;
  type: string;
  code: string | null;
  message(random: Random, model: string): string;
}

const failures: readonly Failure[] = [
  {
    share: 20,
    status: 401,
    type: 'invalid_request_error',
    code: 'invalid_api_key',
    message: (random) =>
      `Incorrect API key provided: sk-proj-****${random.letters(4)}. You can find your API key at https://platform.openai.com/account/api-keys.`,
  },
  {
    share: 35,
    status: 429,
    type: 'tokens',
    code: 'rate_limit_exceeded',
    message: (random, model) =>
      `Rate limit reached for ${model} on tokens per min (TPM): Limit 30000, Used ${random.between(20_000, 29_998)}, Requested ${random.between(1_000, 9_999)}. Please try again in ${random.between(1, 20)}.${random.below(999)}s.`,
  },
  {
    share: 15,
    status: 429,
    type: 'insufficient_quota',
    code: 'insufficient_quota',
    message: () => 'You exceeded your current quota, please check your plan and billing details.',
  },
  {
    share: 12,
    status: 500,
    type: 'server_error',
    code: null,
    message: () => 'The server had an error while processing your request. Sorry about that!',
  },
  {
    share: 10,
    status: 503,
    type: 'server_error',
    code: 'overloaded',
    message: () => 'The engine is currently overloaded, please try again later.',
  },
  {
    share: 8,
    status: 503,
    type: 'server_error',
    code: 'slow_down',
    message: () =>
      'Slow Down: reduce your request rate to its original level, keep it consistent for 15 minutes, then increase it gradually.',
  },
];

/** Generates `records` lines; the last is from about `now`, epoch ms. The same seed and `now` give the same lines. */
export function* hardlyFolding(records: number, seed: string, now: number): Generator<string> {
  const random = createRandom(seed);
  const orgs = Array.from({ length: ORGS }, () => ({
    name: `org-${random.hex32().slice(0, 20)}`,
    projects: Array.from({ length: PROJECTS }, () => `proj_${random.hex32().slice(0, 24)}`),
    keys: Array.from({ length: KEYS }, () => `key_${random.hex32()}`),
  }));
  let ts = now - Math.ceil(records * MEAN_GAP_MS);
  for (let i = 0; i < records; i++) {
    ts += random.below(LONGEST_GAP_MS);
    const org = random.pick(orgs);
    const model = random.pick(models);
    const failure = random.next() < FAILING ? pickFailure(random) : null;
    yield JSON.stringify({
      ts: new Date(ts).toISOString(),
      request_id: `req_${random.hex32()}`,
      org: org.name,
      project: random.pick(org.projects),
      api_key_id: random.pick(org.keys),
      user: `user-${random.hex32().slice(0, 28)}`,
      model,
      endpoint: random.pick(endpoints),
      method: 'POST',
      status: failure?.status ?? 200,
      latency_ms: failure === null ? random.between(80, 9_079) : random.between(10, 409),
      input_tokens: random.below(8_000),
      output_tokens: failure === null ? random.below(2_000) : 0,
      retry_count: random.next() < RETRIED ? random.between(1, 4) : 0,
      error:
        failure === null
          ? null
          : {
              type: failure.type,
              code: failure.code,
              message: failure.message(random, model),
              param: null,
            },
    });
  }
}

function pickFailure(random: Random): Failure {
  let left = random.below(100);
  for (const failure of failures) {
    left -= failure.share;
    if (left < 0) return failure;
  }
  throw new Error('the shares of the failures do not make 100');
}
