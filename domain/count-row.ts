import type { RequestClass } from './error-class.ts';

/** Length of one counting interval of `request_counts`, in seconds. */
export const COUNT_INTERVAL_SECONDS = 10;

/** Upper bounds in milliseconds of the latency histogram's buckets; the last bucket is open and named `0`. */
export const LATENCY_BUCKETS_MS = [
  50, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 51_200, 102_400, 204_800,
] as const;

/** The dimensions that are known before there is an answer, in the order of the sorting key. */
export const callerDimensions = [
  'provider',
  'org',
  'project',
  'api_key',
  'client',
  'region',
  'model',
  'endpoint',
] as const;
export type CallerDimension = (typeof callerDimensions)[number];

/** Calls `make` for each caller dimension and returns the values by dimension. */
export function byCallerDimension<Value>(
  make: (name: CallerDimension) => Value,
): Record<CallerDimension, Value> {
  return {
    provider: make('provider'),
    org: make('org'),
    project: make('project'),
    api_key: make('api_key'),
    client: make('client'),
    region: make('region'),
    model: make('model'),
    endpoint: make('endpoint'),
  };
}

/** The dimensions of `request_counts`, in the order of its sorting key after `ts`. */
export const countDimensions = [...callerDimensions, 'class', 'subclass', 'status'] as const;
export type CountDimension = (typeof countDimensions)[number];

/** The sums of one interval for one dimension set. The analyzers read these. */
export interface CountRow {
  /** Start of the interval, epoch seconds. */
  ts: number;
  provider: string;
  org: string;
  project: string;
  api_key: string;
  client: string;
  region: string;
  model: string;
  class: RequestClass;
  subclass: string;
  requests: number;
  /** Requests that repeat an earlier one. */
  retries: number;
  /** Retries that failed with a class that no retry can cure. */
  useless_retries: number;
  input_tokens: number;
  output_tokens: number;
  cost_usd: number;
}
