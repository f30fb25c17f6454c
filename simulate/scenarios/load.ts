import { errorClassNames } from '../../domain/error-class.ts';
import { type Caller, fakeKey, type Model, models, type Sdk } from '../caller.ts';
import { createRandom } from '../random.ts';
import type { Scenario } from '../scenario.ts';

/** Share of requests for each class that `background` does not list. */
const STRAY = 0.000_2;
const SERVICES = 24;
const PROJECTS = 8;
const REGIONS = ['eu-west-1', 'us-east-1', 'us-west-2', 'ap-southeast-2'] as const;
const sdks: readonly Sdk[] = ['python', 'node', 'http'];

/**
 * The traffic of the benchmarks: a line has about 450 bytes on average, one request in twenty fails, and there are
 * about 200 combinations of project, key, service, region and model. The few Slow Down and quota answers are no
 * incident.
 */
export const load: Scenario = {
  name: 'load',
  title: 'Even traffic for benchmarks: 450 bytes a line, one in twenty fails; no surge, no spent quota.',
  duration_ms: 10 * 60_000,
  requests_per_second: 2_000,
  diurnal: false,
  callers: buildCallers(),
  background: withEveryClass({
    rate_limit: 0.016,
    bad_request: 0.008,
    server_error: 0.007,
    timeout: 0.005,
    connection: 0.004,
    engine_overloaded: 0.003,
    not_found: 0.002,
    permission_denied: 0.001,
    conflict: 0.001,
    unprocessable: 0.001,
    incorrect_api_key: 0.000_5,
    invalid_authentication: 0.000_5,
  }),
  header_share: 0.05,
  events: [],
};

/** Adds the classes that are not listed, with a small share. */
function withEveryClass(shares: Scenario['background']): Scenario['background'] {
  const others = errorClassNames.filter((name) => shares[name] === undefined);
  return { ...shares, ...Object.fromEntries(others.map((name) => [name, STRAY])) };
}

/** Large and small services: the weight of the n-th falls with 1/n. */
function buildCallers(): Caller[] {
  const random = createRandom('load keys');
  const list = Object.values(models);
  return Array.from({ length: SERVICES }, (_, i) => i).flatMap((i) => {
    const project = `proj_${random.letters(8)}`;
    const key = new Map(list.map((model) => [model.provider, fakeKey(model.provider, random)]));
    const model = list[i % list.length];
    const second = list[(i * 3 + 1) % list.length];
    if (model === undefined || second === undefined) return [];
    return [model, second].flatMap((m, place) =>
      REGIONS.map((region, r) =>
        caller(
          i,
          i < PROJECTS ? project : `proj_shared${i % PROJECTS}`,
          key.get(m.provider) ?? '',
          region,
          m,
          (place === 0 ? 3 : 1) / ((i + 1) * (r + 1)),
        ),
      ),
    );
  });
}

function caller(
  i: number,
  project: string,
  api_key: string,
  region: string,
  model: Model,
  weight: number,
): Caller {
  const { provider, name, endpoint, latency_ms, input_price, output_price } = model;
  return {
    provider,
    org: `org-load-${provider}`,
    project,
    api_key,
    client: `service-${String(i).padStart(2, '0')}`,
    region,
    model: name,
    endpoint,
    sdk: sdks[i % sdks.length] ?? 'http',
    weight,
    max_retries: 2,
    stream: i % 4 === 0,
    latency_ms,
    input_tokens: 700,
    output_tokens: 240,
    input_price,
    output_price,
    limit_requests: 10_000,
    limit_tokens: 2_000_000,
    always: null,
  };
}
