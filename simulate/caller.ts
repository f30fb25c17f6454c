import type { ErrorClass } from '../domain/error-class.ts';
import type { Random } from './random.ts';

export type Provider = 'openai' | 'azure' | 'anthropic' | 'gemini';

/** How the client's log writes a failure: in the words of its SDK, or as the plain HTTP answer. */
export type Sdk = 'python' | 'node' | 'http';

/** One steady source of requests: a service in a region that calls one model with one key. */
export interface Caller {
  provider: Provider;
  org: string;
  project: string;
  api_key: string;
  client: string;
  region: string;
  model: string;
  endpoint: string;
  sdk: Sdk;
  /** Share of all requests, relative to the other callers. */
  weight: number;
  /** How many times the client retries a failure that its SDK considers temporary. */
  max_retries: number;
  stream: boolean;
  /** Medians; single requests vary log-normally around them. */
  latency_ms: number;
  input_tokens: number;
  output_tokens: number;
  /** US dollars per million tokens. */
  input_price: number;
  output_price: number;
  /** Limits per minute in its rate-limit headers. */
  limit_requests: number;
  limit_tokens: number;
  /** The class of a caller that never succeeds, such as a laptop with an old key; null for all others. */
  always: ErrorClass | null;
}

/** A key that looks like one of the provider but is not valid; redaction must find it. */
export function fakeKey(provider: Provider, random: Random): string {
  return keyShapes[provider](random);
}

const keyShapes: Readonly<Record<Provider, (random: Random) => string>> = {
  openai: (random) => `sk-proj-${random.letters(40)}`,
  azure: (random) => random.hex32(),
  anthropic: (random) => `sk-ant-api03-${random.letters(40)}`,
  gemini: (random) => `AIza${random.letters(35)}`,
};

/** Price and speed of a model; the numbers are plausible, but not real prices. */
export interface Model {
  provider: Provider;
  name: string;
  endpoint: string;
  latency_ms: number;
  input_price: number;
  output_price: number;
}

/** The models that the simulated services call. */
export const models = {
  gpt5: openai('gpt-5', '/v1/responses', 4_200, 1.25, 10),
  gpt5Mini: openai('gpt-5-mini', '/v1/responses', 1_900, 0.25, 2),
  gpt41: openai('gpt-4.1', '/v1/chat/completions', 2_600, 2, 8),
  gpt4oMini: openai('gpt-4o-mini', '/v1/chat/completions', 1_100, 0.15, 0.6),
  embedding: openai('text-embedding-3-small', '/v1/embeddings', 180, 0.02, 0),
  azureGpt4o: {
    ...openai('gpt-4o', '/openai/deployments/gpt-4o/chat/completions', 1_700, 2.5, 10),
    provider: 'azure',
  },
  claude: {
    ...openai('claude-sonnet-4-5', '/v1/messages', 3_100, 3, 15),
    provider: 'anthropic',
  },
  gemini: {
    ...openai('gemini-2.5-flash', '/v1beta/models/gemini-2.5-flash:generateContent', 1_300, 0.3, 2.5),
    provider: 'gemini',
  },
} as const satisfies Record<string, Model>;

function openai(
  name: string,
  endpoint: string,
  latency_ms: number,
  input_price: number,
  output_price: number,
) {
  return { provider: 'openai' as const, name, endpoint, latency_ms, input_price, output_price };
}
