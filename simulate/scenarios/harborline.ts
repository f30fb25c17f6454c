import { type Caller, fakeKey, type Model, models, type Sdk } from '../caller.ts';
import { createRandom } from '../random.ts';

export const ORG = 'org-harborline';
export const ASSISTANT = 'proj_assistant';
export const SEARCH = 'proj_search';
export const DOCUMENTS = 'proj_documents';

interface Service {
  client: string;
  project: string;
  model: Model;
  sdk: Sdk;
  weight: number;
  max_retries: number;
  stream: boolean;
  input_tokens: number;
  output_tokens: number;
}

/** Six OpenAI keys, one per service, and one key for each other provider. */
const services: readonly Service[] = [
  service('chat-web', ASSISTANT, models.gpt5, 'node', 20, {
    stream: true,
    input_tokens: 900,
    output_tokens: 420,
  }),
  service('chat-web', ASSISTANT, models.gpt5Mini, 'node', 14, {
    stream: true,
    input_tokens: 600,
    output_tokens: 260,
  }),
  service('support-bot', ASSISTANT, models.gpt41, 'python', 12, {
    input_tokens: 1_400,
    output_tokens: 330,
    max_retries: 5,
  }),
  service('search-indexer', SEARCH, models.embedding, 'python', 16, { input_tokens: 480, output_tokens: 0 }),
  service('query-rewriter', SEARCH, models.gpt4oMini, 'http', 10, { input_tokens: 220, output_tokens: 60 }),
  service('doc-summarizer', DOCUMENTS, models.gpt5Mini, 'python', 14, {
    input_tokens: 2_600,
    output_tokens: 500,
  }),
  service('invoice-reader', DOCUMENTS, models.gpt41, 'node', 6, { input_tokens: 1_800, output_tokens: 240 }),
  service('support-bot', '', models.azureGpt4o, 'python', 4, { input_tokens: 1_400, output_tokens: 330 }),
  service('chat-web', '', models.claude, 'node', 3, { stream: true, input_tokens: 900, output_tokens: 420 }),
  service('query-rewriter', '', models.gemini, 'http', 2, { input_tokens: 220, output_tokens: 60 }),
];

const regions: readonly [name: string, share: number][] = [
  ['eu-west-1', 0.5],
  ['us-east-1', 0.35],
  ['ap-southeast-2', 0.15],
];

/**
 * The company of the day scenarios: one organization, three projects, six services in three regions, five OpenAI
 * models, a little traffic to Azure, Anthropic and Gemini, and a developer's laptop. Names and keys are the same for
 * every seed.
 */
export const harborline: readonly Caller[] = [...buildCallers(), laptop()];

function buildCallers(): Caller[] {
  const keys = new Map<string, string>();
  const random = createRandom('harborline keys');
  return services.flatMap((row) => {
    const { provider } = row.model;
    const holder = `${provider} ${row.project} ${row.client}`;
    const api_key = keys.get(holder) ?? fakeKey(provider, random);
    keys.set(holder, api_key);
    return regions.map(([region, share]) => caller(row, region, api_key, row.weight * share));
  });
}

function caller(row: Service, region: string, api_key: string, weight: number): Caller {
  const { provider, name, endpoint, latency_ms, input_price, output_price } = row.model;
  return {
    provider,
    org: provider === 'openai' ? ORG : `harborline-${provider}`,
    project: row.project,
    api_key,
    client: row.client,
    region,
    model: name,
    endpoint,
    sdk: row.sdk,
    weight,
    max_retries: row.max_retries,
    stream: row.stream,
    latency_ms,
    input_tokens: row.input_tokens,
    output_tokens: row.output_tokens,
    input_price,
    output_price,
    limit_requests: 10_000,
    limit_tokens: 4_000_000,
    always: null,
  };
}

/** A developer's laptop with a key that was deleted long ago: about one failure an hour, no incident. */
function laptop(): Caller {
  const row = service('dev-laptop', SEARCH, models.gpt4oMini, 'python', 0, { max_retries: 0 });
  const key = fakeKey('openai', createRandom('laptop key'));
  return { ...caller(row, 'eu-west-1', key, 0.006), always: 'incorrect_api_key' };
}

function service(
  client: string,
  project: string,
  model: Model,
  sdk: Sdk,
  weight: number,
  more: Partial<Service>,
): Service {
  const usual = { max_retries: 2, stream: false, input_tokens: 600, output_tokens: 200 };
  return { client, project, model, sdk, weight, ...usual, ...more };
}
