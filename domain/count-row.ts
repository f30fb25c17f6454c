import type { RequestClass } from './error-class.ts';

/** Length of one counting interval of `request_counts`, in seconds. */
export const COUNT_INTERVAL_SECONDS = 10;

/** Upper bounds in milliseconds of the latency histogram's buckets; the last bucket is open (`0` as its name). */
export const LATENCY_BUCKETS_MS = [
  50, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 51_200, 102_400, 204_800,
] as const;

/** The dimensions of `request_counts`, in the order of its sorting key after `ts`. */
export const countDimensions = [
  'provider',
  'org',
  'project',
  'api_key',
  'client',
  'region',
  'model',
  'endpoint',
  'class',
  'subclass',
  'status',
] as const;
export type CountDimension = (typeof countDimensions)[number];

/** What the analyzers read: one interval of one combination of dimensions. */
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
  /** Requests that were a repetition of an earlier one. */
  retries: number;
  /** Retries on a class that never succeeds by retrying. */
  useless_retries: number;
  input_tokens: number;
  output_tokens: number;
  cost_usd: number;
}
