/** Dimensions that counts can be told apart by, beside the class. */
export const sumDimensions = [
  'provider',
  'org',
  'project',
  'api_key',
  'client',
  'region',
  'model',
  'subclass',
] as const;
export type SumDimension = (typeof sumDimensions)[number];

/**
 * Measures that are read only where somebody asks: where they come from, and how those of several rows become one.
 * What the last answer of a limit said is known only of counts per 10 s. `spend_usd` is that of all requests.
 */
export const moreMeasures = {
  output_tokens: { column: 'output_tokens', merge: 'sum', fine: false },
  latency_ms_sum: { column: 'latency_ms_sum', merge: 'sum', fine: false },
  spend_usd: { column: 'cost_usd', merge: 'sum', fine: false },
  remaining_requests: { column: 'min_remaining_requests', merge: 'min', fine: true },
  limit_requests: { column: 'limit_requests', merge: 'max', fine: true },
  remaining_tokens: { column: 'min_remaining_tokens', merge: 'min', fine: true },
  limit_tokens: { column: 'limit_tokens', merge: 'max', fine: true },
} as const satisfies Readonly<
  Record<string, { column: string; merge: 'sum' | 'min' | 'max'; fine: boolean }>
>;
export type MoreMeasure = keyof typeof moreMeasures;
